"""What becomes of a segment's words when a person writes its text anew. Pure: it knows neither rows nor requests.

Words that were not touched keep their exact times. A word whose letters are the same, such as one that got a comma or a capital,
keeps them too. What was written is put between its neighbours: in place of the words that it replaces, in proportion to the
lengths. Such times are marked as estimated.
"""

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate, pairwise
from typing import Any, Self

from transcripts.paragraphs import JOINED, UNSPACED

QUICKEST_SECONDS = 0.04
"""A character takes no less: fast speech has about 20 of them in a second."""
SLOWEST_SECONDS = 0.12
"""Nor more, where words are put into a silence that could hold many."""
MOST_ALIKE = 20_000
"""Pairs of tokens that are the same. Where there are more, which only texts have that repeat themselves, all is written anew: to
compare 500 times the same character takes seconds."""
DECIMALS = 3

Span = tuple[float, float]
Range = tuple[int, int]
"""The first, and without it the last."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the space in front of it, if there is one. `probability` is None where a person wrote it, or a rule of theirs.

    `is_heard` says that a person listened to it and found it right.
    """

    start: float
    end: float
    text: str
    probability: float | None
    is_estimated: bool = False
    is_heard: bool = False

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """Return the word that a segment keeps as [start, end, text, probability]; then, where one of them is true, whether its
        times are estimated and whether a person has heard it.
        """
        return cls(*row)

    @property
    def row(self) -> list[Any]:
        row = [self.start, self.end, self.text, self.probability]
        if self.is_heard:
            return [*row, self.is_estimated, True]
        return [*row, True] if self.is_estimated else row


@dataclass(frozen=True, slots=True)
class Token:
    """What is compared: a word between spaces, or one character of the scripts that put none. `space` is what stands before it."""

    text: str
    space: str
    line: int = 0

    @property
    def key(self) -> str:
        """Return its letters and digits, which tell whether it is the same word; all of it where it has none."""
        folded = unicodedata.normalize("NFC", self.text).casefold()
        return "".join(each for each in folded if unicodedata.category(each)[0] in "LNM") or self.text


@dataclass(frozen=True, slots=True)
class _Same:
    """Old words that stand in the new text as well, as these of its tokens."""

    words: Range
    tokens: Range


def text_of(words: Iterable[Word]) -> str:
    return "".join(word.text for word in words)


def correct(words: Sequence[Word], lines: Sequence[str], *, start: float, end: float) -> list[list[Word]]:
    """Return the words of each line of the new text of a segment, which lies between two times.

    They neither overlap nor run backwards where the old ones did not. Empty lists where there were no words: then nothing is known
    of their times.
    """
    found: list[list[Word]] = [[] for _ in lines]
    if not words:
        return found
    new = [token for number, line in enumerate(lines) for token in tokens(line, number)]
    word = token = 0
    for same in [*_same(words, new), _Same((len(words),) * 2, (len(new),) * 2)]:
        written, replaced = new[token : same.tokens[0]], words[word : same.words[0]]
        bounds = _bounds(words, (word, same.words[0]), start, end)
        spans = _place([len(each.text) for each in written], replaced, bounds, is_first=word == 0)
        for each, span in zip(written, spans, strict=True):
            found[each.line].append(Word(*span, each.space + each.text, None, is_estimated=True))
        if same.words[0] < same.words[1]:
            found[new[same.tokens[0]].line] += _kept(words[slice(*same.words)], new[slice(*same.tokens)])
        word, token = same.words[1], same.tokens[1]
    return found


def tokens(text: str, line: int = 0) -> list[Token]:
    """Return what a text is compared by."""
    found: list[Token] = []
    for chunk in text.split():
        for number, piece in enumerate(_pieces(chunk)):
            is_glued = number > 0 or (not found and JOINED.match(piece))
            found.append(Token(piece, "" if is_glued else " ", line))
    return found


def _pieces(chunk: str) -> list[str]:
    """Cut what stands between two spaces before each letter of a script without spaces. Marks stay with what they belong to."""
    if not UNSPACED.search(chunk):
        return [chunk]
    pieces = [""]
    for character in chunk:
        is_letter = unicodedata.category(character)[0] in "LN"
        if is_letter and _is_apart(character, pieces[-1]):
            pieces.append("")
        pieces[-1] += character
    return pieces


