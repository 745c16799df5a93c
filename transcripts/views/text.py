"""The transcript as the recording page shows it: paragraphs of passages, with what a click needs to find a word's time."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import dropwhile
from typing import Any, Self

from django.db.models import TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.safestring import SafeString

from speech.doubt import Doubt, doubtful
from transcripts.doubts import loops
from transcripts.models import Job, Segment, Speaker
from transcripts.paragraphs import join_texts, paragraphs
from transcripts.times import stretch
from transcripts.views.marking import mark


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
    words: str
    """As JSON: in a text of hours only those of the part that is shown are looked at."""
    gap: str
    speaker: int | None
    also: list[int]
    mean_log_probability: float = 0.0
    no_speech_probability: float = 0.0
    doubts: list[str] = field(default_factory=list)

    @property
    def position(self) -> Position:
        return Position(self.piece, self.index, self.part)


FIRST_PARAGRAPHS = 9
"""What a page of a long text begins with: more than a screen full, 11 KB compressed, and made in a fiftieth of a second."""
PART_PARAGRAPHS = 48
"""What follows at a time: put in, it holds up the browser for less than a tenth of a second."""
LONG_PARAGRAPHS = 36
LINE = [field.name if field.name != "words" else "written" for field in fields(Line)]
Names = Mapping[int, Speaker]
"""The speakers of a job by their ids."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment in its paragraph. `words` is "offset:seconds offset:seconds", where the offsets count from the start of `text`.

    `marked` is the text with its doubtful words marked.
    """

    pk: int
    space: str
    text: str
    start: float
    end: float
    words: str
    marked: SafeString


@dataclass(frozen=True, slots=True)
class PageParagraph:
    """A paragraph: at least one line. Two are equal where they look the same, names aside."""

    lines: tuple[Line, ...]
    begins_turn: bool
    """Whether somebody else speaks before it."""
    names: Names = field(compare=False, repr=False)
    engine: str = field(default="", compare=False, repr=False)
    """What recognised it."""
    said: tuple[int, ...] = field(default=(), compare=False, repr=False)
    """How often the text of each line stands in a row; empty where no loop is among them."""

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
        for line, said in zip(self.lines, self.times_said, strict=True):
            text = join_texts([line.text])
            if not text:
                continue
            joined = join_texts([before, text])
            space = joined[len(before) : len(joined) - len(text)]
            words = json.loads(line.words)
            places = _places(text, words)
            marked = mark(text, places, words, doubtful(line, words, engine=self.engine, times_said=said))
            yield Passage(line.pk, space, text, line.start, line.end, _word_times(places, words), marked)
            before = text

    @property
    def doubtful_count(self) -> int:
        """Return how many of its words are perhaps wrong."""
        pairs = zip(self.lines, self.times_said, strict=True)
        return sum(len(doubts_in(line, engine=self.engine, times_said=said)) for line, said in pairs)

    @property
    def word_count(self) -> int:
        """Return how many words it has, as far as their times are known."""
        return sum(len(json.loads(line.words)) for line in self.lines)

    @property
    def times_said(self) -> Sequence[int]:
        """Return of each line how often its text stands in a row."""
        return self.said or (1,) * len(self.lines)

    def _named(self, ids: Iterable[int]) -> tuple[Speaker, ...]:
        return tuple(self.names[pk] for pk in ids if pk in self.names)


def page_paragraphs(job: Job) -> list[PageParagraph]:
    """Return the paragraphs of a job's text: one query, and another one where somebody is named in it."""
    return grouped(read_lines(job), job)


def first_part(
    job: Job, text: Sequence[PageParagraph], *, start: float | None = None
) -> tuple[Sequence[PageParagraph], str]:
    """Return what of a text a page begins with, and the address of the rest: of a long one, the page of hours opens at once.

    All of it and nothing where the text may still change, or is to be read from a second in the rest.
    """
    is_short = len(text) <= LONG_PARAGRAPHS or not job.is_over
    if is_short or (start is not None and start >= text[FIRST_PARAGRAPHS].start):
        return text, ""
    return text[:FIRST_PARAGRAPHS], rest_url(job, text[FIRST_PARAGRAPHS])


def rest_url(job: Job, paragraph: PageParagraph) -> str:
    """Return the address of a part of a text that begins with a paragraph."""
    return f"{reverse('transcripts:rest', args=[job.pk])}?from={paragraph.first}"


def read_lines(job: Job, *, since: Position | None = None) -> list[Line]:
    """Return a job's text, from this segment on; nothing where there is no such segment any more."""
    segments = Segment.objects.filter(job=job).order_by("start", "piece", "index", "part")
    if since is not None:
        segments = segments.filter(piece__gte=since.piece)
    rows = segments.annotate(written=Cast("words", TextField())).values_list(*LINE)
    lines = (Line(*row) for row in rows)
    return list(dropwhile(lambda line: since is not None and line.position != since, lines))


def grouped(lines: Iterable[Line], job: Job) -> list[PageParagraph]:
    """Return lines as paragraphs. Costs a query where somebody is named in them."""
    lines = list(lines)
    is_named = any(line.speaker is not None or line.also for line in lines)
    return with_names(lines, names_of(job) if is_named else {}, engine=job.engine)


def names_of(job: Job) -> Names:
    return {speaker.pk: speaker for speaker in Speaker.objects.filter(job=job)}


def with_names(lines: Iterable[Line], names: Names, *, engine: str) -> list[PageParagraph]:
    """Return lines as paragraphs, with whoever speaks in them, and what recognised them."""
    lines = list(lines)
    said = loops(lines)
    found: list[PageParagraph] = []
    speaker: int | None = None
    for paragraph in paragraphs(lines):
        now = paragraph.segments[0].speaker
        begins_turn = now is not None and now != speaker
        times = tuple(said.get(line.pk, 1) for line in paragraph.segments)
        found.append(PageParagraph(paragraph.segments, begins_turn, names, engine, times if max(times) > 1 else ()))
        speaker = now
    return found


def assign_url(job: Job) -> str:
    """Return where to say who speaks in a passage; empty while the text may still change."""
    return reverse("transcripts:assign", args=[job.pk]) if job.is_over else ""


def segments_url(job: Job) -> str:
    """Return what a segment's id follows where its text is edited; empty while the text may still change."""
    return reverse("transcripts:segment", args=[job.pk, 0]).removesuffix("0/") if job.is_over else ""


def doubts_in(line: Line, *, engine: str, times_said: int = 1) -> list[Doubt]:
    """Return the words of a line that are perhaps wrong."""
    return doubtful(line, json.loads(line.words), engine=engine, times_said=times_said)


def _places(text: str, words: Iterable[Sequence[Any]]) -> list[int]:
    """Return where each word starts in the text; -1 for a word that is not found in order."""
    found, at = [], 0
    for _start, _end, word, *_ in words:
        letters = word.strip()
        offset = text.find(letters, at) if letters else -1
        found.append(offset)
        if offset >= 0:
            at = offset + len(letters)
    return found


def _word_times(places: Iterable[int], words: Iterable[Sequence[Any]]) -> str:
    """Return where each word starts in the text and in the recording. A word that is not in the text is left out."""
    return " ".join(f"{at}:{word[0]:.2f}" for at, word in zip(places, words, strict=True) if at >= 0)
