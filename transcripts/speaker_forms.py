"""How many speakers there are, and what tells them apart: asked with a transcription, or of a text that is there."""

from typing import Any

from django import forms

from registry.diarizers import PURPOSES, diarizers, resolve_diarizer
from registry.resolver import NothingRunnable
from speech.types import MOST_SPEAKERS, SpeakerCount

FEW = 8
"""So many speakers the list of the form goes up to."""
COUNTS = [
    ("", "Automatic"),
    ("Exactly", [(str(number), str(number)) for number in range(2, FEW + 1)]),
    ("At most", [(f"1-{number}", f"up to {number}") for number in range(2, FEW + 1)]),
]


class Diarizers(forms.Select):
    """Shows what cannot run here now too, with the reason, but lets nobody choose it."""

    reasons: dict[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if self.reasons.get(str(value)):
            option["attrs"]["disabled"] = True
        return option


class SpeakersForm(forms.Form):
    """How to identify speakers. Each may be left as it is."""

    speakers = forms.ChoiceField(label="How many speakers", required=False, choices=COUNTS)
    speaker_range = forms.CharField(
        label="Another number",
        required=False,
        max_length=20,
        help_text=f"Counts instead of the choice above. Such as 12, or 3-15 for a range, from 1 to {MOST_SPEAKERS}.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    diarizer = forms.ChoiceField(label="Method", required=False, widget=Diarizers)
    cannot_identify = ""
    """Why nothing can tell speakers apart now, with what to do; empty where something can."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reasons = {found.diarizer: found.reason for found in diarizers()}
        field = self.fields["diarizer"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(field.widget, Diarizers)
        field.widget.reasons = self._reasons
        field.choices = [("", "Automatic"), *((name, _label(name, reason)) for name, reason in self._reasons.items())]
        try:
            field.help_text = f"Automatic takes {resolve_diarizer().spec.diarizer}."
        except NothingRunnable as err:
            self.cannot_identify = str(err)

    def clean_speaker_range(self) -> SpeakerCount | None:
        try:
            return SpeakerCount.parse(self.cleaned_data["speaker_range"])
        except ValueError as err:
            raise forms.ValidationError(str(err)) from err

    def clean_diarizer(self) -> str:
        diarizer: str = self.cleaned_data["diarizer"]
        if reason := self._reasons.get(diarizer):
            raise forms.ValidationError(f"{reason} Choose another one.")
        return diarizer

    def count(self) -> SpeakerCount | None:
        """Return how many speakers a valid form asks for, None for as many as are heard."""
        return self.cleaned_data["speaker_range"] or SpeakerCount.parse(self.cleaned_data["speakers"])

    @property
    def is_special(self) -> bool:
        """Return whether anything is chosen, or wrong, that few people need: it is not hidden then."""
        names = ("speaker_range", "diarizer")
        return any(self[name].value() or self[name].errors for name in names)


def as_chosen(count: SpeakerCount | None) -> dict[str, str]:
    """Return the values of the form's fields that stand for a count."""
    text = str(count) if count else ""
    is_listed = any(text == value for _, group in COUNTS[1:] for value, _ in group)
    return {"speakers": text if is_listed else "", "speaker_range": "" if is_listed else text}


def _label(name: str, reason: str) -> str:
    reason = reason.rstrip(".")
    if not reason:
        return f"{name} ({PURPOSES[name]})" if name in PURPOSES else name
    return reason if reason.startswith(name) else f"{name}: {reason[0].lower()}{reason[1:]}"
