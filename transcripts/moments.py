"""The field in which a person writes a time of a recording."""

from typing import Any

from django import forms

from transcripts.times import seconds_of


class MomentField(forms.CharField):
    """A time of the recording, in seconds."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return seconds_of(text)
        except ValueError as err:
            raise forms.ValidationError("Write a time as 0:07.25 or 1:02:03.") from err
