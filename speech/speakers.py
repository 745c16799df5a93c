"""Which word is whose: the recognised words and the turns that a diarizer heard, brought together. Pure Python.

Each word costs a speaker the seconds of it in which that speaker is not heard, and each change of speaker costs something too:
little where a sentence ends or somebody pauses, more in the middle of a phrase. Of all ways to give the words to the speakers the
cheapest one is taken (Viterbi). So a word goes to whoever is heard during most of it; where two talk at once, or a time is a little
off, its neighbours decide; and one short word in the middle of another person's sentence is a flip of the diarizer, not a turn.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from math import inf
from typing import Any, Protocol

from speech.types import Plan, Turn
from speech.vad import PADDING

NEAR_SECONDS = 1.0
"""A word outside of all turns belongs to the nearest one within this time; with none so near, to the speaker of its neighbours."""
CHANGE_SECONDS = 0.5
"""What a change of speaker costs in the middle of a phrase, in seconds of words that do not fit: somebody else's words there are a
flip where they take less than twice this. Words given to the wrong speaker (base, dialog2, meeting5, phone_call; turns of the
reference, their ends moved by 0.15 s, and one in ten broken by a wrong one of 0.2-0.8 s): 8.1 % by overlap alone, 6.6 % at 0,
4.7 % at 0.2, 2.3 % at 0.5, 1.3 % at 1.2, where real interruptions would be lost."""
CHANGE_AT_END_SECONDS = 0.1
"""The same where a sentence ends, or after a pause. With the turns of pyannote on open weights 2.1 % of the words are wrong, 3.5 %
where a change costs the same everywhere; with those of the reference 0.9 %, and 1.7 % at 0.3 (2026-11-23)."""
CHANGE_AT_CUT_SECONDS = 0.0
"""The same where somebody cut the text by hand: where the turns are a word off, they are wrong and not that person."""
PAUSE_SECONDS = 0.5
"""A silence that may end a sentence. Without punctuation 1.5 % of the words are wrong with it, 2.2 % without."""
SHORTEST_WORD = 0.05
"""A word that took no time at all, as Whisper sometimes has it, counts like this."""
LONGEST_WORD = 0.5
"""Of a longer word its end counts: Whisper lets a word begin in the silence, or another's turn, before it. 0.86 % of the words wrong
with ends of turns moved by 0.15 s, 0.97 % with whole words."""
TOGETHER_SECONDS = 0.5
"""Two people speak at the same time where their turns overlap by this much; less is the edge of a turn."""
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "।", "؟")
CLOSING = "\"'”’)»] "

Span = tuple[float, float]


class Spoken(Protocol):
    """A stretch of recognised text. `words` are (start, end, text, probability), empty where their times are not known."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def words(self) -> Sequence[Sequence[Any]]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a segment in which one person speaks: its words from `first` up to, without, `last`.

    `speaker` is None where nobody was heard; `also` are those who speak at the same time, in order.
    """

    first: int
    last: int
    speaker: int | None
    also: tuple[int, ...]
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is given to a speaker as a whole: a word, or a segment whose words are not known."""

    start: float
    end: float
    change_cost: float


def label(segments: Sequence[Spoken], turns: Sequence[Turn], *, cut: Collection[int] = ()) -> list[list[Part]]:
    """Return each segment's parts, in order: one where one person speaks, cut between words where the speaker changes.

    The segments are those of a whole recording in order of their start. The parts of a segment follow each other without a gap:
    their words and texts joined are the segment's. A segment whose words are not known, or do not join to its text, is one part.
    `cut` are the places in `segments` of those that begin where a person cut the text.
    Takes about two seconds for three hours of speech by 20 people.
    """
    voices = _voices(turns)
    units = [_units(segment, _cost_before(segments, place, cut)) for place, segment in enumerate(segments)]
    misfits = [[_misfits(unit, voices) for unit in group] for group in units]
    path = iter(_cheapest([*chain(*units)], [*chain(*misfits)], list(voices)))
    speakers = [[next(path) for _ in group] for group in units]
    for index, group in enumerate(misfits):
        if not any(group):
            speakers[index] = [None] * len(group)
    return [_parts(segment, given, voices) for segment, given in zip(segments, speakers, strict=True)]


def channel_turns(plan: Plan) -> tuple[Turn, ...]:
    """Return who speaks when in a recording with one speaker per channel, each numbered like the channel; empty in any other."""
    spans = [(*_unpadded(span), piece.channel) for piece in plan.pieces for span in piece.speech if piece.channel]
    return tuple(Turn(start, end, channel) for start, end, channel in sorted(spans))


def _unpadded(span: Span) -> Span:
    """Return a stretch of speech without the silence that the speech detection keeps around it."""
    start, end = span
    padding = min(PADDING, (end - start) / 4)
    return round(start + padding, 3), round(end - padding, 3)


def label_by_channel(segments: Sequence[Spoken], channels: Sequence[int], turns: Sequence[Turn]) -> list[list[Part]]:
    """Return one part for each segment: it is said by the speaker of the channel that it was recognised in, whatever the times."""
    voices = _voices(turns)
    return [
        _parts(segment, [channel] if segment.text else [], voices)
        for segment, channel in zip(segments, channels, strict=True)
    ]


def _cost_before(segments: Sequence[Spoken], place: int, cut: Collection[int]) -> float:
    """Return what it costs that somebody else begins to speak with a segment."""
    if place == 0:
        return 0.0
    before = segments[place - 1]
    return CHANGE_AT_CUT_SECONDS if place in cut else _change_cost(before.text, segments[place].start - before.end)


