"""How much of a text is meant when somebody says who speaks: a passage, a paragraph, a whole turn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from transcripts.models import Speaker
from transcripts.paragraphs import join_texts
from transcripts.times import stretch
from transcripts.views.text import Line, PageParagraph

LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Scope:
    """Some lines that follow each other, in words."""

    label: str
    lines: tuple[Line, ...]

    @property
    def value(self) -> str:
        """Return how a form names them."""
        return ",".join(str(line.pk) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Scopes:
    """What can be meant at one place of the text, the likeliest first, and who speaks there now."""

    scopes: tuple[Scope, ...]
    paragraph: PageParagraph

    @property
    def quote(self) -> str:
        return quoted(self.scopes[0].lines)

    @property
    def passages(self) -> str:
        """Return what is meant the likeliest, as part of an address."""
        return urlencode([("passage", line.pk) for line in self.scopes[0].lines])

    @property
    def speaker(self) -> Speaker | None:
        return self.paragraph.speaker


def find_scopes(text: Sequence[PageParagraph], *, at: int, selected: Collection[int]) -> Scopes | None:
    """Return what can be meant at a segment, where these ones are selected; None where it is not in the text."""
    places = [place for place, paragraph in enumerate(text) if any(line.pk == at for line in paragraph.lines)]
    if not places or text[places[0]].gap:
        return None
    paragraph, turn = text[places[0]], _turn(text, places[0])
    chosen = tuple(line for each in text for line in each.lines if line.pk in selected and not line.gap)
    found = [Scope("This paragraph", paragraph.lines)]
    if chosen and chosen != paragraph.lines:
        found.insert(0, Scope("The sentences with the selected words", chosen))
    if len(turn) > len(paragraph.lines):
        found.append(Scope(f"The whole turn, {stretch(turn[0].start, turn[-1].end)}", turn))
    return Scopes(tuple(found), paragraph)


def quoted(lines: Sequence[Line]) -> str:
    """Return the beginning of some lines, cut between two words."""
    text = join_texts(line.text for line in lines)
    if len(text) <= LONGEST_QUOTE:
        return text
    return f"{text[:LONGEST_QUOTE].rpartition(' ')[0] or text[:LONGEST_QUOTE]}…"


def _turn(text: Sequence[PageParagraph], place: int) -> tuple[Line, ...]:
    """Return all that a paragraph's speaker says around it until somebody else does; the paragraph where nobody is named."""
    if text[place].lines[0].speaker is None:
        return text[place].lines
    first = place
    while not text[first].begins_turn:
        first -= 1
    last = place + 1
    speaker = text[place].lines[0].speaker
    while last < len(text) and text[last].lines[0].speaker == speaker:
        last += 1
    return tuple(line for paragraph in text[first:last] for line in paragraph.lines)
