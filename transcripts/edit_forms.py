"""What people send to change who speaks."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from transcripts.correcting import Span
from transcripts.forms import NEWEST
from transcripts.models import Speaker
from transcripts.names import NAME_LIMIT
from transcripts.services.edits import LONGEST_NAME

MOST_SEGMENTS = 20_000
NEW_SPEAKER = "new"
"""In place of a speaker's id."""


class KnownForm(forms.Form):
    """The newest edit of the text that a page shows."""

    known = forms.IntegerField(required=False, min_value=0, max_value=NEWEST)


class GoneForm(forms.Form):
    """What the open page calls its recording, for where that is deleted meanwhile."""

    recording = forms.CharField(required=False, max_length=NAME_LIMIT)


class PointForm(forms.Form):
    """An edit after which a text was in the state that is wanted; 0 for none."""

    point = forms.IntegerField(min_value=0, max_value=NEWEST)


class NameForm(forms.Form):
    """What a speaker is to be called; empty for the number."""

    name = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        error_messages={"max_length": f"A name has {LONGEST_NAME} characters at most."},
    )

    def sentence(self) -> str:
        """Return what is wrong, for a person."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


class SpeakerField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.shown_name)


class MergeForm(forms.Form):
    """Whom a speaker is to be merged into."""

    into = SpeakerField(
        queryset=Speaker.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": "Choose who else it is.",
            "invalid_choice": "This speaker says nothing any more. Choose another one.",
        },
    )

    def __init__(self, *args: Any, others: QuerySet[Speaker], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = others


class SegmentIds(forms.Field):
    """The ids of passages, each a field of its own."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        field = forms.IntegerField(min_value=0, max_value=NEWEST)
        return [field.clean(text) for text in (value or [])[:MOST_SEGMENTS]]


class PlaceForm(forms.Form):
    """Where in a text somebody asks who speaks: a segment, those that are selected, and which of their words."""

    at = forms.IntegerField(min_value=0, max_value=NEWEST)
    passage = SegmentIds(required=False)
    first = forms.FloatField(required=False, min_value=0)
    last = forms.FloatField(required=False, min_value=0)

    @property
    def words(self) -> Span | None:
        """Return when the first and the last word begin that are selected; None where that is not known."""
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        return None if first is None or last is None else (first, last)


class AssignForm(NameForm):
    """Who says some segments: one of the speakers, or a new one, who may have a name.

    `segments` are ids with commas between them; empty for those that are ticked one by one as `passage`. After an @ they have when
    the first and the last word begin that are meant, where it is not all of them.
    """

    segments = forms.RegexField(r"^\d{1,18}(,\d{1,18})*(@\d{1,9}\.\d\d-\d{1,9}\.\d\d)?$", required=False)
    passage = SegmentIds(required=False)
    speaker = forms.CharField()

    def __init__(self, *args: Any, names: Mapping[int, Speaker], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names

    def clean_speaker(self) -> Speaker | None:
        chosen = str(self.cleaned_data["speaker"])
        if chosen == NEW_SPEAKER:
            return None
        if not chosen.isdecimal() or int(chosen) not in self.names:
            raise forms.ValidationError("This speaker is not here any more. Choose another one.")
        return self.names[int(chosen)]

    def clean(self) -> None:
        """Take the segments from where they are, and a name only for somebody who is new."""
        data = self.cleaned_data
        named, _, times = data.get("segments", "").partition("@")
        ids = [int(pk) for pk in named.split(",")] if named else data.get("passage", [])
        first, _, last = times.partition("-")
        if not ids:
            raise forms.ValidationError("Choose what somebody else says.")
        name = data.get("name", "") if data.get("speaker") is None else ""
        if any(name and name.casefold() == speaker.shown_name.casefold() for speaker in self.names.values()):
            self.add_error("name", f"There is a speaker called “{name}” already. Choose them from the list.")
        self.cleaned_data = {
            **data,
            "segments": ids,
            "name": name,
            "words": (float(first), float(last)) if times else None,
        }
