"""What a correction may lead on to: the same everywhere in this text, and a rule for what is transcribed from now on."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from unicodedata import category
from urllib.parse import urlencode

from django.urls import reverse

from transcripts.diffs import differences
from transcripts.models import Edit
from transcripts.services.corrections import shown
from transcripts.services.history import first_save

MOST_CHARACTERS = 60
"""What is longer is no word that is misheard again and again."""
MOST_WORDS = 4
PART_OF_WORDS = "%&@#"
"""What counts as punctuation, and is said."""

Change = tuple[str, str]
"""What was there, and what is there instead; each may be empty."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What was recognised, and what a person wrote instead."""

    old: str
    new: str

    @property
    def rule_url(self) -> str:
        return f"{reverse('transcripts:new-rule')}?{urlencode({'find': self.old, 'replacement': self.new})}"

    @property
    def query(self) -> str:
        """Return what the find and replace of the text begins with."""
        return urlencode({"word": self.old, "by": self.new})


def offer_of(edit: Edit | None) -> Offer | None:
    """Return what a correction replaced, where that is one word, or a few that stand together. Costs a query.

    What was replaced everywhere already leads on to nothing: it would be written again where the new text contains the old one.
    """
    if edit is None or edit.kind != Edit.Kind.CORRECT:
        return None
    first = first_save(edit).before["segments"]
    before, after = edit.before["segments"], edit.after["segments"]
    for pk in before:
        texts = [(rows.get(pk) or {}).get("text") for rows in (first, before, after)]
        if None not in texts:
            return _offer(_corrected(*(shown(str(text)) for text in texts)))
    return None


def _corrected(first: str, before: str, after: str) -> Counter[Change]:
    """Return what the last save replaced: of the `first` text, where a word was saved half typed before."""
    typed, last = _changes(first, before), _changes(before, after)
    news = [new for _old, new in typed if new]
    is_of_first = all(old and not any(old in new or new in old for new in news) for old, _new in last)
    return last if is_of_first else _changes(first, after) - typed


def _changes(old: str, new: str) -> Counter[Change]:
    """Return each stretch in which two texts differ."""
    stretches = groupby(differences(old, new), key=lambda run: run.kind == "same")
    found = [{run.kind: _bare(run.text) for run in runs} for is_same, runs in stretches if not is_same]
    return Counter((texts.get("gone", ""), texts.get("new", "")) for texts in found)


def _offer(changes: Counter[Change]) -> Offer | None:
    if len(changes) != 1:
        return None
    [(old, now)] = changes
    is_short = all(len(text) <= MOST_CHARACTERS and len(text.split()) <= MOST_WORDS for text in (old, now))
    return Offer(old, now) if is_short and old and now and old != now else None


def _bare(text: str) -> str:
    """Return a text without the punctuation before and behind it, of whatever script."""
    marks = {each for each in text if category(each).startswith(("P", "Z")) and each not in PART_OF_WORDS}
    return text.strip("".join(marks))
