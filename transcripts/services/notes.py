"""The note of a recording, saved without taking away what somebody else has saved in the meantime."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from transcripts.models import Note, Recording


class NoteChanged(Exception):
    """Somebody else has saved the note since. `note` is as it now is; nothing was changed."""

    def __init__(self, note: Note) -> None:
        super().__init__("The note was changed.")
        self.note = note


@transaction.atomic
def save_note(recording: Recording, text: str, *, version: int, author: User) -> Note:
    """Save a note by whoever has seen this version of it, 0 where there was none, and return it. Raises NoteChanged."""
    rows = Note.objects.filter(recording=recording)
    changed = {"text": text, "version": F("version") + 1, "author": author, "saved_at": timezone.now()}
    is_saved = _make(recording, text, author) if version == 0 else rows.filter(version=version).update(**changed)
    note = rows.get()
    if not is_saved and note.text != text:
        raise NoteChanged(note)
    return note


def _make(recording: Recording, text: str, author: User) -> bool:
    try:
        with transaction.atomic():
            Note.objects.create(recording=recording, text=text, author=author)
    except IntegrityError:
        return False
    return True
