"""What was recognised again in a stretch, and the text that is there: compared, and put in its place.

It is put there as one `Edit`, with the times of the words that were recognised. What stands in the stretch is looked at anew each
time: people go on correcting while it is transcribed.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import User

from speech.speakers import Part, label
from speech.types import Turn
from transcripts.comparing import Line
from transcripts.correcting import Span, Word, estimate, text_of
from transcripts.models import Edit, Job, Segment
from transcripts.paragraphs import join_texts
from transcripts.services.corrections import ALL_THERE_IS, BY_HAND, shown
from transcripts.services.patches import CONTENT, Columns, EditRefused, Rows, carry_out, editing

SHORTEST_SECONDS = 0.01
"""A word that has to make room for others takes no less."""

RECOGNISED = ("mean_log_probability", "no_speech_probability", "compression_ratio", "temperature", "doubts")

NOT_DONE = "This stretch is not transcribed yet."
CHANGED = "The text was changed meanwhile. Below is what the suggestion would change now: look at it again."
GAPS = "A part of this stretch could not be transcribed again, and what is said there would be lost. Choose a stretch without it."
NO_TIME = "There is no time for these words between what is said before and after them. Nothing was changed."


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a segment stands."""

    pk: int
    piece: int
    index: int
    part: int
    start: float
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """A segment that a stretch touches: its words before the stretch, in it and after it."""

    row: Segment
    before: list[Word]
    inside: list[Word]
    after: list[Word]

    @property
    def is_left_alone(self) -> bool:
        return not self.inside and not self.row.gap and not (self.before and self.after)

    @property
    def line(self) -> Line:
        """Return what of it lies in the stretch, as it is compared."""
        start = self.inside[0].start if self.inside else self.row.start
        end = self.inside[-1].end if self.inside else self.row.end
        return Line(
            start, end, text_of(self.inside), json.dumps([word.row for word in self.inside]), "", self.row.speaker_id
        )


@dataclass(frozen=True, slots=True)
class Present:
    """What the text has in a stretch now. `mark` changes when that does."""

    cuts: list[Cut]

    @property
    def lines(self) -> list[Line]:
        return [cut.line for cut in self.cuts if cut.inside]

    @property
    def text(self) -> str:
        return join_texts(line.text for line in self.lines)

    @property
    def mark(self) -> str:
        return sha256(self.text.encode()).hexdigest()[:16]


def present(job: Job) -> Present:
    """Return what the source of a job has in the job's stretch now."""
    start, end = _bounds(job)
    rows = Segment.objects.filter(job=job.source_id, start__lt=end, end__gt=start)
    return Present([_cut(row, start, end) for row in rows.order_by("start", "piece", "index", "part")])


def suggested(job: Job) -> list[Line]:
    """Return what was recognised in a stretch."""
    rows = job.segments.words()
    return [Line(row.start, row.end, row.text, json.dumps(row.words)) for row in rows]


def has_gaps(job: Job, found: Present) -> bool:
    """Return whether words stand where a part of the stretch could not be transcribed again."""
    gaps = list(job.segments.gaps().values_list("start", "end"))
    middles = [(word.start + word.end) / 2 for cut in found.cuts for word in cut.inside] if gaps else []
    return any(first <= middle <= last for middle in middles for first, last in gaps)


def accept(job: Job, *, mark: str, author: User | None) -> Edit:
    """Put what was recognised in place of what stands in the stretch now; whoever said that says it still.

    `mark` is that of what the person was shown. Raises EditRefused.
    """
    if job.state != Job.State.COMPLETED or job.source_id is None:
        raise EditRefused(NOT_DONE)
    with editing(job.source_id) as source:
        found = present(job)
        if found.mark != mark:
            raise EditRefused(CHANGED)
        if has_gaps(job, found):
            raise EditRefused(GAPS)
        segments, created = _Exchange(source, job, found).work_out()
        kind = Edit.Kind.SUGGESTION
        edit = carry_out(source, {"segments": segments}, kind=kind, author=author, created=created, accepts=job)
        decided = {"suggestion": Job.Suggestion.ACCEPTED, "accepted_as": edit}
        Job.objects.filter(pk=job.pk).update(**decided)
        return edit


def _bounds(job: Job) -> Span:
    assert job.stretch_start is not None
    assert job.stretch_end is not None
    return job.stretch_start, job.stretch_end


def _cut(row: Segment, start: float, end: float) -> Cut:
    if row.gap:
        return Cut(row, [], [], [])
    words = [Word.from_row(word) for word in row.words] or estimate(shown(row.text), row.start, row.end)
    middles = [(word.start + word.end) / 2 for word in words]
    first = next((place for place, middle in enumerate(middles) if middle >= start), len(words))
    last = next((place for place, middle in enumerate(middles) if middle > end), len(words))
    last = max(first, last)
    return Cut(row, words[:first], words[first:last], words[last:])


