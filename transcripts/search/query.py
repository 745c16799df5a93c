"""What a person looks for: words, "phrases", beginnings* and -exclusions. Anything can be typed; what says nothing is passed over."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transcripts.search.words import Token, is_unspaced, shown, tokens

MOST_TERMS = 16
MOST_WORDS = 32
"""Of one phrase."""
SHORTEST_BEGINNING = 2
"""Of a word that goes on: one letter begins half of what was said."""
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂", '"') | {"＊": "*", "−": "-", "–": "-", "—": "-", "－": "-"})
TERM = re.compile(r'(?P<minus>(?<!\S)-+)?(?:"(?P<phrase>[^"]*)(?:"|$)(?P<star>\*)?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; with `goes_on` the last one may be only the beginning of a word."""

    words: tuple[str, ...]
    goes_on: bool = False

    def places(self, found: Sequence[Token]) -> Iterator[tuple[int, int]]:
        """Yield where the term stands among these tokens: its first one, and the one after its last."""
        count = len(self.words)
        texts = [token.word for token in found]
        for first in range(len(texts) - count + 1):
            if self.matches(texts[first : first + count]):
                yield first, first + count

    def matches(self, words: Sequence[str]) -> bool:
        """Return whether as many words as it has are what it looks for."""
        if self.goes_on:
            return tuple(words[:-1]) == self.words[:-1] and words[-1].startswith(self.words[-1])
        return tuple(words) == self.words


@dataclass(frozen=True, slots=True)
class Query:
    """All of `wanted` have to be in a passage, and none of `excluded`."""

    wanted: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted)


def parse(text: str) -> Query:
    """Return what a text asks for: nothing, where there is no word in it. Never fails."""
    wanted: list[Term] = []
    excluded: list[Term] = []
    for found in TERM.finditer(text.translate(QUOTES)):
        written = found["phrase"] if found["word"] is None else found["word"]
        term = _term(written, goes_on=bool(found["star"]) or (found["word"] or "").endswith("*"))
        if term:
            (excluded if found["minus"] else wanted).append(term)
    return Query(_distinct(wanted), _distinct(excluded))


def _distinct(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(terms))[:MOST_TERMS]


def _term(text: str, *, goes_on: bool) -> Term | None:
    """Return the term for what stands between two spaces, or two quotes; None where there is no word in it.

    Letters without spaces between words are found wherever they stand: in the text a pair or the last letter alone follows
    them, so of several the last one says nothing, and a single one is the beginning of a pair.
    """
    found = list(tokens(shown(text)))[:MOST_WORDS]
    if not found:
        return None
    words, last = [token.word for token in found], found[-1]
    if not is_unspaced(last.word):
        return Term(tuple(words), goes_on and len(last.word) >= SHORTEST_BEGINNING)
    has_pair = len(found) > 1 and found[-2].end == last.end and is_unspaced(found[-2].word)
    return Term(tuple(words[:-1])) if has_pair and len(last.word) == 1 else Term(tuple(words), goes_on=True)
