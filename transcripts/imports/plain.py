"""Plain text: a passage for each line, with who says it and about when, where it tells."""

import re
from dataclasses import replace
from itertools import pairwise

from transcripts.exports.labels import END
from transcripts.imports.labels import Names, told
from transcripts.imports.transcript import BadTranscript, Imported, Passage
from transcripts.times import seconds_of

MOST_LINES = 100_000
CLOCK = re.compile(r"\[(\d{1,3}:\d\d(?::\d\d)?)\] ", re.ASCII)
GAP = re.compile(r"\[Not transcribed: [\d:]+ to [\d:]+\]", re.ASCII)
"""A line of our exports where nothing was transcribed."""
NO_WORDS = "There is no text in this file. Nothing was changed."
TOO_MANY = f"This file has more than {MOST_LINES} lines. Nothing was changed."


def read(text: str, names: Names) -> Imported:
    """Return a passage for each line of a text. Raises BadTranscript."""
    strip = str.rstrip if END in text else str.strip
    lines = [*map(strip, text.split("\n"))]
    passages = [Passage(line) for line in lines if line and not GAP.fullmatch(line)]
    if not passages:
        raise BadTranscript(NO_WORDS)
    if len(passages) > MOST_LINES:
        raise BadTranscript(TOO_MANY)
    return told(_placed(passages), names, goes_on=False, may_be_ours=_is_spaced(lines))


def _is_spaced(lines: list[str]) -> bool:
    """Return whether an empty line stands between any two with text, as our exports have it."""
    return not any(one and other for one, other in pairwise(lines))


def _placed(passages: list[Passage]) -> list[Passage]:
    """Return passages with the times that stand before them, where each has one and they follow each other."""
    found = [CLOCK.match(passage.text) for passage in passages]
    starts = [seconds_of(match[1]) for match in found if match]
    if len(starts) < len(passages) or any(one > other for one, other in pairwise(starts)):
        return passages
    rests = [CLOCK.sub("", passage.text, count=1) for passage in passages]
    return [
        replace(passage, text=text, start=start) for passage, text, start in zip(passages, rests, starts, strict=True)
    ]
