"""Word error rate, with Whisper's own normalisers. Runs in the engine process: openai-whisper imports torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

CHARACTER_LANGUAGES = {"zh", "ja", "ko", "th", "yue"}
"""Scored by character: words are not told apart by spaces, or not in one way."""


@dataclass(frozen=True, slots=True)
class Score:
    """Errors (substitutions, deletions, insertions) against a number of reference words, or characters."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        return self.errors / self.words if self.words else 0.0


def score(reference: str, heard: str, *, language: str) -> Score:
    """Return the error rate of a text after both were normalised."""
    normalise = normaliser(language)
    wanted, found = normalise(reference).split(), normalise(heard).split()
    return Score(edit_distance(wanted, found), len(wanted))


def normaliser(language: str) -> Callable[[str], str]:
    """Return what leaves of a text what is compared: Whisper's English normaliser, or its basic one."""
    from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

    basic: Callable[[str], str] = BasicTextNormalizer(split_letters=language in CHARACTER_LANGUAGES)
    english: Callable[[str], str] = EnglishTextNormalizer()
    return english if language == "en" else basic


def edit_distance(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Return the least number of words to change, add or leave out (Levenshtein)."""
    row = list(range(len(found) + 1))
    for index, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(found, 1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (word != other)),
            )
    return row[-1]