class _Exchange:
    """The rows of a text as they are to be once a suggestion is in it."""

    def __init__(self, source: Job, job: Job, found: Present) -> None:
        self.source, self.job = source, job
        self.start, self.end = _bounds(job)
        self.cuts = [cut for cut in found.cuts if not cut.is_left_alone]
        self.edges = [cut for cut in found.cuts if cut.is_left_alone]
        touched = {cut.row.pk for cut in self.cuts}
        rows = source.segments.values_list("pk", "piece", "index", "part", "start", "gap")
        places = [_Place(pk, piece, index, part, at, bool(gap)) for pk, piece, index, part, at, gap in rows]
        self.others = [place for place in places if place.pk not in touched]
        self.indexes: defaultdict[int, int] = defaultdict(lambda: BY_HAND)
        for place in places:
            self.indexes[place.piece] = max(self.indexes[place.piece], place.index + 1)
        self.low, self.high = self._room()

    def work_out(self) -> tuple[Rows, list[Segment]]:
        """Return what changes, and the rows that are added. Raises EditRefused."""
        segments: Rows = {}
        created = self._new_rows()
        for cut in self.cuts:
            segments[str(cut.row.pk)], more = self._rest(cut)
            created += more
        segments |= {str(cut.row.pk): self._trimmed(cut) for cut in self.edges}
        self._take_apart(segments)
        self._check(segments, created)
        return segments, created

    def _room(self) -> Span:
        """Return between which times there is room for the words."""
        cuts = [*self.cuts, *self.edges]
        low = max([self.start, *(cut.before[-1].end for cut in cuts if cut.before)])
        high = min([self.end, *(cut.after[0].start for cut in cuts if cut.after)])
        return low, high

    def _rest(self, cut: Cut) -> tuple[Columns | None, list[Segment]]:
        """Return what stays of a segment, and a further one where something stays on both sides."""
        row = cut.row
        before = _columns(cut.before, row.start, cut.before[-1].end) if cut.before else None
        after = _columns(cut.after, cut.after[0].start, row.end) if cut.after else None
        if before is None or after is None:
            return before or after, []
        same = {name: getattr(row, name) for name in CONTENT}
        place = {"index": self._free_index(row.piece), "part": 0}
        return before, [Segment(job=self.source, **same | after | place)]

    def _trimmed(self, cut: Cut) -> Columns:
        """Return the times of a segment whose words are all outside, where it reaches into the stretch."""
        if cut.before:
            return {"end": max(cut.before[-1].end, min(cut.row.end, self.low))}
        return {"start": min(cut.after[0].start, max(cut.row.start, self.high))}

    def _new_rows(self) -> list[Segment]:
        rows = [row for row in self.job.segments.words() if shown(row.text)]
        if rows and self.high <= self.low:  # A word that somebody moved lies over all of the stretch.
            raise EditRefused(NO_TIME)
        said = _fitted(rows, self.low, self.high)
        turns, owners = self._turns()
        created: list[Segment] = []
        for row, words, parts in zip(rows, said, label([*map(_Said, said)], turns), strict=True):
            for part in parts:
                some = words[part.first : part.last]
                if created and some[0].start >= self.high:  # There is no place left after it.
                    _go_on(created[-1], some)
                else:
                    created.append(self._new_row(row, some, part, owners))
        return created

    def _new_row(self, row: Segment, words: Sequence[Word], part: Part, owners: Sequence[int]) -> Segment:
        """Return a segment with words of one that was recognised."""
        piece = self._piece()
        columns = {name: getattr(row, name) for name in RECOGNISED} | _columns(words, words[0].start, words[-1].end)
        whose = {
            "speaker_id": owners[part.speaker - 1] if part.speaker else None,
            "also": [owners[number - 1] for number in part.also if number != part.speaker],
        }
        return Segment(job=self.source, piece=piece, index=self._free_index(piece), **columns, **whose)

    def _piece(self) -> int:
        """Return the piece that the new rows are counted with: that of what they replace, or of what stands before them."""
        if self.cuts:
            return self.cuts[0].row.piece
        before = [place.piece for place in self.others if place.start < self.high]
        return before[-1] if before else self.others[0].piece if self.others else 0

    def _free_index(self, piece: int) -> int:
        self.indexes[piece] += 1
        return self.indexes[piece] - 1

    def _turns(self) -> tuple[list[Turn], list[int]]:
        """Return who speaks when in the stretch as the text has it, without pauses between them, and whose each number is."""
        spans = [(cut.line.start, cut.row.speaker_id, cut.row.also) for cut in self.cuts if cut.inside]
        if not spans:
            beside = [place.pk for place in self.others if not place.is_gap and place.start < self.high][-1:]
            rows = self.source.segments.filter(pk__in=beside)
            spans = [(self.low, row.speaker_id, []) for row in rows]
        owners = list(dict.fromkeys(who for _, own, also in spans for who in (own, *also) if who is not None))
        edges = [min(self.low, spans[0][0]), *(start for start, *_ in spans[1:]), self.end] if spans else []
        turns = [
            Turn(start, end, owners.index(who) + 1)
            for (start, end), (_, own, also) in zip(pairwise(edges), spans, strict=True)
            for who in dict.fromkeys((own, *also))
            if who is not None and start < end
        ]
        return turns, owners

    def _take_apart(self, segments: Rows) -> None:
        """Make what follows the stretch segments of their own, where they were recognised as one with what is before it.

        Joined again, when speakers are identified anew, they would lie around what stands between them now.
        """
        kept = [place for place in self.others if not place.is_gap]
        later = {cut.row.pk for cut in self.edges if cut.after}
        stay = {(cut.row.piece, cut.row.index) for cut in self.cuts if cut.before}
        stay |= {(place.piece, place.index) for place in kept if place.start < self.low and place.pk not in later}
        moved: dict[tuple[int, int], list[_Place]] = defaultdict(list)
        for place in kept:
            is_after = place.start >= self.low or place.pk in later
            if is_after and (place.piece, place.index) in stay:
                moved[place.piece, place.index].append(place)
        for cut in self.cuts:
            if cut.after and not cut.before and (cut.row.piece, cut.row.index) in stay:
                at = _Place(cut.row.pk, cut.row.piece, cut.row.index, cut.row.part, 0.0, False)
                moved[at.piece, at.index].append(at)
        for (piece, _), places in moved.items():
            index, first = self._free_index(piece), min(place.part for place in places)
            for place in places:
                columns = segments.get(str(place.pk)) or {}
                segments[str(place.pk)] = columns | {"index": index, "part": place.part - first}

    def _check(self, segments: Rows, created: Sequence[Segment]) -> None:
        """Raise EditRefused where nothing would be left, or rows would not stand in order."""
        remain = any(not place.is_gap for place in self.others) or any(cut.before or cut.after for cut in self.cuts)
        if not created and not remain:
            raise EditRefused(ALL_THERE_IS)
        new = [row for row in created if row.start >= self.low]
        following = [place for place in self.others if place.start >= self.high]
        keys = [(row.start, row.piece, row.index, row.part) for row in new]
        after = [(place.start, place.piece, place.index, place.part) for place in following[:1]]
        if [*keys, *after] != sorted([*keys, *after]):
            raise EditRefused(NO_TIME)


