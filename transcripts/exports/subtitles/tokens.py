"""From segments to tokens: the smallest stretches of text that a cue can begin or end with, each with its times."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from transcripts.correcting import Word
from transcripts.exports.document import Segment, Speaker
from transcripts.exports.subtitles.breaks import chunks, width
from transcripts.paragraphs import JOINED, ends_sentence

CLAUSE_MARKS = tuple(",;:،؛、，；：—–")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a character in scripts without spaces. `width` is in columns.

    `ends_sentence` and `ends_clause` say how good a place for a break comes after it; the end of a segment is one.
    """

    text: str
    start: float
    end: float
    width: int
    space_before: bool
    ends_sentence: bool
    ends_clause: bool
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The characters from `first` up to `last` of a text, spoken evenly from `start` to `end`."""

    first: int
    last: int
    start: float
    end: float

    def time_at(self, offset: int) -> float:
        share = (offset - self.first) / (self.last - self.first)
        return self.start + share * (self.end - self.start)


def tokens(segments: Iterable[Segment]) -> Iterator[Token]:
    """Yield the tokens of all segments. None starts before the one in front of it, or ends before it starts."""
    latest = 0.0
    previous = ""
    for segment in segments:
        glued = bool(previous and JOINED.match(previous[-1]) and JOINED.match(segment.text[0]))
        for token in _tokens(segment, latest=latest, glued=glued):
            latest = token.start
            yield token
        previous = segment.text


def _tokens(segment: Segment, *, latest: float, glued: bool) -> Iterator[Token]:
    text = segment.text
    stretches = _by_words(text, segment.words) or [Stretch(0, len(text), segment.start, segment.end)]
    firsts = [stretch.first for stretch in stretches]
    for first, last in chunks(text):
        start = stretches[bisect_right(firsts, first) - 1].time_at(first)
        end = stretches[bisect_right(firsts, last - 1) - 1].time_at(last)
        latest = max(latest, start)
        chunk = text[first:last]
        yield Token(
            text=chunk,
            start=latest,
            end=max(latest, end),
            width=width(chunk),
            space_before=text[first - 1] == " " if first else not glued,
            ends_sentence=ends_sentence(chunk),
            ends_clause=chunk.endswith(CLAUSE_MARKS) or last == len(text),
            speaker=segment.speaker,
        )


def _by_words(text: str, words: tuple[Word, ...]) -> list[Stretch]:
    """Return where the words stand in the text; nothing where they are not exactly this text, which then counts."""
    stretches: list[Stretch] = []
    offset = 0
    for word in words:
        bare = " ".join(word.text.split())
        if not bare:
            continue
        offset += text.startswith(" ", offset)
        if not text.startswith(bare, offset):
            return []
        stretches.append(Stretch(offset, offset + len(bare), word.start, word.end))
        offset += len(bare)
    return stretches if offset == len(text) else []
