"""What the history says of where an edit took place, beside the texts that it changed."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.text import Truncator

from transcripts.models import Edit, Job
from transcripts.services.corrections import shown
from transcripts.services.patches import PLACE, Columns
from transcripts.times import hundredths
from transcripts.views.edited import page_of

LONGEST_TEXT = 80
"""In characters: enough to tell a segment by its beginning."""


@dataclass(frozen=True, slots=True)
class Place:
    """The segment that an edit was about, as it is now: where it starts, in seconds, the page there, and how its text begins."""

    start: float
    address: str
    text: str


def places(job: Job, edits: Iterable[Edit]) -> dict[int, Place]:
    """Return by its id where each edit took place that was about one segment which is still there. One query."""
    segments = {edit.pk: pk for edit in edits if (pk := _segment_of(edit))}
    rows = job.segments.filter(pk__in=set(segments.values())).values_list("pk", "start", "text")
    page = page_of(job)
    joint = "&" if "?" in page else "?"
    found = {
        str(pk): Place(start, f"{page}{joint}t={start:.2f}", Truncator(shown(text)).chars(LONGEST_TEXT))
        for pk, start, text in rows
    }
    return {edit: found[pk] for edit, pk in segments.items() if pk in found}


def count_of_segments(edit: Edit) -> int:
    """Return how many segments an edit changed or added."""
    return len(_touched(edit.after["segments"]))


def times_of(edit: Edit) -> str:
    """Return which times of a segment an edit changed, before and after it; nothing where it changed none."""
    pk = _segment_of(edit)
    before, after = (state["segments"].get(pk) or {} for state in (edit.before, edit.after))
    told = [
        f"{name} {hundredths(before[name])} → {hundredths(after[name])}"
        for name in ("start", "end")
        if name in before and name in after
    ]
    return ", ".join(told).capitalize()


def _segment_of(edit: Edit) -> str | None:
    """Return the one segment that an edit changed, cut, joined to another or added; None where there is no such one."""
    before, after = (_touched(state["segments"]) for state in (edit.before, edit.after))
    if len(after) == 1:
        return after[0]
    return before[0] if len(before) == 1 and before[0] in after else None


def _touched(segments: dict[str, Columns | None]) -> list[str]:
    """Return the segments of a state that exist in it, but for those that only moved up where another one was cut."""
    return [pk for pk, columns in segments.items() if columns is not None and not PLACE.issuperset(columns)]
