"""Many transcripts in one archive, written while it is sent: no more of it is in memory than one file."""

from collections.abc import Collection, Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from transcripts.exports.formats import FORMATS
from transcripts.exports.names import safe_name
from transcripts.exports.options import DEFAULTS, ExportOptions
from transcripts.exports.rows import read_document
from transcripts.models import Job, Recording

README = "readme.txt"
WITHOUT = "These recordings have no complete transcript yet, so there is no file of them here:"


class Outlet:
    """What an archive is written to: it is handed on, and cannot be gone back in."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: `take` hands on."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data


def archive(
    recordings: Iterable[Recording], formats: Collection[str], *, options: ExportOptions = DEFAULTS
) -> Iterator[bytes]:
    """Yield the bytes of an archive with the shown transcript of each recording in each format.

    Recordings of one title get numbers. Those without a complete transcript are named in a readme.
    """
    outlet, names, without = Outlet(), Names(), []
    with ZipFile(outlet, "w", ZIP_DEFLATED) as file:
        for recording in recordings:
            job = recording.shown_job
            if job is None or job.state != Job.State.COMPLETED:
                without.append(recording.title)
                continue
            job.recording = recording
            document, stem = read_document(job), names.new(recording.title)
            for name in formats:
                each = FORMATS[name]
                file.writestr(_entry(f"{stem}.{each.extension}", recording), each.render(document, options))
                yield outlet.take()
        if without:
            file.writestr(README, _readme(without))
    yield outlet.take()


class Names:
    """Names for files of which some systems take no two that differ in capitals only."""

    def __init__(self) -> None:
        self._taken = {"readme"}

    def new(self, title: str) -> str:
        """Return a name for a recording of this title that no other one has."""
        name = stem = safe_name(title)
        number = 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem} ({number})"
        self._taken.add(name.casefold())
        return name


def _entry(name: str, recording: Recording) -> ZipInfo:
    moment = timezone.localtime(recording.created_at)
    entry = ZipInfo(name, date_time=moment.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    return entry


def _readme(titles: Iterable[str]) -> str:
    return "\r\n".join([WITHOUT, "", *(f"- {title}" for title in titles), ""])
