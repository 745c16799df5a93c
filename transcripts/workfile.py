"""Work files: recordings decoded for the engines, kept while a job may need them.

115 MB an hour, twice that where each channel has a file of its own: `SHA256.channel1.pcm` beside `SHA256.pcm`.
"""

import logging
import time
from pathlib import Path

import psutil
from django.conf import settings

from transcripts.models import Job
from transcripts.models.job import JobQuerySet

log = logging.getLogger(__name__)

ABANDONED_SECONDS = 60.0
"""Decoding writes several times a second. The process of a newer half-written file may be one that cannot be seen from here:
of another container that shares the folder."""


def work_file(sha256: str, track: int = 0) -> Path:
    """Return where the sound of one audio track of a recording lies, or is to be written."""
    return settings.WORK_DIR / f"{_stem(sha256, track)}.pcm"


def discard(sha256: str) -> None:
    """Delete the work files of a recording, also half-written, but for those that a job needs which is not over.

    Two recordings may hold the same media.
    """
    needed = _needed(Job.objects.filter(recording__sha256=sha256))
    for path in settings.WORK_DIR.glob(f"{sha256}*.pcm*"):
        if path.name.split(".")[0] not in needed:
            _delete(path)


def sweep() -> None:
    """Delete the work files that no job needs any more, and what dead engines left half-written."""
    needed = _needed(Job.objects.all())
    for path in settings.WORK_DIR.glob("*.pcm*"):
        if path.name.split(".")[0] not in needed or _is_abandoned(path):
            _delete(path)


def _stem(sha256: str, track: int) -> str:
    return f"{sha256}-{track}" if track else sha256


def _needed(jobs: JobQuerySet) -> set[str]:
    """Return the names, without extension, of the work files that the jobs still need."""
    return {_stem(*row) for row in jobs.unfinished().values_list("recording__sha256", "audio_track")}


def _is_abandoned(path: Path) -> bool:
    """Return whether a file, `SHA256.pcm.PID.part`, is half-written and nobody writes it any more."""
    match path.name.split("."):
        case [*_, pid, "part"] if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            return _seconds_since_written(path) > ABANDONED_SECONDS
    return False


def _seconds_since_written(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # It is whole now, or deleted.
        return 0.0


def _delete(path: Path) -> None:
    """Delete a file. Where that fails the next sweep tries again: no job fails for it."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        log.exception("the work file %s could not be deleted", path.name)
