"""What of a transcript's edits is in effect: an undo is an edit too, and can be undone."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from transcripts.models import Edit, Job

Entry = tuple[int, int | None, bool, int | None]
ENTRY = ("pk", "undoes", "can_go", "author")
"""An edit's id, the id of the edit that it undoes, whether it can be taken back as the last change, and whose it is."""
PAUSE = timedelta(minutes=2)
"""Who types again in the same segment within it is at the same correction: what they type is saved after each second of rest."""
ROWS_AT_ONCE = 20
"""Few saves belong to one correction."""


def history(job: Job) -> list[Entry]:
    """Return what was done to a text, by one query. What the transcription itself did about speakers cannot be taken back.

    That is the first labelling, and that of text which was found later. Neither has an author, nor follows another labelling.
    """
    return list(edits_of(job).values_list(*ENTRY))


def edits_of(job: Job) -> QuerySet[Edit]:
    """Return the edits with the columns that an entry has."""
    asked_for = ~Q(kind=Edit.Kind.LABELLING) | Q(author__isnull=False)
    can_go = Case(
        When(asked_for, then=Value(True)),
        When(before__job__labelling_id=None, then=Value(False)),  # There, and null: `gt=0` finds that too in SQLite.
        When(before__job__has_key="labelling_id", then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    return Edit.objects.filter(job=job).order_by("pk").annotate(can_go=can_go)


def begins_without_speakers(job: Job) -> bool:
    """Return whether who speaks was worked out after the text was recognised, so that going back to that takes it away."""
    return Edit.objects.filter(job=job, kind=Edit.Kind.LABELLING).exists()


def latest_change(edits: Iterable[Entry], person: int) -> int | None:
    """Return the edit that undoing would take back next for a person: their newest that is in effect and puts nothing back.

    What nobody did, such as what the rules replaced, is everybody's to take back; what others did is not.
    """
    edits = list(edits)
    undoes = _undoes(edits)
    undone = set(undoes.values())
    own = (pk for pk, _undone, can_go, _author in _of(person, edits) if can_go and pk not in undone)
    return next((pk for pk in sorted(own, reverse=True) if origin(pk, undoes)[1]), None)


def latest_undone(edits: Iterable[Entry], person: int) -> int | None:
    """Return the edit that redoing would take back next for a person: their newest undoing in effect, unless they did more since."""
    edits = list(edits)
    undoes = _undoes(edits)
    undone = set(undoes.values())
    for pk in sorted((entry[0] for entry in _of(person, edits)), reverse=True):
        if undoes[pk] is None:
            return None
        if pk not in undone and not origin(pk, undoes)[1]:
            return pk
    return None


def is_change(edit: int, edits: Iterable[Entry]) -> bool:
    """Return whether an edit is a change, or does one again whose undoing it undoes."""
    return origin(edit, _undoes(edits))[1]


def is_of_others(edits: Iterable[Entry], person: int) -> bool:
    """Return whether somebody else changed the text."""
    return any(author not in (None, person) for _pk, _undoes, _can_go, author in edits)


def _of(person: int, edits: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in edits if entry[3] in (None, person)]


def origin(edit: int, undoes: Mapping[int, int | None]) -> tuple[int, bool]:
    """Return the change that an edit is about, and whether the edit does it, perhaps again; else it undoes it.

    `undoes` has what each edit of the text undoes.
    """
    steps = 0
    while (before := undoes.get(edit)) is not None:
        edit, steps = before, steps + 1
    return edit, steps % 2 == 0


def typed_in(edit: Edit) -> str | None:
    """Return the id of the only segment whose text a person corrected; None for any other edit."""
    if edit.kind != Edit.Kind.CORRECT or edit.author_id is None or len(edit.after["segments"]) != 1:
        return None
    [(segment, columns)] = edit.after["segments"].items()
    return segment if columns and "text" in columns and edit.before["segments"][segment] else None


def is_going_on(later: Edit, earlier: Edit) -> bool:
    """Return whether somebody went on typing where they were, in the text that they had left."""
    place = typed_in(later)
    if place is None or place != typed_in(earlier) or later.author_id != earlier.author_id:
        return False
    is_same = later.before["segments"][place]["text"] == earlier.after["segments"][place]["text"]
    return is_same and later.created_at - earlier.created_at <= PAUSE


def first_save(edit: Edit) -> Edit:
    """Return the edit with which its author began to type where this one was saved: this one, where they had not yet. One query."""
    first = edit
    if typed_in(edit) is None:
        return first
    earlier = Edit.objects.filter(job=edit.job_id, kind=edit.kind, author=edit.author_id, pk__lt=edit.pk)
    for each in earlier.order_by("-pk").iterator(chunk_size=ROWS_AT_ONCE):
        if first.created_at - each.created_at > PAUSE:
            break
        if is_going_on(first, each):
            first = each
    return first


def _undoes(edits: Iterable[Entry]) -> dict[int, int | None]:
    return {pk: undone for pk, undone, _can_go, _author in edits}
