"""Passages brought to a recording: each with times that lie within it."""

from collections.abc import Sequence
from dataclasses import replace

from speech.times import clock
from transcripts.imports.transcript import BadTranscript, Passage, Row

MOST_BEYOND = 0.1
"""If more of a transcript than this lies beyond the end, it was made for another recording."""
SECONDS_A_CHARACTER = 0.07
"""Of a text of which nothing at all is known: as fast as people speak."""
TOLERANCE_SECONDS = 1.0
"""Where a recording ends is not the same to every program. Our own subtitles stay for a second at least."""
OTHER_RECORDING = (
    "This transcript goes on until {}, but the recording ends at {}: it seems to be of another one. "
    "Nothing was changed."
)
BEYOND = (
    "Some of the imported text is said after the end of the recording ({}), going by its times. It stands at the end."
)


def with_ends(passages: Sequence[Passage], *, is_known: bool, end: float) -> list[Passage]:
    """Return passages with both times, or with none where a text tells too little or the words that are known tell more."""
    if all(passage.end is not None for passage in passages):
        return list(passages)
    if is_known or any(passage.start is None for passage in passages):
        return [replace(passage, start=None, end=None) for passage in passages]
    starts = [passage.start or 0.0 for passage in passages]
    last = max(end, starts[-1] + SECONDS_A_CHARACTER * len(passages[-1].text))
    return [replace(passage, end=until) for passage, until in zip(passages, [*starts[1:], last], strict=True)]


def within(passages: Sequence[Passage], end: float) -> tuple[list[Passage], list[str]]:
    """Return passages that lie within a recording, and what has to be said of it. Raises BadTranscript for those of another one."""
    late = [passage for passage in passages if (passage.start or 0.0) >= end + TOLERANCE_SECONDS]
    if len(late) > MOST_BEYOND * len(passages):
        until = max(passage.end or 0.0 for passage in late)
        raise BadTranscript(OTHER_RECORDING.format(clock(until), clock(end)))
    return [_cut(passage, end) for passage in passages], [BEYOND.format(clock(end))] if late else []


def _cut(passage: Passage, end: float) -> Passage:
    if passage.start is None or passage.end is None or passage.end <= end:
        return passage
    words: tuple[Row, ...] = tuple((min(row[0], end), min(row[1], end), *row[2:]) for row in passage.words)
    return replace(passage, start=min(passage.start, end), end=end, words=words)
