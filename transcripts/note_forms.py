"""What people write beside a transcript."""

from typing import Any

from django import forms

from speech.times import clock
from transcripts.models import Recording
from transcripts.models.notes import LONGEST_FILTER_NAME
from transcripts.names import NAME_LIMIT, printable
from transcripts.times import seconds_of

LONGEST_NOTE = 100_000
LONGEST_COMMENT = 2000
NO_TIME = "Type a time such as 62, 1:02 or 1:02:03."
TOO_LATE = "The recording ends at {}."


class TitleForm(forms.Form):
    title = forms.CharField(
        label="Title",
        max_length=NAME_LIMIT,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "data-overwrite": True}),
        error_messages={"required": "Give the recording a title."},
    )

    def clean_title(self) -> str:
        title = printable(self.cleaned_data["title"])
        if not title:
            raise forms.ValidationError(self.fields["title"].error_messages["required"])
        return title


class NoteForm(forms.Form):
    """`version` is the one that whoever typed the text has seen."""

    text = forms.CharField(required=False, strip=False, max_length=LONGEST_NOTE)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)

    def clean_text(self) -> str:
        """Return the text with the line ends that browsers have while they show it, not those that they send."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n").replace("\r", "\n")


class CommentForm(forms.Form):
    at = forms.CharField(label="At", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off", "size": 7}))
    text = forms.CharField(
        label="Comment",
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "placeholder": "What is there to say?"}),
        error_messages={"required": "Type what you want to say."},
    )

    def __init__(self, *args: Any, recording: Recording, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.end = recording.duration_seconds

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")

    def clean_at(self) -> float:
        try:
            at = seconds_of(self.cleaned_data["at"])
        except ValueError as err:
            raise forms.ValidationError(NO_TIME) from err
        if self.end is not None and at > self.end + 1:
            raise forms.ValidationError(TOO_LATE.format(clock(self.end)))
        return at


class EditedCommentForm(CommentForm):
    """A comment that is changed. `before` is its text as whoever changes it has seen it."""

    before = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())

    def clean_before(self) -> str:
        text: str = self.cleaned_data["before"]
        return text.replace("\r\n", "\n")


class SaveFilterForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=LONGEST_FILTER_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
        error_messages={"required": "Give it a name."},
    )

    def clean_name(self) -> str:
        name = printable(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return name
