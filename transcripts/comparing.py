"""Two versions of a transcript, word by word and side by side. Pure: it knows neither rows nor requests.

Words are compared within windows of time. A window ends where both versions say the same few words at about the same moment, so
that hours of speech cost what their minutes cost.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal

from transcripts.correcting import Range, Token, matches, tokens
from transcripts.paragraphs import JOINED, UNSPACED, paragraphs

WINDOW_WORDS = 40
"""A window has at least so many words of the first version, if it has them."""
MOST_WORDS = 600
"""It ends here where nothing is said by both: at the same second."""
ANCHOR_WORDS = 3
"""So many words in a row that both have are no coincidence..."""
ANCHOR_SECONDS = 2.0
"""...within so much time: two recognisers rarely differ by a second in when a word is said."""
MOST_NEAR = 200
"""So many words are looked at for that: nobody says more in this time, but a file that was brought may."""
LONG_WORDS = 70
"""What only the second version has is cut into its own paragraphs from here on: it may be an hour."""
REMEMBERED_WORDS = 20_000
WORD_START = re.compile(r'\[([\d.e+-]+), [\d.e+-]+, "')
"""In JSON. Within a word a quotation mark has a backslash before it."""

Kind = Literal["same", "gone", "new"]
"""As `transcripts.diffs` has it: gone is what only the first version has, new what only the second one has."""


@dataclass(frozen=True, slots=True)
class Line:
    """A segment as it is compared. `words` are as its row keeps them, as JSON: of hours of speech few need to be decoded."""

    start: float
    end: float
    text: str
    words: str = "[]"
    gap: str = ""
    speaker: int | None = None


LINE = [field.name for field in fields(Line)]


@dataclass(frozen=True, slots=True)
class Said:
    """A version as it is compared: its tokens, when each begins, what tells them apart, and where its paragraphs begin.

    `owners` has the segment of each token.
    """

    tokens: list[Token]
    starts: list[float]
    keys: list[str]
    heads: list[int]
    owners: list[Line]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one version in its row. `difference` counts from 1 over the whole text; 0 where both say the same."""

    kind: Kind
    space: str
    text: str
    difference: int = 0


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Tokens of the first version and those of the second that stand for them; the same ones or not."""

    is_same: bool
    left: Range
    right: Range

    @property
    def spans(self) -> tuple[Range, Range]:
        return self.left, self.right


@dataclass(frozen=True, slots=True)
class Row:
    """About a paragraph of both. `first` is the number of its first difference, where it has any."""

    stretches: tuple[_Stretch, ...]
    first: int

    @property
    def differences(self) -> int:
        return sum(not stretch.is_same for stretch in self.stretches)


class Comparison:
    """How two versions differ: `rows` in order of time. A side is 0 for the first version, 1 for the second one."""

    def __init__(self, left: Iterable[Line], right: Iterable[Line], *, exact: bool = False) -> None:
        """Compare letters and digits; with `exact` capitals and punctuation too."""
        self._sides = read(left), read(right)
        stretches = _slid(list(_stretches(*self._sides, exact=exact)), *self._sides)
        self.rows = list(_rows(stretches, _cuts(stretches, *self._sides)))

    @property
    def differences(self) -> int:
        return sum(row.differences for row in self.rows)

    def words(self, side: int, *, same: bool) -> int:
        """Return how many words of a version the other one has too, or lacks."""
        spans = (each.spans[side] for row in self.rows for each in row.stretches if each.is_same == same)
        return sum(last - first for first, last in spans)

    def start(self, row: Row) -> float:
        """Return when what a row shows begins, in seconds."""
        pairs = [pair for each in row.stretches for pair in zip(self._sides, each.spans, strict=True)]
        return min((said.starts[first] for said, (first, last) in pairs if first < last), default=0.0)

    def end(self, row: Row) -> float:
        """Return when what a row shows is over: where the segments of its last words end."""
        pairs = [pair for each in row.stretches for pair in zip(self._sides, each.spans, strict=True)]
        return max((said.owners[last - 1].end for said, (first, last) in pairs if first < last), default=0.0)

    def runs(self, row: Row, side: int) -> list[Run]:
        """Return what a version says in a row."""
        found, number = [], row.first
        for each in row.stretches:
            kind: Kind = "same" if each.is_same else ("gone", "new")[side]
            if some := self._sides[side].tokens[slice(*each.spans[side])]:
                space, text = some[0].space, "".join(token.space + token.text for token in some)
                found.append(Run(kind, space, text.removeprefix(space), 0 if each.is_same else number))
            number += not each.is_same
        return found

    def speaker(self, row: Row, side: int) -> int | None:
        """Return whoever begins a row in a version; None where they are not known, or it has nothing there."""
        said, spans = self._sides[side], (each.spans[side] for each in row.stretches)
        return next((said.owners[first].speaker for first, last in spans if first < last), None)


def read(segments: Iterable[Line]) -> Said:
    """Return a version, given in order of time, as it is compared."""
    said = Said([], [], [], [], [])
    for paragraph in paragraphs(segments):
        said.heads.append(len(said.tokens))
        for segment in paragraph.segments:
            found = _tokens(segment.text)
            said.tokens.extend(found)
            said.starts.extend(_times(segment, found))
            said.owners.extend([segment] * len(found))
    said.keys.extend(_key(token.text) for token in said.tokens)
    return said


def _tokens(text: str) -> list[Token]:
    """Return what `tokens` does, sooner where spaces stand between the words: most of them were there before."""
    if UNSPACED.search(text) or JOINED.search(text):
        return tokens(text)
    return [_token(chunk) for chunk in text.split()]


@lru_cache(REMEMBERED_WORDS)
def _token(chunk: str) -> Token:
    return Token(chunk, " ")


@lru_cache(REMEMBERED_WORDS)
def _key(text: str) -> str:
    return Token(text, "").key


def _times(segment: Line, found: Sequence[Token]) -> list[float]:
    """Return when each token of a segment begins: with the word that its first character is of."""
    starts = WORD_START.findall(segment.words)
    if len(starts) == len(found):
        return [float(start) for start in starts]
    places = list(accumulate((len(token.text) for token in found), initial=0))[:-1]
    words = json.loads(segment.words)
    if not words:
        length = sum(len(token.text) for token in found)
        return [segment.start + place / length * (segment.end - segment.start) for place in places]
    ends = list(accumulate(len("".join(word[2].split())) for word in words))
    return [words[min(bisect_left(ends, place + 1), len(ends) - 1)][0] for place in places]


def _stretches(left: Said, right: Said, *, exact: bool) -> Iterator[_Stretch]:
    """Yield what is the same and what is not, in turns."""
    kept: _Stretch | None = None
    for found in _pieces(left, right, exact=exact):
        if kept is None or kept.is_same != found.is_same:
            if kept is not None:
                yield kept
            kept = found
        else:
            kept = _Stretch(kept.is_same, (kept.left[0], found.left[1]), (kept.right[0], found.right[1]))
    if kept is not None:
        yield kept


def _pieces(left: Said, right: Said, *, exact: bool) -> Iterator[_Stretch]:
    for (a, last_a), (b, last_b) in _windows(left, right):
        match = matches(left.keys[a:last_a], right.keys[b:last_b])
        x, y = a, b
        for one, other in sorted((a + one, b + other) for one, other in match.items()):
            if (one, other) != (x, y):
                yield _Stretch(False, (x, one), (y, other))
            is_same = not exact or left.tokens[one].text == right.tokens[other].text
            yield _Stretch(is_same, (one, one + 1), (other, other + 1))
            x, y = one + 1, other + 1
        if (x, y) != (last_a, last_b):
            yield _Stretch(False, (x, last_a), (y, last_b))


def _slid(stretches: list[_Stretch], left: Said, right: Said) -> list[_Stretch]:
    """Return stretches in which words that only one version has are those at whose time the other one says nothing.

    Of a refrain that is sung twice in one version and once in the other, the words alone do not tell which one is missing.
    """
    for place, each in enumerate(stretches):
        if each.is_same or not _is_one_sided(each) or not 0 < place < len(stretches) - 1:
            continue
        for way in (-1, 1):
            if steps := _steps(stretches[place + way], each, left, right, way):
                stretches[place - 1 : place + 2] = _moved(stretches[place - 1 : place + 2], way * steps)
                break
    return stretches


def _is_one_sided(each: _Stretch) -> bool:
    return each.left[0] == each.left[1] or each.right[0] == each.right[1]


def _steps(beside: _Stretch, each: _Stretch, left: Said, right: Said, way: int) -> int:
    """Return by how many words a stretch of one version fits better if it begins earlier, or later for a `way` of 1."""
    mine, theirs, number = (right, left, 1) if each.left[0] == each.left[1] else (left, right, 0)
    first, last = each.spans[number]
    here, there = beside.spans[number], beside.spans[1 - number]
    steps = 0
    while steps < min(here[1] - here[0], last - first) - 1:  # One stays, or two differences would touch.
        freed = last - 1 - steps if way < 0 else first + steps
        taken = here[1] - 1 - steps if way < 0 else here[0] + steps
        other = theirs.starts[there[1] - 1 - steps if way < 0 else there[0] + steps]
        is_nearer = abs(mine.starts[freed] - other) < abs(mine.starts[taken] - other)
        if mine.tokens[freed].text != mine.tokens[taken].text or not is_nearer:
            break
        steps += 1
    return steps


def _moved(three: Sequence[_Stretch], steps: int) -> list[_Stretch]:
    """Return a stretch of one version and the two beside it, where it begins so many words later."""
    before, each, after = three
    a, last_a, b, last_b = (place + steps for place in (*each.left, *each.right))
    return [
        _Stretch(True, (before.left[0], a), (before.right[0], b)),
        _Stretch(False, (a, last_a), (b, last_b)),
        _Stretch(True, (last_a, after.left[1]), (last_b, after.right[1])),
    ]


def _windows(left: Said, right: Said) -> Iterator[tuple[Range, Range]]:
    """Yield tokens of both that are to be compared with each other, in order; together they are all."""
    # Where several people talk at the same time, a word may begin before the last one.
    order = list(accumulate(right.starts, max))
    a = b = 0
    while a < len(left.keys):
        last_a, last_b = _window_end(left, right, order, a, b)
        yield (a, last_a), (b, last_b)
        a, b = last_a, last_b
    if b < len(right.keys):
        yield (a, a), (b, len(right.keys))


def _window_end(left: Said, right: Said, order: Sequence[float], a: int, b: int) -> tuple[int, int]:
    latest = min(a + MOST_WORDS, len(left.keys))
    for one in range(a + WINDOW_WORDS, latest):
        if (other := _anchor(left, right, order, one, b)) is not None:
            return one, other
    if latest == len(left.keys):
        return latest, len(right.keys)
    return latest, max(b, bisect_left(order, left.starts[latest]))


def _anchor(left: Said, right: Said, order: Sequence[float], one: int, b: int) -> int | None:
    """Return the token of the second version from which it says the same as the first one from `one` on, at that time."""
    said, start = left.keys[one : one + ANCHOR_WORDS], left.starts[one]
    first = max(b, bisect_left(order, start - ANCHOR_SECONDS))
    last = min(first + MOST_NEAR, bisect_left(order, start + ANCHOR_SECONDS, lo=first))
    places = [place for place in range(first, last) if right.keys[place : place + ANCHOR_WORDS] == said]
    return min(places, key=lambda place: abs(right.starts[place] - start), default=None)


def _cuts(stretches: Iterable[_Stretch], left: Said, right: Said) -> list[tuple[int, int]]:
    """Return where rows begin: where paragraphs of the first version do, and those of the second where only that has text."""
    found: list[tuple[int, int]] = []
    for each in stretches:
        (a, last_a), (b, last_b) = each.left, each.right
        for head in _between(left.heads, a, last_a):
            step = head - a if each.is_same or head == a else _ahead(right, each.right, left.starts[head])
            found.append((head, b + step))
        if not each.is_same and last_b - b > LONG_WORDS:
            heads = _between(right.heads, b, last_b)
            found += [(a + _ahead(left, each.left, right.starts[head]), head) for head in heads]
    return _rising(found)


def _between(heads: Sequence[int], first: int, last: int) -> Sequence[int]:
    return heads[bisect_left(heads, first) : bisect_left(heads, last)]


def _ahead(said: Said, some: Range, seconds: float) -> int:
    """Return how many of some tokens begin before a time."""
    return next((step for step, start in enumerate(said.starts[slice(*some)]) if start >= seconds), some[1] - some[0])


def _rising(cuts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those of some places that follow each other in both versions."""
    found = [(0, 0)]
    for a, b in sorted(set(cuts)):
        if b >= found[-1][1] and (a, b) != found[-1]:
            found.append((a, b))
    return found


