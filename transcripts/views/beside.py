"""What people put beside a transcript: tags, a note, and comments at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from tags.forms import NamesForm
from tags.models import Tag
from transcripts.models import Comment, Job, Note, Recording
from transcripts.models.gathered import Gathered
from transcripts.note_forms import CommentForm
from transcripts.views.known import Known, gathered
from transcripts.views.standing import TagShown
from transcripts.views.versions import Versions

TAG_FIELDS = "tag-%s"
COMMENT_FIELDS = "comment-%s"


@dataclass(frozen=True, slots=True)
class CommentShown:
    """A comment as its page shows it. `author` is empty where they are gone."""

    pk: int
    at: float
    text: str
    author_id: int | None
    author: str


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it. `version` is that of the note, 0 where there is none."""

    tags: list[TagShown] = field(default_factory=list)
    comments: list[CommentShown] = field(default_factory=list)
    note: str = ""
    version: int = 0
    peaks: list[int] = field(default_factory=list)


def read_beside(request: HttpRequest, recording: Recording) -> Beside:
    """Return what stands beside a recording's text for the person who asks. Costs one query."""
    columns = _columns(request, recording.pk)
    return _beside(Recording.objects.filter(pk=recording.pk).annotate(**columns).values_list(*columns).get())


def read_around(request: HttpRequest, versions: Versions) -> tuple[Beside, Known]:
    """Return the same with what is known around the text of the open version, and the waveform. Costs one query too."""
    pk = versions.open.recording_id
    columns = gathered(versions.open) | _columns(request, pk)
    row = Recording.objects.filter(pk=pk).annotate(**columns).values_list(*columns, "peaks").get()
    attempts = {"identified": versions.retried(Job.Kind.SPEAKERS), "retried": versions.retried(Job.Kind.GAPS)}
    return _beside(row[3:]), Known.of(row[:3], **attempts)


def _columns(request: HttpRequest, recording_id: UUID) -> dict[str, Combinable]:
    tags = Tag.objects.of(request.user).filter(recordings=recording_id)
    comments = Comment.objects.filter(recording=recording_id)
    return {
        "worn": Gathered(tags, "pk", "name", "hue"),
        "said": Gathered(comments, "pk", "at", "text", "author", "author__username"),
        "noted": F("note__text"),
        "version": F("note__version"),
    }


def _beside(columns: Sequence[Any]) -> Beside:
    worn, said, noted, version, *peaks = columns
    tags, comments = [TagShown(*each) for each in worn], [_comment(*each) for each in said]
    return Beside(tags, comments, noted or "", version or 0, *peaks)


def beside(request: HttpRequest, recording: Recording, found: Beside) -> dict[str, object]:
    """Return the same with its forms, for the page of the recording."""
    return {
        "beside": found,
        "tags": found.tags,
        "tag_form": NamesForm(auto_id=TAG_FIELDS),
        "comment_form": CommentForm(auto_id=COMMENT_FIELDS, initial={"at": "0:00"}, recording=recording),
        "edited_pk": None,
        "left_pk": None,
        "note": Note(recording=recording, text=found.note, version=found.version),
        "is_keeper": request.user.pk == recording.owner_id or getattr(request.user, "is_staff", False),
    }


def _comment(pk: int, at: float, text: str, author_id: int | None, author: str | None) -> CommentShown:
    return CommentShown(pk, at, text, author_id, author or "")
