"""What a person changes about the text: wording, where a segment ends, its times. Every change is one `Edit`.

Whoever changes a segment says which text they saw. Where it is another one by now, nothing is changed, and both are told.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from django.contrib.auth.models import User
from django.db.models import Max

from transcripts.correcting import SLOWEST_SECONDS, Span, Word, correct, estimate, retime, text_of
from transcripts.exports.rows import printable
from transcripts.models import Edit, Job, Segment
from transcripts.paragraphs import join_texts
from transcripts.services.patches import CONTENT, NOTHING, Columns, EditRefused, Rows, State, carry_out, editing

LONGEST_TEXT = 5_000
BY_HAND = 1_000_000
"""Segments that a person made are numbered from here on, so that text which is recognised later finds its places free."""
LEAST_ROOM = 0.1
"""Seconds that a segment takes which is put between two others."""

TOO_LONG = f"A segment has {LONGEST_TEXT} characters at most. Nothing was changed: split it first."
NO_TEXT = "There is nothing to add: write what is said there."
NO_TIME_TO_SPLIT = "These words have no time of their own, so the text cannot be split between them."
NO_ROOM = "There is no time between these two segments. Write what is missing into one of them."
AT_START = "The recording begins here. Write what is missing into the segment."
AT_END = "The recording ends here. Write what is missing into the segment."
ALL_THERE_IS = "This is all the text there is. It cannot be deleted, but written anew."
NOTHING_FOLLOWS = "There is no text after this one that it could be joined with."
AT_ONCE = "These two are said at the same time, so they cannot be joined."
NOT_RISING = "A segment ends after it starts. Nothing was changed."
NO_TIME_AROUND = "The segments around it leave no more time than it has."

SAME_MOMENT = 0.006
"""Seconds between a time and the same one as pages have it, in hundredths."""

LINE_END = re.compile(r"[\r\n\u2028\u2029]+")


class Conflict(EditRefused):
    """Somebody else changed a segment meanwhile. `theirs` is its text now, None where it is not there any more."""

    def __init__(self, mine: str, theirs: str | None) -> None:
        super().__init__(
            "This was changed meanwhile, in another tab or by somebody else. Nothing is lost: choose which text stays."
        )
        self.mine = mine
        self.theirs = theirs


class SentAgain(EditRefused):
    """A segment was split like this before, and the answer did not arrive. `created` are the segments that follow the first."""

    def __init__(self, created: Sequence[int]) -> None:
        super().__init__(NOTHING)
        self.created = list(created)


def shown(text: str) -> str:
    """Return a segment's text as pages show it and people send it back."""
    return join_texts([printable(text)])


def write(job: Job, segment_id: int, text: str, *, base: str, author: User | None) -> Edit:
    """Give a segment a text. It is split where a line ends, and goes away where nothing is left.

    `base` is the text that the person saw. Raises Conflict, SentAgain, EditRefused.
    """
    lines = [line for line in (shown(line) for line in LINE_END.split(text)) if line]
    if any(len(line) > LONGEST_TEXT for line in lines):
        raise EditRefused(TOO_LONG)
    if not lines:
        return delete(job, segment_id, base=base, author=author)
    with editing(job.pk) as locked:
        base = (
            lines[0] if _has_text(locked, segment_id, lines) else base
        )  # Sent twice: the first answer did not arrive.
        _check_is_first(locked, segment_id, lines, base=base)
        here = _find(locked, segment_id, base=base, mine=text)
        kind = Edit.Kind.CORRECT if len(lines) == 1 else Edit.Kind.SPLIT
        segments, created = _written(locked, here, lines)
        return carry_out(locked, {"segments": segments}, kind=kind, author=author, created=created)


def join(job: Job, segment_id: int, *, base: str, author: User | None) -> Edit:
    """Join a segment with the one that follows. It stays with its own speaker. Raises Conflict, EditRefused."""
    with editing(job.pk) as locked:
        here = _find(locked, segment_id, base=base)
        row, other = here.row, here.after
        if other is None or other.gap:
            raise EditRefused(NOTHING_FOLLOWS)
        words, more = _words(row, other), _words(other, row)
        if words[-1].end > more[0].start if words else other.start < row.end:
            raise EditRefused(AT_ONCE)
        columns = _columns(shown(row.text), row.start, max(row.end, other.end), [*words, *more])
        if not words:
            columns["text"] = row.text + " " + other.text.lstrip()
        columns["also"] = [pk for pk in dict.fromkeys([*row.also, *other.also]) if pk != row.speaker_id]
        columns["doubts"] = list(dict.fromkeys([*row.doubts, *other.doubts]))
        wanted: State = {"segments": {str(row.pk): columns, str(other.pk): None}}
        return carry_out(locked, wanted, kind=Edit.Kind.JOIN, author=author)


