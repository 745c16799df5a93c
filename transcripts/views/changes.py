"""What has to be put into a page that shows one state of a text so that it shows another one."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from transcripts.views.text import PageParagraph, Position


@dataclass(frozen=True, slots=True)
class Insertion:
    """New paragraphs that follow each other, `before` one that the page has; None for the end of the text."""

    before: Position | None
    paragraphs: tuple[PageParagraph, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Paragraphs that go away, that look different, and that are new. The page takes them in this order."""

    gone: tuple[Position, ...] = ()
    replaced: tuple[PageParagraph, ...] = ()
    inserted: tuple[Insertion, ...] = ()


def changes(old: Iterable[PageParagraph], new: Iterable[PageParagraph]) -> Changes:
    """Return what makes the old text the new one. A paragraph is known by its first segment."""
    new = list(new)
    shown = {paragraph.first: paragraph for paragraph in old}
    kept = [paragraph for paragraph in new if paragraph.first in shown]
    here = {paragraph.first for paragraph in kept}
    return Changes(
        gone=tuple(first for first in shown if first not in here),
        replaced=tuple(paragraph for paragraph in kept if paragraph != shown[paragraph.first]),
        inserted=tuple(_insertions(new, here)),
    )


def _insertions(new: list[PageParagraph], here: set[Position]) -> Iterable[Insertion]:
    runs = [(is_here, tuple(run)) for is_here, run in groupby(new, key=lambda paragraph: paragraph.first in here)]
    for number, (is_here, run) in enumerate(runs):
        if not is_here:
            following = runs[number + 1][1][0].first if number + 1 < len(runs) else None
            yield Insertion(following, run)
