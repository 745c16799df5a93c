"""RTTM: who speaks when, as the tools that score diarization read it. A line for each turn; overlapping speech has several.

The turns are those that were heard, each under the name that its speaker has now. Where a person gave a passage to somebody
else, the passage decides: there, the turn of whom the words were taken from is theirs. It decides alone where nobody was heard.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from transcripts.exports.document import Document, Segment, Speaker, Turn
from transcripts.exports.options import ExportOptions

NOT_IN_A_TOKEN = re.compile(r"[\s;]+")
"""Fields end with a space, and comments begin with semicolons."""
CHANNEL = 1
ENOUGH_HEARD = 0.5
"""Whoever is heard in a passage for this much of the time of whom is heard most in it may have its words, as far as the turns go."""


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the turns as RTTM, an empty file where nobody was identified."""
    turns = joined(_as_said(document.turns, document.segments))
    names = tokens(turn.speaker for turn in turns)
    file = token(document.source.title)
    lines = [
        f"SPEAKER {file} {CHANNEL} {turn.start:.3f} {turn.end - turn.start:.3f} <NA> <NA> {names[turn.speaker]} <NA> <NA>\n"
        for turn in turns
    ]
    return "".join(lines).encode()


def _as_said(turns: Sequence[Turn], segments: Iterable[Segment]) -> Iterator[Turn]:
    """Yield the turns as the text has them, in no order."""
    given: dict[int, list[Turn]] = defaultdict(list)
    for segment, places in _with_turns(segments, turns):
        assert segment.speaker is not None
        heard: dict[Speaker, float] = defaultdict(float)
        for place in places:
            heard[turns[place].speaker] += _common(turns[place], segment)
        if not heard:
            yield Turn(segment.start, segment.end, segment.speaker)
            continue
        most = max(heard, key=lambda speaker: heard[speaker])
        if heard.get(segment.speaker, 0.0) < ENOUGH_HEARD * heard[most]:
            for place in (place for place in places if turns[place].speaker == most):
                given[place].append(Turn(segment.start, segment.end, segment.speaker))
    for place, turn in enumerate(turns):
        yield from _shared_out(turn, given[place])


def _with_turns(segments: Iterable[Segment], turns: Sequence[Turn]) -> Iterator[tuple[Segment, list[int]]]:
    """Yield each segment of a speaker with the places of the turns that it has some time in common with. Both are in order."""
    around: list[int] = []
    coming = 0
    for segment in segments:
        while coming < len(turns) and turns[coming].start < segment.end:
            around.append(coming)
            coming += 1
        around = [place for place in around if turns[place].end > segment.start]
        if segment.speaker is not None:
            yield segment, [place for place in around if _common(turns[place], segment) > 0]


def _common(turn: Turn, segment: Segment) -> float:
    return min(turn.end, segment.end) - max(turn.start, segment.start)


def _shared_out(turn: Turn, given: Iterable[Turn]) -> Iterator[Turn]:
    """Yield a turn in pieces: those that are given to others, and what is left of it."""
    at = turn.start
    for piece in given:
        start, end = max(at, piece.start), min(turn.end, piece.end)
        if start >= end:
            continue
        if at < start:
            yield replace(turn, start=at, end=start)
        yield Turn(start, end, piece.speaker)
        at = end
    if at < turn.end:
        yield replace(turn, start=at)


def joined(turns: Iterable[Turn]) -> list[Turn]:
    """Return turns in order of time, those of one speaker that touch or overlap as one."""
    found: list[Turn] = []
    last: dict[Speaker, int] = {}
    for turn in sorted(turns, key=lambda each: (each.start, each.end)):
        place = last.get(turn.speaker)
        if place is not None and turn.start <= found[place].end:
            found[place] = replace(found[place], end=max(found[place].end, turn.end))
        else:
            last[turn.speaker] = len(found)
            found.append(turn)
    return found


def tokens(speakers: Iterable[Speaker]) -> dict[Speaker, str]:
    """Return a token for each speaker, none of them twice."""
    names: dict[Speaker, str] = {}
    for speaker in speakers:
        name = token(speaker.name)
        if speaker not in names:
            names[speaker] = f"{name}_{speaker.id}" if name in names.values() else name
    return names


def token(text: str) -> str:
    """Return a text as one word."""
    return NOT_IN_A_TOKEN.sub("_", text.strip()) or "_"
