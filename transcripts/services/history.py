"""What of a transcript's edits is in effect: an undo is an edit too, and can be undone."""

from collections.abc import Iterable, Mapping

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from transcripts.models import Edit, Job

Entry = tuple[int, int | None, bool]
ENTRY = ("pk", "undoes", "can_go")
"""An edit's id, the id of the edit that it undoes, and whether it can be taken back as the last change."""


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


def latest_change(edits: Iterable[Entry]) -> int | None:
    """Return the edit that undoing would take back next: the newest that is in effect and puts nothing back."""
    edits = list(edits)
    undoes = _undoes(edits)
    undone = set(undoes.values())
    newest_first = sorted((pk for pk, _undone, can_go in edits if can_go and pk not in undone), reverse=True)
    return next((pk for pk in newest_first if origin(pk, undoes)[1]), None)


def latest_undone(edits: Iterable[Entry]) -> int | None:
    """Return the edit that redoing would take back next: the newest undoing in effect, unless something new was done after it."""
    undoes = _undoes(edits)
    undone = set(undoes.values())
    for pk in sorted(undoes, reverse=True):
        if undoes[pk] is None:
            return None
        if pk not in undone and not origin(pk, undoes)[1]:
            return pk
    return None


def is_change(edit: int, edits: Iterable[Entry]) -> bool:
    """Return whether an edit is a change, or does one again whose undoing it undoes."""
    return origin(edit, _undoes(edits))[1]


def origin(edit: int, undoes: Mapping[int, int | None]) -> tuple[int, bool]:
    """Return the change that an edit is about, and whether the edit does it, perhaps again; else it undoes it.

    `undoes` has what each edit of the text undoes.
    """
    steps = 0
    while (before := undoes.get(edit)) is not None:
        edit, steps = before, steps + 1
    return edit, steps % 2 == 0


def _undoes(edits: Iterable[Entry]) -> dict[int, int | None]:
    return {pk: undone for pk, undone, _can_go in edits}
