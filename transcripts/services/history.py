"""What of a transcript's edits is in effect: an undo is an edit too, and can be undone."""

from collections.abc import Iterable

from django.db.models import BooleanField, Case, Q, Value, When

from transcripts.models import Edit, Job

Entry = tuple[int, int | None, bool]
"""An edit's id, the id of the edit that it undoes, and whether it can be taken back as the last change."""


def history(job: Job) -> list[Entry]:
    """Return what was done to a text, by one query. What the transcription itself did about speakers cannot be taken back.

    That is the first labelling, and that of text which was found later. Neither has an author, nor follows another labelling.
    """
    asked_for = ~Q(kind=Edit.Kind.LABELLING) | Q(author__isnull=False)
    can_go = Case(
        When(asked_for, then=Value(True)),
        When(before__job__labelling_id=None, then=Value(False)),  # There, and null: `gt=0` finds that too in SQLite.
        When(before__job__has_key="labelling_id", then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    return list(Edit.objects.filter(job=job).order_by("pk").values_list("pk", "undoes", can_go))


def latest_change(edits: Iterable[Entry]) -> int | None:
    """Return the edit that undoing would take back next: the newest that is in effect and puts nothing back."""
    edits = list(edits)
    undone = {undoes for _pk, undoes, _can_go in edits}
    newest_first = sorted((pk for pk, _undoes, can_go in edits if can_go and pk not in undone), reverse=True)
    return next((pk for pk in newest_first if is_change(pk, edits)), None)


def is_change(edit: int, edits: Iterable[Entry]) -> bool:
    """Return whether an edit is a change, or does one again whose undoing it undoes."""
    undoes = {pk: undone for pk, undone, _can_go in edits}
    steps = 0
    while (before := undoes.get(edit)) is not None:
        edit, steps = before, steps + 1
    return steps % 2 == 0
