"""What people send to change a text."""

from typing import Any, Literal

from django import forms

from transcripts.moments import MomentField
from transcripts.services.replacing import Search

LONGEST_SENT = 20_000
"""Characters of a text that is to be split into several segments."""
LONGEST_SEARCH = 200
MOST_WORDS = 10_000
"""In one segment: more than its characters."""


class SeenForm(forms.Form):
    """The text that the person saw in a segment."""

    base = forms.CharField(required=False, strip=False)


class WriteForm(SeenForm):
    """What a segment's text is to be; a segment for each line. It may be `chosen` in place of somebody else's."""

    chosen = forms.BooleanField(required=False)
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_SENT,
        error_messages={"max_length": "This is too long for one segment. Nothing was changed."},
    )


class WordPlaces(forms.Field):
    """The places of words in a segment, each a field of its own."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        field = forms.IntegerField(min_value=0, max_value=MOST_WORDS)
        return [field.clean(text) for text in (value or [])[:MOST_WORDS]]


class HeardForm(SeenForm):
    """Which words of a segment a person has heard."""

    word = WordPlaces(error_messages={"required": "Say which words are right."})


class InsertForm(forms.Form):
    """What was said before or after a segment."""

    text = forms.CharField(max_length=LONGEST_SENT, error_messages={"required": "Write what is said there."})
    where = forms.ChoiceField(choices=[("after", "After it"), ("before", "Before it")])

    def side(self) -> Literal["before", "after"]:
        return "before" if self.cleaned_data["where"] == "before" else "after"


class TimesForm(SeenForm):
    """From when to when a segment lasts."""

    start = MomentField(max_length=20)
    end = MomentField(max_length=20)


class SearchForm(forms.Form):
    """What is to be replaced, by what, and in how many places the person was shown it."""

    find = forms.CharField(
        max_length=LONGEST_SEARCH, strip=False, error_messages={"required": "Write what to look for."}
    )
    replacement = forms.CharField(max_length=LONGEST_SEARCH, strip=False, required=False)
    match_case = forms.BooleanField(required=False)
    whole_words = forms.BooleanField(required=False)
    count = forms.IntegerField(required=False, min_value=0, max_value=10_000_000)

    def search(self) -> Search:
        data = self.cleaned_data
        return Search(data["find"], data["replacement"], data["match_case"], data["whole_words"])


def sentence(form: forms.Form) -> str:
    """Return what is wrong with a form, for a person."""
    return " ".join(dict.fromkeys(str(error) for errors in form.errors.values() for error in errors))
