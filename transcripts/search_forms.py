"""What a person looks for, and where."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from speech.languages import LANGUAGES
from transcripts.models import Job
from transcripts.search.filters import Filters
from transcripts.search.query import Query, parse
from transcripts.tag_filter import TagFilter, TagsField

LONGEST_QUERY = 500
LAST_PAGE = 1000
MOST_MINUTES = 100_000
DAYS = (MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31)))
"""At the ends of the calendar a day may have no midnight in another zone of time."""


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")  # As the browser's own field wants it.


class PlainSelect(forms.Select):
    """A select that is drawn without a template for each option: those for a hundred languages take 10 ms."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = str(value or "")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SafeString(" selected" if str(key) == chosen else ""), label) for key, label in self.choices),
        )
        attributes = self.build_attrs({**self.attrs, "name": name}, attrs)
        return format_html("<select{}>{}</select>", flatatt(attributes), options)


class WordsField(forms.CharField):
    """Words that somebody looks for. Between them any character will do that is no letter, also one that no text can have."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\0", " ") if isinstance(value, str) else value)


class SearchForm(TagFilter):
    """A search: words, and what it is narrowed down to. Staff may also say whose recordings are meant."""

    field_order = ["q"]

    q = WordsField(
        label="Search all transcripts",
        required=False,
        max_length=LONGEST_QUERY,
        error_messages={"max_length": f"A search has {LONGEST_QUERY} characters at most. Leave some words out."},
    )
    after = forms.DateField(label="Added from", required=False, widget=DateInput(), validators=DAYS)
    before = forms.DateField(label="Added until", required=False, widget=DateInput(), validators=DAYS)
    speaker = forms.CharField(label="Said by", required=False, max_length=100)
    language = forms.ChoiceField(label="Language", required=False, widget=PlainSelect())
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any"), *Job.State.choices])
    least = forms.FloatField(label="At least, in minutes", required=False, min_value=0, max_value=MOST_MINUTES)
    most = forms.FloatField(label="At most, in minutes", required=False, min_value=0, max_value=MOST_MINUTES)
    tag = TagsField(label="Tags", required=False)
    owner = forms.CharField(label="Owner", required=False, max_length=150)
    recording = forms.UUIDField(required=False, widget=forms.HiddenInput())
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE, widget=forms.HiddenInput())

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data, auto_id="search-%s", user=user)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", "Any"), *sorted(LANGUAGES.items(), key=lambda item: item[1])]
        if not user.is_staff:
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        after, before, least, most = (data.get(name) for name in ("after", "before", "least", "most"))
        if after and before and after > before:
            self.add_error("before", "This is before the first day.")
        if least and most and least > most:
            self.add_error("most", "This is shorter than the shortest.")
        return data

    @property
    def wanted(self) -> Query:
        """Return what the words of a valid form ask for."""
        return parse(self.cleaned_data["q"])

    @property
    def filters(self) -> Filters:
        """Return what a valid form is narrowed down to."""
        data = self.cleaned_data
        return Filters(
            added_from=data["after"],
            added_to=data["before"],
            states=[data["state"]] if data["state"] else (),
            language=data["language"],
            speaker=data["speaker"],
            least_minutes=data["least"],
            most_minutes=data["most"],
            owner=data.get("owner", ""),
            recording=data["recording"],
            tags=[tag.pk for tag in self.chosen_tags],
            needs_all_tags=self.needs_all_tags,
        )

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """Return the filters that are one field each."""
        return [field for field in self.visible_fields() if field.name not in ("q", "tag", "match")]

    def count_set(self) -> int:
        """Return how many of the filters are set, or wrong."""
        return sum(bool(field.value()) for field in [*self.plain_fields, self["tag"]])

    def address(self, **changes: object) -> str:
        """Return the address of the same search with some values changed; None takes one out. The page is the first one."""
        values = {name: self[name].value() for name in self.fields if name != "page"} | changes
        if not values["tag"]:
            del values["match"]
        return "?" + urlencode(
            {name: value for name, value in values.items() if value not in (None, "", [])}, doseq=True
        )
