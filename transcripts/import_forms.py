"""Transcripts that people bring: for a recording that is here, or with one."""

from typing import Any

from django import forms

from transcripts.imports import MOST_BYTES, TOO_LARGE, BadTranscript, Names, read
from transcripts.incoming import IncomingFile

NAMES = [
    (Names.WHERE_LIKELY, "Speakers, where likely"),
    (Names.ALWAYS, "Always speakers"),
    (Names.NEVER, "Part of the text"),
]


class TranscriptFile(forms.FileField):
    """A file with a transcript."""

    widget = forms.FileInput(attrs={"accept": ".srt,.vtt,.json,.txt"})
    default_error_messages = {"required": "Choose a file with a transcript."}

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, IncomingFile) and file.refused:
            raise forms.ValidationError(file.refused)
        if file.size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file


class ImportForm(forms.Form):
    transcript = TranscriptFile(
        label="Transcript", help_text="Subtitles (.srt, .vtt), plain text (.txt) or all data (.json), up to 100 MB."
    )
    names = forms.ChoiceField(
        label="Names before a colon",
        choices=NAMES,
        required=False,
        help_text="As in “Ann: Good morning”. What was exported here always tells who speaks.",
    )

    def clean(self) -> dict[str, Any]:
        """Read the file: `transcript` is its name and what it holds."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if file := data.get("transcript"):
            file.seek(0)
            try:
                data["transcript"] = file.name, read(file.name, file.read(), names=Names(data.get("names", "")))
            except BadTranscript as err:
                self.add_error("transcript", str(err))
        return data


class ImportNewForm(ImportForm):
    field_order = ["recording", "transcript", "names"]
    recording = forms.FileField(
        label="Recording",
        widget=forms.FileInput(attrs={"accept": "audio/*,video/*"}),
        error_messages={"required": "Choose the audio or video file.", "empty": "This file is empty (0 bytes)."},
    )
