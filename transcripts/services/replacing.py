"""Find and replace over a transcript: plain text, within the segments."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User

from transcripts.exports.rows import printable
from transcripts.models import Edit, Job, Segment
from transcripts.rules import places
from transcripts.services.corrections import ALL_THERE_IS, LONGEST_TEXT, TOO_LONG, corrected, shown
from transcripts.services.patches import EditRefused, Rows, carry_out, editing

NOTHING_FOUND = "This is not in the text, so nothing was changed."
OTHERWISE = "The text was changed since, and it is found in other places now. Look at them again."


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and what takes its place. Whole words end where no letter or digit follows."""

    find: str
    replacement: str = ""
    match_case: bool = False
    whole_words: bool = False

    def pieces(self, text: str) -> list[str]:
        """Return a text cut into what is left, then what is found, and so on in turns; in one piece where nothing is."""
        wanted = printable(self.find)
        wanted = wanted.strip() if self.whole_words else wanted
        pieces, at = [], 0
        for start, end in places(text, wanted, match_case=self.match_case, whole_words=self.whole_words):
            pieces += [text[at:start], text[start:end]]
            at = end
        return [*pieces, text[at:]]

    def apply(self, text: str) -> str:
        left = self.pieces(text)[::2]
        return shown(self.replacement.join(left))


@dataclass(frozen=True, slots=True)
class Hit:
    """A segment in which it is found: its text cut into what is left, then what is found, and so on in turns."""

    row: Segment
    pieces: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.pieces) // 2


def find(job: Job, search: Search) -> list[Hit]:
    """Return where something is found in a text, in order. Nothing is, where nothing is looked for."""
    return list(_find(job, search)) if shown(search.find) else []


def replace_all(job: Job, search: Search, *, count: int, author: User | None) -> Edit:
    """Replace what is found, in as many places as the person was shown. Raises EditRefused where these are others by now."""
    with editing(job.pk) as locked:
        hits = find(locked, search)
        if not hits:
            raise EditRefused(NOTHING_FOUND)
        if sum(hit.count for hit in hits) != count:
            raise EditRefused(OTHERWISE)
        texts = {hit.row: search.apply(shown(hit.row.text)) for hit in hits}
        if any(len(text) > LONGEST_TEXT for text in texts.values()):
            raise EditRefused(TOO_LONG)
        segments: Rows = {str(row.pk): corrected(row, text) if text else None for row, text in texts.items()}
        gone = [pk for pk, columns in segments.items() if columns is None]
        if gone and not locked.segments.words().exclude(pk__in=gone).exists():
            raise EditRefused(ALL_THERE_IS)
        return carry_out(locked, {"segments": segments}, kind=Edit.Kind.REPLACE, author=author)


def _find(job: Job, search: Search) -> Iterator[Hit]:
    for row in job.segments.words():
        pieces = search.pieces(shown(row.text))
        if len(pieces) > 1:
            yield Hit(row, tuple(pieces))
