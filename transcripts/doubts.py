"""Words of a text that are perhaps wrong: what repeats over several segments, and how a doubt is told."""

from collections.abc import Iterable
from itertools import groupby
from typing import Protocol

from speech.asr.checks import REPEATS
from speech.doubt import Doubt


class Line(Protocol):
    """What is to be known of a segment."""

    @property
    def pk(self) -> int: ...
    @property
    def text(self) -> str: ...


def loops(lines: Iterable[Line]) -> dict[int, int]:
    """Return how often the same text stands in a row, by the ids of the segments that have it, where that is a loop."""
    runs = [list(run) for text, run in groupby(lines, key=lambda line: line.text) if text]
    return {line.pk: len(run) for run in runs if len(run) >= REPEATS for line in run}


def sentence_of(doubt: Doubt) -> str:
    """Return what a person is told of a doubtful word."""
    return f"Perhaps wrong: {'; '.join([f'{round(100 * doubt.chance)} %', *doubt.reasons])}"
