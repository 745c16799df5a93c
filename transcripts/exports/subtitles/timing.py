"""When cues appear and go: long enough to be read, never two at once."""

from dataclasses import dataclass

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 7.0
COLUMNS_PER_SECOND = 17
"""What an adult reads with ease; a Chinese character counts as two columns."""
GAP_SECONDS = 0.5
"""A shorter gap between two cues flickers, so the first one stays until the second one comes."""
CLOSEST_SECONDS = 0.1
"""Cues whose words came out with one and the same time follow each other at this distance."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a cue's words are spoken, in seconds, and how wide they are, in columns."""

    start: float
    end: float
    columns: int


def settle(spans: list[Span]) -> list[tuple[int, int]]:
    """Return (start, end) of each cue in milliseconds: in order, none empty, none overlapping the next one.

    A cue takes at least a second unless the next one comes sooner, and at most seven.
    """
    starts = _starts(spans)
    limits = [*starts, None][1:]
    return [(start, _end(start, span, limit=limit)) for start, span, limit in zip(starts, spans, limits, strict=True)]


def _starts(spans: list[Span]) -> list[int]:
    starts: list[int] = []
    for span in spans:
        earliest = starts[-1] + _milliseconds(CLOSEST_SECONDS) if starts else 0
        starts.append(max(earliest, _milliseconds(span.start)))
    return starts


def _end(start: int, span: Span, *, limit: int | None) -> int:
    readable = start + _milliseconds(max(SHORTEST_SECONDS, span.columns / COLUMNS_PER_SECOND))
    end = min(max(readable, _milliseconds(span.end)), start + _milliseconds(LONGEST_SECONDS))
    if limit is None or end + _milliseconds(GAP_SECONDS) < limit:
        return end
    return min(limit, start + _milliseconds(LONGEST_SECONDS))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
