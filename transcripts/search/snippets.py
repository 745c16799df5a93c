"""What is shown of a text in which something was found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transcripts.search.query import Query
from transcripts.search.words import Token, is_unspaced, shown, tokens

LONGEST = 280
"""In characters: a sentence or two."""
BEFORE = 80
"""How many characters of a longer text stand before the first word that was found."""
ELLIPSIS = "…"

Words = Iterable[Sequence[object]]
"""Words of a segment as its row has them: start, end, text, probability."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: what was found, or what stands around it."""

    text: str
    is_found: bool = False


def pieces(query: Query, text: str, *, longest: int = LONGEST) -> list[Piece]:
    """Return a text with what was found in it marked; of a long one what is around the first place."""
    text = shown(" ".join(text.split()))
    return list(_cut(text, spans(query, text), longest))


def spans(query: Query, text: str) -> list[tuple[int, int]]:
    """Return where the words of a query stand in a text that `shown` returned, in order; stretches that touch are one."""
    found = list(tokens(text))
    marked = sorted(
        (found[first].start, _end(found[last - 1], term.words[-1]))
        for term in query.wanted
        for first, last in term.places(found)
    )
    joined: list[tuple[int, int]] = []
    for start, end in marked:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _end(token: Token, word: str) -> int:
    """Return where a match ends: of a pair of letters, of which one was looked for, only that one is marked."""
    return token.start + 1 if is_unspaced(word) and len(word) == 1 else token.end


def _cut(text: str, found: list[tuple[int, int]], longest: int) -> Iterator[Piece]:
    first = found[0][0] if found else 0
    begin = _word_start(text, first - BEFORE) if len(text) > longest and first > BEFORE else 0
    stop = len(text) if len(text) - begin <= longest else begin + longest
    at = begin
    if begin:
        yield Piece(ELLIPSIS)
    for start, end in found:
        if start >= stop:
            break
        if start > at:
            yield Piece(text[at:start])
        yield Piece(text[start : min(end, stop)], is_found=True)
        at = min(end, stop)
    if at < stop:
        yield Piece(text[at:stop])
    if stop < len(text):
        yield Piece(ELLIPSIS)


def _word_start(text: str, at: int) -> int:
    """Return where the next word begins, near a place."""
    space = text.find(" ", at, at + BEFORE // 2)
    return at if space < 0 else space + 1


def second_of(query: Query, text: str, words: Words) -> float | None:
    """Return at which second the first word that was found is spoken; None where the words do not tell."""
    text = shown(text)
    found = spans(query, text)
    if not found:
        return None
    second, at = None, 0
    for start, _end, word, *_ in words:
        spoken = shown(str(word).strip())
        place = text.find(spoken, at)
        if place < 0 or not spoken:
            continue
        if place > found[0][0]:
            break
        second, at = float(str(start)), place + len(spoken)
    return second
