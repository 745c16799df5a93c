"""The words by which a text is found: without case and accents, and pairs of letters where no space stands between words.

Both databases get words that are cut and folded here, so that they cannot disagree about what a word is.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import category, normalize

from transcripts.folding import folded

LONGEST_WORD = 64
"""In characters. The rest of a longer one is not looked at."""

MARKS = "".join(letter for letter in map(chr, range(0x300, 0x10000)) if category(letter) in ("Mn", "Mc"))
"""Vowel signs and accents that follow a letter: to `re` they are no part of a word."""
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"  # Kana, Han
    "\uac00-\ud7a3"  # Hangul has spaces, but what follows a noun is written together with it.
)
WORD = re.compile(rf"[\w{MARKS}]+")
RUN = re.compile(rf"[{UNSPACED}]+|[^{UNSPACED}]+")
STARTS_UNSPACED = re.compile(rf"[{UNSPACED}]")
PLAIN_WORD = re.compile(r"[a-z0-9]+")
NOT_WORD = re.compile(rf"[^\w{MARKS}]|_")


class Token(NamedTuple):
    """A word as it is found by, and where it stands in its text."""

    word: str
    start: int
    end: int


def shown(text: str) -> str:
    """Return a text as its tokens are counted in: it looks the same, and each letter is one with its accents."""
    return text if text.isascii() else normalize("NFC", text)


def indexed(text: str) -> str:
    """Return the words of a text as the index has them, with spaces between them."""
    if text.isascii():
        return " ".join(word[:LONGEST_WORD] for word in PLAIN_WORD.findall(text.lower()))
    return " ".join(token.word for token in tokens(shown(text)))


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a text that `shown` returned. Of letters without spaces between words: each pair, and the last one."""
    for found in WORD.finditer(text.replace("_", " ")):
        at = found.start()
        for run in RUN.findall(found[0]):
            yield from _pairs(run, at) if STARTS_UNSPACED.match(run) else _word(run, at)
            at += len(run)


def is_unspaced(word: str) -> bool:
    return STARTS_UNSPACED.match(word) is not None


def _word(run: str, at: int) -> Iterator[Token]:
    word = NOT_WORD.sub("", folded(run))[:LONGEST_WORD]
    if word:
        yield Token(word, at, at + len(run))


def _pairs(run: str, at: int) -> Iterator[Token]:
    letters = [NOT_WORD.sub("", folded(letter)) for letter in run]
    for index, letter in enumerate(letters):
        pair = letter + "".join(letters[index + 1 : index + 2])
        if pair:
            yield Token(pair, at + index, at + min(index + 2, len(run)))