def delete(job: Job, segment_id: int, *, base: str, author: User | None) -> Edit:
    """Take a segment out of the text. Raises Conflict, EditRefused."""
    with editing(job.pk) as locked:
        here = _find(locked, segment_id, base=base)
        if not locked.segments.words().exclude(pk=here.row.pk).exists():
            raise EditRefused(ALL_THERE_IS)
        return carry_out(locked, {"segments": {str(here.row.pk): None}}, kind=Edit.Kind.DELETE, author=author)


def insert(job: Job, segment_id: int, text: str, *, where: Literal["before", "after"], author: User | None) -> Edit:
    """Add what was said before or after a segment, by the same speaker, in the time that is free there. Raises EditRefused."""
    line = shown(text)
    if not line or len(line) > LONGEST_TEXT:
        raise EditRefused(TOO_LONG if line else NO_TEXT)
    with editing(job.pk) as locked:
        here = _find(locked, segment_id)
        start, end = _room(locked, here, len(line) * SLOWEST_SECONDS, where)
        columns = _columns(line, start, end, estimate(line, start, end))
        recognised = {"mean_log_probability": 0.0, "no_speech_probability": 0.0, "compression_ratio": 0.0}
        place = {"piece": here.row.piece, "index": _free_index(locked, here.row.piece), "part": 0}
        whose = {"speaker_id": here.row.speaker_id, "temperature": 0.0}
        row = Segment(job=locked, **columns, **recognised, **place, **whose)
        _check_order([here.before, row, here.row] if where == "before" else [here.row, row, here.after], NO_ROOM)
        return carry_out(locked, {}, kind=Edit.Kind.INSERT, author=author, created=[row])


def is_room(start: float, end: float) -> bool:
    """Return whether a segment can be put between two times, in seconds."""
    return end - start >= LEAST_ROOM


def set_times(job: Job, segment_id: int, start: float, end: float, *, base: str, author: User | None) -> Edit:
    """Have a segment last from one second to another, as far as those around it let it. Raises Conflict, EditRefused."""
    if not start < end:
        raise EditRefused(NOT_RISING)
    with editing(job.pk) as locked:
        here = _find(locked, segment_id, base=base)
        low, high = _limits(locked, here)
        row, new = here.row, (max(start, low), min(end, high))
        if not new[0] < new[1] or (new == (row.start, row.end) != (start, end)):
            raise EditRefused(NO_TIME_AROUND)
        words = retime(_words_of(row), (row.start, row.end), new)
        columns: Columns = {"start": new[0], "end": new[1], "words": [word.row for word in words]}
        _check_order([here.before, Segment(**_position(row) | {"start": new[0]}), here.after], NO_TIME_AROUND)
        return carry_out(locked, {"segments": {str(row.pk): columns}}, kind=Edit.Kind.RETIME, author=author)


def accept(job: Job, segment_id: int, words: Collection[int], *, base: str, author: User | None) -> Edit:
    """Note that a person has heard words of a segment, given by their places in it, and found them right.

    Raises Conflict, EditRefused.
    """
    with editing(job.pk) as locked:
        row = _find(locked, segment_id, base=base).row
        marked = [
            replace(word, is_heard=True).row if word.probability is not None and place in words else word.row
            for place, word in enumerate(_words_of(row))
        ]
        return carry_out(locked, {"segments": {str(row.pk): {"words": marked}}}, kind=Edit.Kind.HEARD, author=author)


def corrected(row: Segment, text: str) -> Columns:
    """Return the columns of a segment whose text, of one line, is to be another one."""
    return _lines(row, [text])[0]