def _is_apart(letter: str, before: str) -> bool:
    last = next((each for each in reversed(before) if unicodedata.category(each)[0] in "LN"), "")
    return bool(last) and bool(UNSPACED.match(letter) or UNSPACED.match(last))


def _same(words: Sequence[Word], new: Sequence[Token]) -> Iterator[_Same]:
    """Yield the old words that the new text has too, in order."""
    old = tokens(text_of(words))
    match = matches([token.key for token in old], [token.key for token in new])
    for some, these in _atoms(words, old):
        first = match.get(these[0])
        if first is None or any(match.get(number) != first + number - these[0] for number in range(*these)):
            continue
        found = new[first : first + these[1] - these[0]]
        is_one = not any(token.space for token in found[1:]) and len({token.line for token in found}) == 1
        is_alike = some[1] - some[0] == 1 or [token.text for token in found] == [
            token.text for token in old[slice(*these)]
        ]
        if is_one and is_alike:
            yield _Same(some, (first, first + len(found)))


def _atoms(words: Sequence[Word], old: Sequence[Token]) -> Iterator[tuple[Range, Range]]:
    """Yield the smallest groups of words that are whole tokens: “well-known” may be two words, and one word of Chinese two tokens."""
    word_ends = list(accumulate(len("".join(word.text.split())) for word in words))
    token_ends = list(accumulate(len(token.text) for token in old))
    word = token = 0
    for end in sorted(set(word_ends) & set(token_ends) - {0}):
        last_word, last_token = bisect_right(word_ends, end), bisect_right(token_ends, end)
        yield (word, last_word), (token, last_token)
        word, token = last_word, last_token


