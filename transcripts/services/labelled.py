"""A text and whose it is by the turns of a diarizer: worked out before any row is held, because that takes seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

from speech.speakers import Part, label, label_by_channel
from speech.types import Plan, Turn
from transcripts.models import Job, Segment
from transcripts.services.corrections import BY_HAND

CHANNELS = "channels"
"""In place of a diarizer's name: each channel of the recording is one speaker."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A segment as it was recognised, its parts joined again. `rows` are the parts."""

    rows: tuple[Segment, ...]

    @property
    def start(self) -> float:
        return self.rows[0].start

    @property
    def end(self) -> float:
        return self.rows[-1].end

    @property
    def text(self) -> str:
        return "".join(row.text for row in self.rows)

    @property
    def is_by_hand(self) -> bool:
        """Return whether a person made it a segment of its own."""
        return self.rows[0].index >= BY_HAND

    @property
    def words(self) -> list[Any]:
        return [word for row in self.rows for word in row.words]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The segments of a text in order of time, and the parts of each with the numbers of their speakers."""

    wholes: list[Whole]
    parts: list[list[Part]]

    @property
    def pairs(self) -> list[tuple[Whole, list[Part]]]:
        return list(zip(self.wholes, self.parts, strict=True))


def work_out(job: Job, turns: Sequence[Turn], *, diarizer: str, ahead: Labelled | None = None) -> Labelled:
    """Return whose the text of a job is: the channel's where each has its speaker, else by the turns.

    `ahead` is what came of the same turns a moment ago. It is taken where the text is the same now, and costs no time then.
    """
    wholes = _wholes(job)
    if ahead and _texts(ahead.wholes) == _texts(wholes):
        return Labelled(wholes, ahead.parts)
    if diarizer != CHANNELS:
        cut = {place for place, whole in enumerate(wholes) if whole.is_by_hand}
        return Labelled(wholes, _in_place(wholes, label(wholes, turns, cut=cut)))
    pieces = Plan.from_json(job.plan or {}).pieces
    channels = [pieces[whole.rows[0].piece].channel for whole in wholes]
    return Labelled(wholes, label_by_channel(wholes, channels, turns))


def _in_place(wholes: Sequence[Whole], parts: list[list[Part]]) -> list[list[Part]]:
    """Return parts of which none begins where the next segment does: words at its end that take no time stay with those before."""
    for (whole, some), (following, _) in pairwise(zip(wholes, parts, strict=True)):
        while len(some) > 1 and whole.end <= following.start <= some[-1].start:
            last = some.pop()
            some[-1] = replace(some[-1], last=last.last, end=last.end, text=some[-1].text + last.text)
    return parts


def _wholes(job: Job) -> list[Whole]:
    """Return the text of a job as it was recognised, in order of time."""
    rows = job.segments.words().order_by("piece", "index", "part")
    groups = [Whole(tuple(group)) for _, group in groupby(rows, key=lambda row: (row.piece, row.index))]
    return sorted(groups, key=lambda whole: whole.start)


def _texts(wholes: Sequence[Whole]) -> list[tuple[int, int, str]]:
    return [(whole.rows[0].piece, whole.rows[0].index, whole.text) for whole in wholes]
