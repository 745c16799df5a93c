"""What of a transcript's edits is in effect: an undo is an edit too, and can be undone."""

from collections.abc import Iterable

Entry = tuple[int, int | None, int | None]
"""An edit's id, the id of the edit that it undoes, and the id of the person who made it."""


def latest_change(edits: Iterable[Entry]) -> int | None:
    """Return the edit that undoing would take back next: the newest by a person that is in effect and puts nothing back."""
    edits = list(edits)
    undoes = {pk: undone for pk, undone, _author in edits}
    undone = set(undoes.values())
    candidates = [pk for pk, _undoes, author in edits if author is not None and pk not in undone]
    return max((pk for pk in candidates if _is_change(pk, undoes)), default=None)


def _is_change(pk: int, undoes: dict[int, int | None]) -> bool:
    """Return whether an edit is a change, or does one again whose undoing it undoes."""
    steps = 0
    while (before := undoes.get(pk)) is not None:
        pk, steps = before, steps + 1
    return steps % 2 == 0
