"""How many words of a text are perhaps wrong, and where the first one is."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcripts.views.text import LONG_PARAGRAPHS, PageParagraph, Position


@dataclass(frozen=True, slots=True)
class DoubtfulWords:
    """`first` is the paragraph that has the first of them. `count` is None in a long text: the page counts what it shows."""

    first: Position
    count: int | None


def find_doubtful(text: Sequence[PageParagraph]) -> DoubtfulWords | None:
    """Return None where no word is doubtful. The words of a long text are not looked at: it may have some."""
    if len(text) > LONG_PARAGRAPHS:
        return DoubtfulWords(text[0].first, None)
    counts = [(paragraph.first, paragraph.doubtful_count) for paragraph in text]
    first = next((first for first, count in counts if count), None)
    return DoubtfulWords(first, sum(count for _, count in counts)) if first else None
