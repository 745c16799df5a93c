"""Where a line of text may be broken, and how wide it is on the screen."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uff00-\uff9f\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Chinese and Japanese: a line may be broken between two characters."""
NEVER_FIRST = {"Mn", "Mc", "Me", "Lm", "Cf", "Sk", "Pe", "Pf", "Po"}
"""Categories that do not begin a line: marks on the character before, closing brackets, full stops and the like."""
SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ")
NEVER_LAST = {"Ps", "Pi"}
BOUND_TO_NEXT = frozenset("เแโใไເແໂໃໄ\u17d2\u1039")
"""Vowels that Thai and Lao write before their consonant; signs that put the next consonant below."""


def chunks(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each part of a text that stays on one line: a word, in some scripts a character."""
    for word in re.finditer(r"\S+", text):
        start, end = word.span()
        for middle in range(start + 1, end):
            if _may_break(text[middle - 1], text[middle]):
                yield start, middle
                start = middle
        yield start, end


def _may_break(before: str, after: str) -> bool:
    if before.isascii() and after.isascii():
        return False
    if not UNSPACED.match(before) and not UNSPACED.match(after):
        return False
    if after in SMALL_KANA or unicodedata.category(after) in NEVER_FIRST:
        return False
    return before not in BOUND_TO_NEXT and unicodedata.category(before) not in NEVER_LAST


def width(text: str) -> int:
    """Return how many columns a text takes: two for an East Asian wide character, none for a mark on another one."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
