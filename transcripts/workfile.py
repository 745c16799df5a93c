"""Work files: recordings decoded for the engines, 115 MB an hour, kept while a job may need them."""

from pathlib import Path

from django.conf import settings

from transcripts.models import Job


def work_file(sha256: str) -> Path:
    """Return where the work file of a recording lies, or is to be written."""
    return settings.WORK_DIR / f"{sha256}.pcm"


def discard(sha256: str) -> None:
    """Delete a work file, unless a job that is not over needs it: two recordings may hold the same media."""
    if not Job.objects.unfinished().filter(recording__sha256=sha256).exists():
        work_file(sha256).unlink(missing_ok=True)


def sweep() -> None:
    """Delete the work files that no job needs any more, and what was left half-written."""
    needed = set(Job.objects.unfinished().values_list("recording__sha256", flat=True))
    for path in settings.WORK_DIR.glob("*.pcm*"):
        if path.name.split(".")[0] not in needed:
            path.unlink(missing_ok=True)