def _units(segment: Spoken, cost: float) -> list[_Unit]:
    """Return what of a segment is given to a speaker at once: nothing where nothing is said. `cost`: of a change before it."""
    if not segment.text:
        return []
    if not _can_be_cut(segment):
        return [_Unit(segment.start, segment.end, cost)]
    costs = [cost, *(_change_cost(one[2], other[0] - one[1]) for one, other in pairwise(segment.words))]
    return [
        _Unit(max(word[0], word[1] - LONGEST_WORD), word[1], cost)
        for word, cost in zip(segment.words, costs, strict=True)
    ]


def _can_be_cut(segment: Spoken) -> bool:
    return bool(segment.words) and "".join(word[2] for word in segment.words) == segment.text


def _change_cost(text_before: str, pause: float) -> float:
    is_end = text_before.rstrip(CLOSING).endswith(SENTENCE_ENDS) or pause >= PAUSE_SECONDS
    return CHANGE_AT_END_SECONDS if is_end else CHANGE_SECONDS


class _Voice:
    """When one person speaks: the turns joined where they touch, in order."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans: list[Span] = []
        for start, end in sorted(spans):
            if self._spans and start <= self._spans[-1][1]:
                self._spans[-1] = (self._spans[-1][0], max(end, self._spans[-1][1]))
            else:
                self._spans.append((start, end))
        self._starts = [start for start, _ in self._spans]

    def within(self, start: float, end: float) -> list[Span]:
        """Return what lies between two times."""
        first = max(0, bisect_right(self._starts, start) - 1)
        cut = [(max(start, a), min(end, b)) for a, b in self._spans[first : bisect_right(self._starts, end)]]
        return [(a, b) for a, b in cut if b > a]

    def heard_seconds(self, start: float, end: float) -> float:
        return sum(b - a for a, b in self.within(start, end))

    def distance(self, start: float, end: float) -> float:
        """Return how many seconds lie between a stretch and the nearest turn."""
        index = bisect_right(self._starts, end)
        before = start - self._spans[index - 1][1] if index else inf
        after = self._starts[index] - end if index < len(self._starts) else inf
        return max(0.0, min(before, after))


def _voices(turns: Iterable[Turn]) -> dict[int, _Voice]:
    """Return when each speaker is heard, in order of their numbers."""
    spans: dict[int, list[Span]] = {}
    for turn in turns:
        spans.setdefault(turn.speaker, []).append((turn.start, turn.end))
    return {speaker: _Voice(spans[speaker]) for speaker in sorted(spans)}


def _misfits(unit: _Unit, voices: Mapping[int, _Voice]) -> list[float]:
    """Return for each speaker what the unit costs, in seconds; empty where nobody is heard in it or near it."""
    distances = [voice.distance(unit.start, unit.end) for voice in voices.values()]
    if min(distances, default=inf) > NEAR_SECONDS:
        return []
    length = max(unit.end - unit.start, SHORTEST_WORD)
    return [
        length + min(distance, NEAR_SECONDS) - voice.heard_seconds(unit.start, unit.end)
        for voice, distance in zip(voices.values(), distances, strict=True)
    ]


def _cheapest(units: Sequence[_Unit], misfits: Sequence[list[float]], speakers: Sequence[int]) -> list[int | None]:
    """Return the speaker of each unit, so that misfits and changes cost least together."""
    if not speakers:
        return [None] * len(units)
    totals = [0.0] * len(speakers)
    origins: list[list[int]] = []
    for unit, costs in zip(units, misfits, strict=True):
        best = totals.index(min(totals))
        changed = totals[best] + unit.change_cost
        origins.append([index if total <= changed else best for index, total in enumerate(totals)])
        totals = [min(total, changed) for total in totals]
        totals = [total + cost for total, cost in zip(totals, costs, strict=True)] if costs else totals
    path: list[int | None] = []
    index = totals.index(min(totals))
    for origin in reversed(origins):
        path.append(speakers[index])
        index = origin[index]
    return path[::-1]


def _parts(segment: Spoken, speakers: Sequence[int | None], voices: Mapping[int, _Voice]) -> list[Part]:
    """Return the parts of a segment whose words, or which as a whole, are these speakers'."""
    if len(set(speakers)) < 2:
        speaker = speakers[0] if speakers else None
        also = _also(speaker, voices, segment.start, segment.end)
        return [Part(0, len(segment.words), speaker, also, segment.start, segment.end, segment.text)]
    parts: list[Part] = []
    for speaker, group in groupby(range(len(speakers)), key=speakers.__getitem__):
        first, *_ = indexes = list(group)
        words = segment.words[first : first + len(indexes)]
        start = segment.start if first == 0 else min(max(words[0][0], segment.start), segment.end)
        end = segment.end if first + len(words) == len(speakers) else min(max(words[-1][1], start), segment.end)
        text = "".join(word[2] for word in words)
        parts.append(Part(first, first + len(words), speaker, _also(speaker, voices, start, end), start, end, text))
    return parts


def _also(speaker: int | None, voices: Mapping[int, _Voice], start: float, end: float) -> tuple[int, ...]:
    """Return who else speaks while the speaker does, between two times."""
    if speaker is None or speaker not in voices:
        return ()
    spans = voices[speaker].within(start, end)
    others = [other for other in voices if other != speaker]
    return tuple(
        other for other in others if sum(voices[other].heard_seconds(*span) for span in spans) >= TOGETHER_SECONDS
    )
