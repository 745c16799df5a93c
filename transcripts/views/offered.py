"""What a correction may lead on to: the same everywhere in this text, and a rule for what is transcribed from now on."""

from dataclasses import dataclass
from unicodedata import category
from urllib.parse import urlencode

from django.urls import reverse

from transcripts.diffs import Run, differences
from transcripts.models import Edit
from transcripts.services.corrections import shown

MOST_CHARACTERS = 60
"""What is longer is no word that is misheard again and again."""
MOST_WORDS = 4
PART_OF_WORDS = "%&@#"
"""What counts as punctuation, and is said."""


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
    """Return what a correction replaced, where that is one word, or a few that stand together.

    What was replaced everywhere already leads on to nothing: it would be written again where the new text contains the old one.
    """
    if edit is None or edit.kind != Edit.Kind.CORRECT:
        return None
    before, after = edit.before["segments"], edit.after["segments"]
    for pk, row in before.items():
        pair = (row or {}).get("text"), (after.get(pk) or {}).get("text")
        if None not in pair:
            return _offer(differences(*(shown(str(text)) for text in pair)))
    return None


def _offer(runs: list[Run]) -> Offer | None:
    gone, new = ([_bare(run.text) for run in runs if run.kind == kind] for kind in ("gone", "new"))
    pairs = set(zip(gone, new, strict=False))
    if len(gone) != len(new) or len(pairs) != 1:
        return None
    [(old, now)] = pairs
    is_short = all(len(text) <= MOST_CHARACTERS and len(text.split()) <= MOST_WORDS for text in (old, now))
    return Offer(old, now) if is_short and old and now and old != now else None


def _bare(text: str) -> str:
    """Return a text without the punctuation before and behind it, of whatever script."""
    marks = {each for each in text if category(each).startswith(("P", "Z")) and each not in PART_OF_WORDS}
    return text.strip("".join(marks))
