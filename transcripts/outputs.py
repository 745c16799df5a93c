"""Write the texts of a batch to files, without losing what is there already."""

import os
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from uuid import uuid4

from transcripts import exports
from transcripts.exports.options import DEFAULTS, ExportOptions
from transcripts.models import Job


def write_exports(
    job: Job, folder: Path, *, name: str, formats: Iterable[str], options: ExportOptions = DEFAULTS
) -> list[Path]:
    """Write a completed job as FOLDER/NAME.FORMAT for each format and return the paths.

    A file that is there already is replaced where it is an unchanged export of the same recording. Anything else is
    left alone: the recording's extension is added to the name, then a number. Raises OSError.
    """
    return [_write_export(job, folder, name, format_name, options) for format_name in formats]


def _write_export(job: Job, folder: Path, name: str, format_name: str, options: ExportOptions) -> Path:
    paths = (folder / f"{variant}.{format_name}" for variant in _variants(name, job))
    path = next(path for path in paths if _is_free(path, job, format_name, options))
    _write(path, exports.render(job, format_name, options=options))
    return path


def _variants(name: str, job: Job) -> Iterator[str]:
    longer = name + Path(job.recording.original_filename).suffix
    return chain([name, longer], (f"{longer}-{number}" for number in count(2)))


def _is_free(path: Path, job: Job, format_name: str, options: ExportOptions) -> bool:
    """Return whether nothing would be lost by writing there."""
    if not path.exists():
        return not path.is_symlink()
    if not path.is_file():
        return False
    size = path.stat().st_size
    texts = (exports.render(earlier, format_name, options=options) for earlier in _jobs_on_the_same_file(job))
    return any(len(text) == size and path.read_bytes() == text for text in texts)


def _jobs_on_the_same_file(job: Job) -> Iterable[Job]:
    jobs = Job.objects.filter(recording__sha256=job.recording.sha256, recording__owner=job.recording.owner)
    return jobs.filter(state=Job.State.COMPLETED).select_related("recording")


def _write(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever looks sees the old one or the new one, whole."""
    temporary = path.with_name(f".{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
