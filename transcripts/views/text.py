"""The transcript as the recording page shows it: paragraphs of passages, with what a click needs to find a word's time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import dropwhile
from typing import Self

from django.urls import reverse

from transcripts.models import Job, Segment, Speaker
from transcripts.paragraphs import join_texts, paragraphs
from transcripts.times import stretch


@dataclass(frozen=True, slots=True)
class Position:
    """Where a segment stands in the text. Written as 3-1; the third part of what speakers share is 3-1-2."""

    piece: int
    index: int
    part: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position that `str()` wrote. Raises ValueError."""
        return cls(*(int(number) for number in text.split("-")))

    def __str__(self) -> str:
        return f"{self.piece}-{self.index}" + (f"-{self.part}" if self.part else "")


@dataclass(frozen=True, slots=True)
class Line:
    """What a paragraph needs of a segment. Rows of a transcript of hours are read as these, not as model instances.

    `speaker` and those of `also`, who talk at the same time, are ids.
    """

    pk: int
    piece: int
    index: int
    part: int
    start: float
    end: float
    text: str
    words: list[tuple[float, float, str, float]]
    gap: str
    speaker: int | None
    also: list[int]

    @property
    def position(self) -> Position:
        return Position(self.piece, self.index, self.part)


LINE = tuple(field.name for field in fields(Line))
Names = Mapping[int, Speaker]
"""The speakers of a job by their ids."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment in its paragraph. `words` is "offset:seconds offset:seconds", where the offsets count from the start of `text`."""

    pk: int
    space: str
    text: str
    start: float
    words: str


@dataclass(frozen=True, slots=True)
class PageParagraph:
    """A paragraph: at least one line. Two are equal where they look the same, names aside."""

    lines: tuple[Line, ...]
    begins_turn: bool
    """Whether somebody else speaks before it."""
    names: Names = field(compare=False, repr=False)

    @property
    def first(self) -> Position:
        return self.lines[0].position

    @property
    def pk(self) -> int:
        """Return the id of its first segment."""
        return self.lines[0].pk

    @property
    def start(self) -> float:
        return self.lines[0].start

    @property
    def gap(self) -> str:
        """Return why it has no passages; empty where it has some."""
        return self.lines[0].gap

    @property
    def stretch(self) -> str:
        """Return its times in words."""
        return stretch(self.start, self.lines[-1].end)

    @property
    def speaker(self) -> Speaker | None:
        return self.names.get(self.lines[0].speaker or 0)

    @property
    def also(self) -> tuple[Speaker, ...]:
        """Return who else speaks from its beginning to its end."""
        common = set(self.lines[0].also).intersection(*(line.also for line in self.lines))
        return self._named(pk for pk in self.lines[0].also if pk in common)

    @property
    def partly(self) -> tuple[Speaker, ...]:
        """Return who else speaks somewhere in it, but not from its beginning to its end."""
        somewhere = dict.fromkeys(pk for line in self.lines for pk in line.also)
        return tuple(speaker for speaker in self._named(somewhere) if speaker not in self.also)

    @property
    def passages(self) -> Iterator[Passage]:
        """Yield the passages, with the space that their scripts put between two of them."""
        before = ""
        for line in self.lines:
            text = join_texts([line.text])
            if not text:
                continue
            joined = join_texts([before, text])
            space = joined[len(before) : len(joined) - len(text)]
            yield Passage(line.pk, space, text, line.start, _word_times(text, line.words))
            before = text

    def _named(self, ids: Iterable[int]) -> tuple[Speaker, ...]:
        return tuple(self.names[pk] for pk in ids if pk in self.names)


def page_paragraphs(job: Job) -> list[PageParagraph]:
    """Return the paragraphs of a job's text: one query, and another one where somebody is named in it."""
    return grouped(read_lines(job), job)


def read_lines(job: Job, *, since: Position | None = None) -> list[Line]:
    """Return a job's text, from this segment on; nothing where there is no such segment any more."""
    segments = Segment.objects.filter(job=job).order_by("start", "piece", "index", "part")
    if since is not None:
        segments = segments.filter(piece__gte=since.piece)
    lines = (Line(*row) for row in segments.values_list(*LINE))
    return list(dropwhile(lambda line: since is not None and line.position != since, lines))


def grouped(lines: Iterable[Line], job: Job) -> list[PageParagraph]:
    """Return lines as paragraphs. Costs a query where somebody is named in them."""
    lines = list(lines)
    is_named = any(line.speaker is not None or line.also for line in lines)
    return with_names(lines, names_of(job) if is_named else {})


def names_of(job: Job) -> Names:
    return {speaker.pk: speaker for speaker in Speaker.objects.filter(job=job)}


def with_names(lines: Iterable[Line], names: Names) -> list[PageParagraph]:
    found: list[PageParagraph] = []
    speaker: int | None = None
    for paragraph in paragraphs(lines):
        now = paragraph.segments[0].speaker
        found.append(PageParagraph(paragraph.segments, now is not None and now != speaker, names))
        speaker = now
    return found


def assign_url(job: Job) -> str:
    """Return where to say who speaks in a passage; empty while the text may still change."""
    return reverse("transcripts:assign", args=[job.pk]) if job.is_over else ""


def _word_times(text: str, words: Iterable[tuple[float, float, str, float]]) -> str:
    """Return where each word starts in the text and in the recording. A word that is not found in order is left out."""
    found, at = [], 0
    for start, _end, word, _probability in words:
        offset = text.find(word.strip(), at)
        if offset >= 0 and word.strip():
            found.append(f"{offset}:{start:.2f}")
            at = offset + len(word.strip())
    return " ".join(found)
