"""The transcript as the recording page shows it: paragraphs of passages, with what a click needs to find a word's time."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

from django.db.models import Q

from transcripts.models import Job, Segment
from transcripts.paragraphs import Paragraph, join_texts, paragraphs
from transcripts.times import stretch


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a segment stands in the text. Written as 3-1."""

    piece: int
    index: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position that `str()` wrote. Raises ValueError."""
        piece, index = text.split("-")
        return cls(int(piece), int(index))

    def __str__(self) -> str:
        return f"{self.piece}-{self.index}"


@dataclass(frozen=True, slots=True)
class Line:
    """What a paragraph needs of a segment. Rows of a transcript of hours are read as these, not as model instances."""

    piece: int
    index: int
    start: float
    end: float
    text: str
    words: list[tuple[float, float, str, float]]
    gap: str

    @property
    def position(self) -> Position:
        return Position(self.piece, self.index)


LINE = tuple(field.name for field in fields(Line))


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment in its paragraph. `words` is "offset:seconds offset:seconds", where the offsets count from the start of `text`."""

    space: str
    text: str
    start: float
    words: str


@dataclass(frozen=True, slots=True)
class PageParagraph:
    """A paragraph. `first` and `last` are the positions of its segments at the ends.

    `gap` says why it has no passages; then `stretch` has its times in words.
    """

    first: Position
    last: Position
    start: float
    passages: tuple[Passage, ...]
    gap: str
    stretch: str


def page_paragraphs(job: Job, *, since: Position | None = None) -> list[PageParagraph]:
    """Return the paragraphs of a job's text from the one that starts at `since`, which must be the start of one."""
    segments = Segment.objects.filter(job=job).order_by("piece", "index")
    if since is not None:
        segments = segments.filter(Q(piece__gt=since.piece) | Q(piece=since.piece, index__gte=since.index))
    lines = (Line(*row) for row in segments.values_list(*LINE))
    return [_page_paragraph(paragraph) for paragraph in paragraphs(lines)]


def _page_paragraph(paragraph: Paragraph[Line]) -> PageParagraph:
    first, last = paragraph.segments[0], paragraph.segments[-1]
    return PageParagraph(
        first.position,
        last.position,
        paragraph.start,
        tuple(_passages(paragraph.segments)),
        paragraph.gap,
        stretch(paragraph.start, paragraph.end),
    )


def _passages(lines: Iterable[Line]) -> Iterable[Passage]:
    """Yield the passages of a paragraph, with the space that its scripts put between two of them."""
    before = ""
    for line in lines:
        text = join_texts([line.text])
        if not text:
            continue
        joined = join_texts([before, text])
        space = joined[len(before) : len(joined) - len(text)]
        yield Passage(space, text, line.start, _word_times(text, line.words))
        before = text


def _word_times(text: str, words: Iterable[tuple[float, float, str, float]]) -> str:
    """Return where each word starts in the text and in the recording. A word that is not found in order is left out."""
    found, at = [], 0
    for start, _end, word, _probability in words:
        offset = text.find(word.strip(), at)
        if offset >= 0 and word.strip():
            found.append(f"{offset}:{start:.2f}")
            at = offset + len(word.strip())
    return " ".join(found)