def cut_out(
    job: Job, rows: Iterable[Segment], span: Span, given: Callable[[Segment], Columns]
) -> tuple[Rows, list[Segment]]:
    """Return how rows are to be, and those that are added, so that words stand apart with the columns that are `given` for their row.

    They are those that begin in a span, both ends included. A row without times of words is one of them as a whole.
    Raises EditRefused.
    """
    segments: Rows = {}
    created: list[Segment] = []
    for row in rows:
        lines, place = _lines_apart(row, span)
        if place is None:
            continue
        own, more = _written(job, _find(job, row.pk), lines, ahead=len(created)) if len(lines) > 1 else ({}, [])
        for name, value in given(row).items():
            if place:
                setattr(more[place - 1], name, value)
            else:
                own[str(row.pk)] = (own.get(str(row.pk)) or {}) | {name: value}
        segments |= {pk: (segments.get(pk) or {}) | (columns or {}) for pk, columns in own.items()}
        created += more
    return segments, created


@dataclass(frozen=True, slots=True)
class _Here:
    """A segment and what stands before and after it in the text."""

    row: Segment
    before: Segment | None
    after: Segment | None


def _find(job: Job, segment_id: int, *, base: str | None = None, mine: str = "") -> _Here:
    """Return a segment that has text. Raises Conflict where it has another one than the person saw."""
    order = list(job.segments.values_list("pk", flat=True))
    place = order.index(segment_id) if segment_id in order else -1
    around = job.segments.in_bulk([*order[max(0, place - 1) : place + 2]] if place >= 0 else [])
    row = around.get(segment_id)
    if row is None or row.gap:
        raise Conflict(mine, None)
    if base is not None and shown(row.text) != shown(base):
        raise Conflict(mine, shown(row.text))
    before = around.get(order[place - 1]) if place else None
    return _Here(row, before, around.get(order[place + 1]) if place + 1 < len(order) else None)


def _has_text(job: Job, segment_id: int, lines: Sequence[str]) -> bool:
    """Return whether a segment has this text already."""
    found = job.segments.filter(pk=segment_id).values_list("text", flat=True)
    return [shown(text) for text in found] == list(lines)


def _check_is_first(job: Job, segment_id: int, lines: Sequence[str], *, base: str) -> None:
    """Raise SentAgain where a segment and those that follow it say these lines already.

    Where the person saw the first of them alone, they may want the others once more, unless splitting it was the last change.
    """
    if len(lines) == 1:
        return
    order = list(job.segments.values_list("pk", flat=True))
    place = order.index(segment_id) if segment_id in order else len(order)
    rows = order[place : place + len(lines)]
    texts = dict(job.segments.filter(pk__in=rows).values_list("pk", "text"))
    if [shown(texts[pk]) for pk in rows] != list(lines):
        return
    if shown(base) != lines[0] or _were_made_last(job, rows[1:]):
        raise SentAgain(rows[1:])


def _were_made_last(job: Job, rows: Sequence[int]) -> bool:
    """Return whether the last change of a text added these rows."""
    last = job.edits.order_by("-pk").values_list("before", flat=True).first() or {"segments": {}}
    return all(last["segments"].get(str(pk), {}) is None for pk in rows)


def _lines_apart(row: Segment, span: Span) -> tuple[list[str], int | None]:
    """Return the text of a row before, in and after a span, as far as there is some, and which of it is in it; None for none."""
    words = _words_of(row)
    if not words:
        return [shown(row.text)], 0
    first = sum(word.start < span[0] - SAME_MOMENT for word in words)
    last = sum(word.start <= span[1] + SAME_MOMENT for word in words)
    before, inside, after = (shown(text_of(some)) for some in (words[:first], words[first:last], words[last:]))
    return [line for line in (before, inside, after) if line], int(bool(before)) if inside else None


def _written(job: Job, here: _Here, lines: Sequence[str], *, ahead: int = 0) -> tuple[Rows, list[Segment]]:
    """Return how a segment's row is to be, and the further ones where it is split.

    Each of these is a segment of its own, after those that are made `ahead` of them. What speakers shared with the split one
    follows its last part.
    """
    row, (own, *others) = here.row, _lines(here.row, lines)
    segments: Rows = {str(row.pk): own}
    if not others:
        return segments, []
    index = _free_index(job, row.piece) + ahead
    created = [_new(row, columns, index=index + number) for number, columns in enumerate(others)]
    following = job.segments.filter(piece=row.piece, index=row.index, part__gt=row.part)
    for pk, part in following.values_list("pk", "part"):
        segments[str(pk)] = {"index": created[-1].index, "part": part - row.part}
    _check_order([row, *created, here.after], NO_TIME_TO_SPLIT)
    return segments, created