def _rows(stretches: Sequence[_Stretch], cuts: Sequence[tuple[int, int]]) -> Iterator[Row]:
    """Cut stretches into rows, and number what differs."""
    rest, number = list(reversed(stretches)), 1
    for _cut, bound in pairwise([*cuts, None]):
        some: list[_Stretch] = []
        while rest and (bound is None or _begins_before(rest[-1], bound)):
            each = rest.pop()
            here, after = _split(each, bound) if bound else (each, None)
            some.append(here)
            if after:
                rest.append(after)
                break
        if some:
            yield Row(tuple(some), number)
            number += sum(not each.is_same for each in some)


def _begins_before(each: _Stretch, bound: tuple[int, int]) -> bool:
    return each.left[0] < bound[0] or each.right[0] < bound[1]


def _split(each: _Stretch, bound: tuple[int, int]) -> tuple[_Stretch, _Stretch | None]:
    """Return what of a stretch stands before a place in both versions, and what after it."""
    a = min(max(bound[0], each.left[0]), each.left[1])
    b = min(max(bound[1], each.right[0]), each.right[1])
    if (a, b) == (each.left[1], each.right[1]):
        return each, None
    here = _Stretch(each.is_same, (each.left[0], a), (each.right[0], b))
    return here, _Stretch(each.is_same, (a, each.left[1]), (b, each.right[1]))
