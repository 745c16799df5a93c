"""Work files: recordings decoded for the engines, 115 MB an hour, kept while a job may need them."""

import logging
from pathlib import Path

from django.conf import settings

from transcripts.models import Job

log = logging.getLogger(__name__)


def work_file(sha256: str) -> Path:
    """Return where the work file of a recording lies, or is to be written."""
    return settings.WORK_DIR / f"{sha256}.pcm"


def discard(sha256: str) -> None:
    """Delete a work file, unless a job that is not over needs it: two recordings may hold the same media."""
    if not Job.objects.unfinished().filter(recording__sha256=sha256).exists():
        _delete(work_file(sha256))


def sweep() -> None:
    """Delete the work files that no job needs any more, and what was left half-written."""
    needed = set(Job.objects.unfinished().values_list("recording__sha256", flat=True))
    for path in settings.WORK_DIR.glob("*.pcm*"):
        if path.name.split(".")[0] not in needed:
            _delete(path)


def _delete(path: Path) -> None:
    """Delete a file. Where that fails the next sweep tries again: no job fails for it."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        log.exception("the work file %s could not be deleted", path.name)