def _lines(row: Segment, lines: Sequence[str]) -> list[Columns]:
    """Return the columns of the segments that a segment's new text makes, one for each of its lines."""
    if [shown(row.text)] == list(lines):
        return [{name: getattr(row, name) for name in ("start", "end", "text", "words")}]
    words = correct(_words_of(row), lines, start=row.start, end=row.end)
    if not row.words:
        words = [[] for _ in lines]
    edges = _edges(row, lines, words)
    return [_columns(line, *edge, some) for line, edge, some in zip(lines, edges, words, strict=True)]


def _edges(row: Segment, lines: Sequence[str], words: Sequence[Sequence[Word]]) -> list[Span]:
    """Return from when to when each line lasts: as its words do, and as the segment does where it begins and ends."""
    if not row.words:
        total = sum(map(len, lines))
        places = [sum(map(len, lines[:number])) / total for number in range(len(lines) + 1)]
        times = [row.start + place * (row.end - row.start) for place in places]
        return list(pairwise(times))
    starts = [row.start, *(some[0].start for some in words[1:])]
    ends = [*(some[-1].end for some in words[:-1]), row.end]
    return [(start, max(start, end)) for start, end in zip(starts, ends, strict=True)]


def _columns(text: str, start: float, end: float, words: Sequence[Word]) -> Columns:
    """Return what a row says. Joined, the words are its text, the space before it included."""
    rows = [word.row for word in words]
    return {"start": start, "end": end, "text": text_of(words) if words else f" {text}", "words": rows}


def _new(row: Segment, columns: Columns, *, index: int) -> Segment:
    """Return a segment like another one, apart from it."""
    return Segment(job_id=row.job_id, **_position(row) | columns | {"index": index, "part": 0})


def _position(row: Segment) -> Columns:
    return {name: getattr(row, name) for name in CONTENT}


def _words_of(row: Segment) -> list[Word]:
    return [Word.from_row(word) for word in row.words]


def _words(row: Segment, other: Segment) -> list[Word]:
    """Return the words of a segment that is joined with another one: estimated where only the other one has any."""
    if row.words or not other.words:
        return _words_of(row)
    return estimate(shown(row.text), row.start, row.end)


def _free_index(job: Job, piece: int) -> int:
    last = job.segments.filter(piece=piece).aggregate(last=Max("index"))["last"] or 0
    return max(BY_HAND, last + 1)


def _room(job: Job, here: _Here, seconds: float, where: Literal["before", "after"]) -> Span:
    """Return when something is said for which there is this much time at the most. Raises EditRefused where there is none."""
    row = here.row
    if where == "before":
        low, high, edge = (here.before.end if here.before else 0.0), row.start, None if here.before else AT_START
    else:
        low, high = row.end, here.after.start if here.after else _end_of(job, row.end + seconds)
        edge = None if here.after else AT_END
    if not is_room(low, high):
        raise EditRefused(edge or NO_ROOM)
    length = min(high - low, max(seconds, LEAST_ROOM))
    return (high - length, high) if where == "before" else (low, low + length)


def _limits(job: Job, here: _Here) -> Span:
    """Return how far a segment can reach. What it shares with one beside it already, it can keep."""
    row, before, after = here.row, here.before, here.after
    low = min(row.start, before.end) if before else 0.0
    low = row.start if before and before.end > row.start else low
    high = max(row.end, after.start) if after else max(row.end, _end_of(job, row.end))
    return low, row.end if after and after.start < row.end else high


def _end_of(job: Job, otherwise: float) -> float:
    """Return the length of the recording."""
    return job.recording.duration_seconds or otherwise


def _check_order(rows: Sequence[Segment | None], sentence: str) -> None:
    """Raise EditRefused where rows would not stand in this order."""
    keys = [(row.start, row.piece, row.index, row.part) for row in rows if row is not None]
    if keys != sorted(keys):
        raise EditRefused(sentence)
