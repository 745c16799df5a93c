"""A file that somebody brings twice: it is kept once, and what they have is offered."""

import logging

from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.utils import timezone

from transcripts.incoming import IncomingFile
from transcripts.models import Recording

log = logging.getLogger(__name__)


class AlreadyHere(Exception):
    """Its owner has this very file. `was_repaired` says that the copy here was missing or cut short, and is whole again."""

    def __init__(self, recording: Recording, *, was_repaired: bool = False) -> None:
        super().__init__("This recording is in the library already.")
        self.recording = recording
        self.was_repaired = was_repaired


def check_not_here(owner: User, file: IncomingFile) -> None:
    """Raise AlreadyHere where a person has this file, whatever it was called. A copy that was damaged is mended first."""
    if earlier := _find(owner, file.sha256):
        raise AlreadyHere(earlier, was_repaired=_repair(earlier, file))


def lock_library(owner: User, sha256: str) -> Recording | None:
    """Keep other uploads of a person waiting until the transaction ends, and return the recording with this content."""
    User.objects.select_for_update().get(pk=owner.pk)
    return _find(owner, sha256)


def _find(owner: User, sha256: str) -> Recording | None:
    """Return the newest: libraries from before this check may hold a file twice."""
    return Recording.objects.filter(owner=owner, sha256=sha256).first()


def _repair(recording: Recording, file: IncomingFile) -> bool:
    """Put the file in place of a kept one that is missing or has lost its end; return whether that was needed.

    Where it was deleted because its time was over, that begins anew.
    """
    storage, name = recording.media.storage, str(recording.media.name)
    if name and _size(storage, name) == recording.size_bytes:
        return False
    if name:
        storage.delete(name)
    recording.media.save(recording.original_filename, file, save=False)
    anew = {} if name else {"created_at": timezone.now()}
    Recording.objects.filter(pk=recording.pk).update(media=recording.media.name, **anew)
    log.warning("the media of recording %s was damaged and is replaced by a new upload", recording.pk)
    return True


def _size(storage: Storage, name: str) -> int | None:
    try:
        return storage.size(name)
    except OSError:
        return None
