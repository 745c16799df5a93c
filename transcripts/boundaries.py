"""Where words begin and end, for what is to be found as a whole word. Pure.

A vowel sign or an accent belongs to the letter before it. Where a script puts no space between words, nobody can tell without a
dictionary: there any place will do that cuts no syllable in two, and no row of katakana, which is one word more often than not.
"""

import re
from unicodedata import category

from transcripts.paragraphs import UNSPACED

JOINERS = "\u200c\u200d"
"""They show nothing themselves, but make Persian words and emoji what they are."""
KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff]")
LEADS = re.compile(r"[\u0e40-\u0e44\u0ec0-\u0ec4\u1039\u17d2]")
"""Before a letter of the same syllable: vowels of Thai and Lao that are written first, what stacks letters in Burmese and Khmer."""
VOWELS = re.compile(r"[\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]")
"""After a letter of the same syllable: the other vowels of Thai and Lao, as far as they are letters."""
FOLLOWS = re.compile(r"[ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々ゝゞヽヾ]")
"""Goes on with what is before it, though a word may begin with some: small kana, what repeats or lengthens."""


def is_bounded(text: str, start: int, end: int) -> bool:
    """Return whether a stretch of a text that is not empty begins and ends where a word does."""
    return begins_word(text, start) and ends_word(text, end)


def begins_word(text: str, at: int) -> bool:
    """Return whether what begins at this place of a text is not cut off from what stands before it."""
    before = text[max(0, at - 1) : at]
    if LEADS.match(before) or (before and _is_sign(text[at])):
        return False
    return not _is_of_word(before) or _is_break(before, text[at])


def ends_word(text: str, at: int) -> bool:
    """Return whether what ends before this place of a text is not cut off from what stands after it."""
    after = text[at : at + 1]
    if after and (_is_sign(after) or FOLLOWS.match(after)):
        return False
    return not _is_of_word(after) or _is_break(text[at - 1], after)


def _is_break(one: str, other: str) -> bool:
    """Return whether one of two letters is of a script without spaces, and they are not both katakana."""
    is_of_such = UNSPACED.match(one) or UNSPACED.match(other)
    return bool(is_of_such) and not (KATAKANA.match(one) and KATAKANA.match(other))


def _is_sign(letter: str) -> bool:
    """Return whether a letter, accent or vowel sign is of the syllable of the one before it."""
    return category(letter)[0] == "M" or bool(VOWELS.match(letter))


def _is_of_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_" or (letter != "" and (letter in JOINERS or category(letter)[0] == "M"))