def matches(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Return which place of the new list each element of the old one has there, where it has one: a longest common part of both."""
    shorter = min(len(old), len(new))
    head = next((number for number in range(shorter) if old[number] != new[number]), shorter)
    rest = shorter - head
    tail = next((number for number in range(rest) if old[-1 - number] != new[-1 - number]), rest)
    found = {number: number for number in range(head)}
    found |= {len(old) - 1 - number: len(new) - 1 - number for number in range(tail)}
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    counts = Counter(b)
    if sum(counts[key] for key in a) <= MOST_ALIKE:
        blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        found |= {head + block.a + step: head + block.b + step for block in blocks for step in range(block.size)}
    return found


def _kept(words: Sequence[Word], found: Sequence[Token]) -> list[Word]:
    """Return words as they were, in the spelling and with the space that the text has now."""
    first, *others = words
    if not others:
        return [replace(first, text=found[0].space + "".join(token.text for token in found))]
    return [replace(first, text=found[0].space + first.text.lstrip()), *others]


def _bounds(words: Sequence[Word], changed: Range, start: float, end: float) -> Span:
    """Return the times between which what replaces these words may lie."""
    first, last = changed
    low = words[first - 1].end if first else min(start, words[0].start)
    high = words[last].start if last < len(words) else max(end, words[-1].end)
    return low, max(low, high)


def _place(lengths: Sequence[int], replaced: Sequence[Word], bounds: Span, *, is_first: bool) -> list[Span]:
    """Return when words of so many characters are said: one after the other, within the bounds."""
    if not lengths:
        return []
    begin, finish = _room(sum(lengths), replaced, bounds, is_first=is_first)
    is_as_it_was = bool(replaced) and (begin, finish) == (replaced[0].start, replaced[-1].end)
    if is_as_it_was and len(lengths) == len(replaced):
        return [(word.start, word.end) for word in replaced]
    knots = _knots(replaced) if is_as_it_was else [(0.0, begin), (1.0, finish)]
    total = sum(lengths)
    edges = [0.0, *(place / total for place in accumulate(lengths))]
    spans = [(_time_after(knots, one), _time_before(knots, other)) for one, other in pairwise(edges)]
    return [(_rounded(one, (begin, finish)), _rounded(max(one, other), (begin, finish))) for one, other in spans]


def _room(characters: int, replaced: Sequence[Word], bounds: Span, *, is_first: bool) -> Span:
    """Return the time that so many characters get: that of the words in whose place they are, more where that is too short."""
    low, high = bounds
    if replaced:
        begin = min(max(replaced[0].start, low), high)
        finish = min(max(replaced[-1].end, begin), high)
        lack = max(0.0, characters * QUICKEST_SECONDS - (finish - begin))
        return max(low, begin - lack / 2), min(high, finish + lack / 2)
    length = min(high - low, characters * SLOWEST_SECONDS)
    return (high - length, high) if is_first else (low, low + length)


def _knots(words: Sequence[Word]) -> list[tuple[float, float]]:
    """Return which time goes with which share of the characters of some words. Where they pause, one share has two times."""
    total = sum(len(word.text.strip()) or 1 for word in words)
    edges = [0.0, *(place / total for place in accumulate(len(word.text.strip()) or 1 for word in words))]
    pairs = zip(pairwise(edges), words, strict=True)
    return [knot for (one, other), word in pairs for knot in ((one, word.start), (other, word.end))]


def _time_before(knots: Sequence[tuple[float, float]], share: float) -> float:
    """Return the time at a share of the characters; where there are two, the earlier one."""
    last = next((number for number, knot in enumerate(knots) if knot[0] >= share), len(knots) - 1)
    return _between(knots[max(0, last - 1)], knots[last], share)


def _time_after(knots: Sequence[tuple[float, float]], share: float) -> float:
    """Return the time at a share of the characters; where there are two, the later one."""
    first = next(number for number in reversed(range(len(knots))) if knots[number][0] <= share)
    return _between(knots[first], knots[min(first + 1, len(knots) - 1)], share)


def _between(one: tuple[float, float], other: tuple[float, float], share: float) -> float:
    if share <= one[0] or one[0] == other[0]:
        return one[1] if share <= one[0] else other[1]
    return one[1] + (other[1] - one[1]) * min(1.0, (share - one[0]) / (other[0] - one[0]))


def _rounded(seconds: float, bounds: Span) -> float:
    """Return a time to the millisecond, and not beyond the bounds, which may be more exact."""
    low, high = bounds
    return min(max(round(seconds, DECIMALS), low), high)


def retime(words: Sequence[Word], old: Span, new: Span) -> list[Word]:
    """Return the words of a segment that lasts from another time to another time than before.

    Where it is as long as before, they are moved. Where only its edges move, without passing a word, that word begins or ends with
    it. Else all are stretched to fit, and their times are estimates.
    """
    if not words:
        return []
    if round(old[1] - old[0] - new[1] + new[0], DECIMALS) == 0:
        return _shifted(words, new[0] - old[0], new)
    if len(words) > 1 and new[0] < words[0].end and new[1] > words[-1].start:
        first = replace(words[0], start=new[0] if words[0].start <= max(old[0], new[0]) else words[0].start)
        last = replace(words[-1], end=new[1] if words[-1].end >= min(old[1], new[1]) else words[-1].end)
        return [first, *words[1:-1], last]
    return _stretched(words, old, new)


def _shifted(words: Sequence[Word], seconds: float, new: Span) -> list[Word]:
    return [
        replace(word, start=_rounded(word.start + seconds, new), end=_rounded(word.end + seconds, new))
        for word in words
    ]


def _stretched(words: Sequence[Word], old: Span, new: Span) -> list[Word]:
    low, high = min(old[0], words[0].start), max(old[1], words[-1].end)
    factor = (new[1] - new[0]) / (high - low) if high > low else 0.0

    def moved(seconds: float) -> float:
        return _rounded(new[0] + (seconds - low) * factor, new)

    return [replace(word, start=moved(word.start), end=moved(word.end), is_estimated=True) for word in words]


def estimate(text: str, start: float, end: float) -> list[Word]:
    """Return words for a text of which nothing is known but when it begins and ends."""
    found = tokens(text)
    total = sum(len(token.text) for token in found)
    edges = [
        min(end, start + (end - start) * place / total)
        for place in accumulate((len(token.text) for token in found), initial=0)
    ]
    return [
        Word(one, other, token.space + token.text, None, is_estimated=True)
        for token, (one, other) in zip(found, pairwise(edges), strict=True)
    ]
