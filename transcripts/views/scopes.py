"""How much of a text is meant when somebody says who speaks: a passage, a paragraph, a whole turn."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from transcripts.correcting import Span
from transcripts.models import Speaker
from transcripts.paragraphs import join_texts
from transcripts.services.corrections import SAME_MOMENT
from transcripts.times import stretch
from transcripts.views.text import Line, PageParagraph

LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Scope:
    """Some lines that follow each other, in words; only those words of them that begin in a span, where there is one."""

    label: str
    lines: tuple[Line, ...]
    words: Span | None = None

    @property
    def value(self) -> str:
        """Return how a form names them."""
        times = "@{:.2f}-{:.2f}".format(*self.words) if self.words else ""
        return ",".join(str(line.pk) for line in self.lines) + times

    @property
    def texts(self) -> list[str]:
        if self.words is None:
            return [line.text for line in self.lines]
        return ["".join(word for start, word in _words(self.lines) if _is_in(self.words, start))]


@dataclass(frozen=True, slots=True)
class Scopes:
    """What can be meant at one place of the text, the likeliest first, and who speaks there now."""

    scopes: tuple[Scope, ...]
    paragraph: PageParagraph

    @property
    def quote(self) -> str:
        return shortened(self.scopes[0].texts)

    @property
    def passages(self) -> str:
        """Return what is meant the likeliest, as part of an address."""
        return urlencode([("passage", line.pk) for line in self.scopes[0].lines])

    @property
    def speaker(self) -> Speaker | None:
        return self.paragraph.speaker


def find_scopes(
    text: Sequence[PageParagraph], *, at: int, selected: Collection[int], words: Span | None = None
) -> Scopes | None:
    """Return what can be meant at a segment, where these ones are selected, or some of their words; None where it is not in the text.

    `words` says when the first and the last of these words begin.
    """
    places = [place for place, paragraph in enumerate(text) if any(line.pk == at for line in paragraph.lines)]
    if not places or text[places[0]].gap:
        return None
    paragraph, turn = text[places[0]], _turn(text, places[0])
    chosen = tuple(line for each in text for line in each.lines if line.pk in selected and not line.gap)
    found = [Scope("This paragraph", paragraph.lines)]
    if chosen and chosen != paragraph.lines:
        found.insert(0, Scope("The sentences with the selected words", chosen))
    if words and {_is_in(words, start) for start, _word in _words(chosen)} == {True, False}:
        found.insert(0, Scope("Only the selected words", chosen, words))
    if len(turn) > len(paragraph.lines):
        found.append(Scope(f"The whole turn, {stretch(turn[0].start, turn[-1].end)}", turn))
    return Scopes(tuple(found), paragraph)


def shortened(texts: Iterable[str]) -> str:
    """Return the beginning of what some texts say together, cut between two words."""
    text = join_texts(texts)
    if len(text) <= LONGEST_QUOTE:
        return text
    return f"{text[:LONGEST_QUOTE].rpartition(' ')[0] or text[:LONGEST_QUOTE]}…"


def _words(lines: Sequence[Line]) -> list[tuple[float, str]]:
    return [(word[0], word[2]) for line in lines for word in json.loads(line.words)]


def _is_in(span: Span, moment: float) -> bool:
    return span[0] - SAME_MOMENT <= moment <= span[1] + SAME_MOMENT


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
