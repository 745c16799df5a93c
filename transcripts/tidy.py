"""Put back and clear away what crashes leave behind. Cheap enough for each minute; safe in several processes at once."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django_q.models import Failure

from registry import scan, works
from transcripts import incoming, lease, node, playback, presence, recheck, storage, workfile
from transcripts.models import Recording
from transcripts.services import retention

log = logging.getLogger(__name__)

LOST_AND_FOUND = "lost-and-found"
"""In the media folder: files that no recording knows. Nothing is ever deleted there."""
UNKNOWN_SECONDS = 3600.0
"""A file is moved to its place seconds before its row is written."""
FAILURES_KEPT = timedelta(days=7)
"""For light tasks that failed: django-q2 keeps them for ever."""


def tidy() -> None:
    """Do all of it. What goes wrong in one part is logged and keeps no other part from being done."""
    parts: tuple[Callable[[], object], ...] = (
        lease.rescue,
        _rescue_long_work,
        _look_at_weights,
        recheck.look_again,
        presence.forget_dead,
        workfile.sweep,
        incoming.remove_leftovers,
        retention.enforce,
        playback.sweep,
        set_unknown_files_aside,
        _clear_sessions,
        _clear_failures,
    )
    for part in parts:
        try:
            part()
        except Exception:
            log.exception("tidying up: %s failed", part.__name__)


def set_unknown_files_aside() -> int:
    """Move media files without a recording out of the way, and return how many.

    A process that was killed between the move of a file to its place and the commit of its row leaves one.
    """
    folder = storage.local_path(storage.RECORDINGS)
    if folder is None:
        return 0
    old = {name: path for name, path in _files(folder) if _age_seconds(path) > UNKNOWN_SECONDS}
    known = set(Recording.objects.filter(pk__in=old).values_list("pk", flat=True)) if old else set()
    return sum(_set_aside(path) for name, path in old.items() if name not in known)


def _files(folder: Path) -> Iterator[tuple[UUID, Path]]:
    """Yield the files that are named like a recording."""
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            yield UUID(path.name), path
        except ValueError:
            continue


def _age_seconds(path: Path) -> float:
    """Return since when a file is where it is: a move changes the time of its entry, not that of its content."""
    try:
        status = path.stat()
    except OSError:
        return 0.0
    return time.time() - max(status.st_mtime, status.st_ctime)


def _set_aside(path: Path) -> bool:
    aside = path.parent.parent / LOST_AND_FOUND
    aside.mkdir(mode=0o700, exist_ok=True)
    try:
        path.rename(aside / path.name)
    except FileNotFoundError:  # Another process was quicker.
        return False
    log.warning("the media file %s belongs to no recording; it lies in %s now", path.name, aside)
    return True


def _rescue_long_work() -> None:
    works.rescue(node.is_provably_dead)


def _look_at_weights() -> None:
    scan.refresh()


def _clear_sessions() -> None:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


def _clear_failures() -> None:
    old = Failure.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT)
    if old.exists():  # Looking takes no lock.
        old.delete()
