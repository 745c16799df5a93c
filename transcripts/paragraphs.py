"""How a stream of segments is grouped into paragraphs that a person can read: on the page and in the exports alike."""

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

PAUSE_SECONDS = 1.5
LONG_WORDS = 70
"""A paragraph of this many words ends with its sentence: about 25 seconds of speech, five lines on the page."""
TOO_LONG_WORDS = 140
"""Ends here in any case: some languages come out of the recogniser without a full stop."""
CHARACTERS_PER_WORD = 3
"""Of the scripts that put no space between words."""

SENTENCE_END = re.compile(r"[.!?…。！？｡؟۔।॥။።][\"'»”’)\]」』）]*\s*$")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
JOINED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uff9f\U00020000-\U0003ffff]")
"""Chinese and Japanese: no space stands between two sentences either."""


class SegmentLike(Protocol):
    """What grouping needs to know of a segment: the row of the database and the exports' own have it."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def gap(self) -> str: ...
    @property
    def speaker(self) -> Hashable: ...


S = TypeVar("S", bound=SegmentLike)


@dataclass(frozen=True, slots=True)
class Paragraph(Generic[S]):
    """At least one segment of one speaker: all with text, or all gaps. Times are seconds from the start of the recording."""

    segments: tuple[S, ...]

    @property
    def start(self) -> float:
        return self.segments[0].start

    @property
    def end(self) -> float:
        return max(segment.end for segment in self.segments)

    @property
    def gap(self) -> str:
        """Return why there is no text; empty where there is."""
        return self.segments[0].gap

    @property
    def text(self) -> str:
        return join_texts(segment.text for segment in self.segments)


def paragraphs(segments: Iterable[S]) -> Iterator[Paragraph[S]]:
    """Group segments, given in order: a new paragraph with a new speaker, after a pause, or with a new sentence once it is long.

    Gaps stand apart from text, and from gaps with another reason.
    """
    current: list[S] = []
    words = 0
    for segment in segments:
        if current and _ends_before(segment, last=current[-1], words=words):
            yield Paragraph(tuple(current))
            current, words = [], 0
        current.append(segment)
        words += count_words(segment.text)
    if current:
        yield Paragraph(tuple(current))


def _ends_before(segment: SegmentLike, *, last: SegmentLike, words: int) -> bool:
    if segment.speaker != last.speaker or segment.gap != last.gap:
        return True
    if segment.start - last.end > PAUSE_SECONDS or words >= TOO_LONG_WORDS:
        return True
    return words >= LONG_WORDS and ends_sentence(last.text)


def count_words(text: str) -> int:
    """Return about how many words a text has, also in the scripts that put no space between them."""
    return len(text.split()) + len(UNSPACED.findall(text)) // CHARACTERS_PER_WORD


def ends_sentence(text: str) -> bool:
    """Return whether a text ends with a mark that ends a sentence, closing quotes and brackets aside."""
    return SENTENCE_END.search(text) is not None


def join_texts(texts: Iterable[str]) -> str:
    """Return texts as one line: one space between them, none between two in Chinese or Japanese."""
    parts: list[str] = []
    for text in texts:
        line = " ".join(text.split())
        if not line:
            continue
        if parts and not (JOINED.match(parts[-1][-1]) and JOINED.match(line[0])):
            parts.append(" ")
        parts.append(line)
    return "".join(parts)