@dataclass(frozen=True, slots=True)
class _Said:
    """A segment that was recognised, as `speech.speakers` wants it."""

    own: Sequence[Word]

    @property
    def start(self) -> float:
        return self.own[0].start

    @property
    def end(self) -> float:
        return self.own[-1].end

    @property
    def text(self) -> str:
        return text_of(self.own)

    @property
    def words(self) -> Sequence[Sequence[Any]]:
        return [word.row for word in self.own]


def _fitted(rows: Iterable[Segment], low: float, high: float) -> list[list[Word]]:
    """Return the words of each row, one after the other and between two times. Raises EditRefused where these are too close.

    What reaches beyond is cut off; where nothing would be left of a word, all of them are moved closer together.
    """
    said = [
        [Word.from_row(word) for word in row.words] or estimate(shown(row.text), row.start, row.end) for row in rows
    ]
    words = [word for some in said for word in some]
    if not words or all(word.start < high and word.end > low for word in words):
        return [[_clamped(word, low, high) for word in some] for some in _in_order(said)]
    if high - low < SHORTEST_SECONDS * len(words):
        raise EditRefused(NO_TIME)
    first, last = min(low, words[0].start), max(high, *(word.end for word in words))
    factor = (high - low) / (last - first)
    return list(_in_order([[_moved(word, first, low, factor, high) for word in some] for some in said]))


def _in_order(said: Iterable[Sequence[Word]]) -> Iterator[list[Word]]:
    """Yield words of which none begins before the one in front of it ends."""
    end = 0.0
    for some in said:
        found = []
        for word in some:
            start = max(word.start, end)
            end = max(word.end, start)
            found.append(replace(word, start=start, end=end))
        yield found


def _clamped(word: Word, low: float, high: float) -> Word:
    return replace(word, start=min(max(word.start, low), high), end=min(max(word.end, low), high))


def _moved(word: Word, first: float, low: float, factor: float, high: float) -> Word:
    start, end = (min(high, low + (seconds - first) * factor) for seconds in (word.start, word.end))
    return replace(word, start=start, end=end, is_estimated=True)


def _go_on(row: Segment, words: Sequence[Word]) -> None:
    """Add words to the end of a segment."""
    row.words = [*row.words, *(word.row for word in words)]
    row.text, row.end = row.text + text_of(words), words[-1].end


def _columns(words: Sequence[Word], start: float, end: float) -> Columns:
    return {"start": start, "end": max(start, end), "text": text_of(words), "words": [word.row for word in words]}
