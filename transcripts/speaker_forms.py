"""How many speakers there are, and what tells them apart: asked with a transcription, or of a text that is there."""

from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from registry import automatic
from registry import known as tables
from registry.diarizers import SWITCHED_OFF, diarizers
from speech.types import MOST_SPEAKERS, SpeakerCount
from transcripts.offers import Offers, diarizer_choices, offer

Person = AbstractBaseUser | AnonymousUser

FEW = 8
"""So many speakers the list of the form goes up to."""
COUNTS = [
    ("", "Automatic"),
    ("Exactly", [(str(number), str(number)) for number in range(2, FEW + 1)]),
    ("At most", [(f"1-{number}", f"up to {number}") for number in range(2, FEW + 1)]),
]


class SpeakersForm(forms.Form):
    """How to identify speakers. Each may be left as it is. `user` is who asks: some may choose what others may not."""

    speakers = forms.ChoiceField(label="How many speakers", required=False, choices=COUNTS)
    speaker_range = forms.CharField(
        label="Another number",
        required=False,
        max_length=20,
        help_text=f"Counts instead of the list. Such as 12, or 3-15 for a range, from 1 to {MOST_SPEAKERS}.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    diarizer = forms.ChoiceField(label="Method", required=False, widget=Offers)
    cannot_identify = ""
    """Why nothing can tell speakers apart now, with what to do; empty where something can."""

    def __init__(self, *args: Any, user: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_staff = bool(getattr(user, "is_staff", False))
        self.known = tables.load()
        found = diarizers(by_staff=self.by_staff, known=self.known)
        self._reasons = {one.diarizer: one.reason for one in found}
        closed = frozenset(name for name, reason in self._reasons.items() if reason)
        offer(self, "diarizer", diarizer_choices(found), closed=closed)
        taken = automatic.find_diarizer(self.known, by_staff=self.by_staff)
        first = ", which is downloaded first" if taken.hindrance else ""
        self.fields["diarizer"].help_text = f"Automatic takes {taken.taken}{first}." if taken.taken else ""
        self.cannot_identify = taken.nothing

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
    def shows_diarizer(self) -> bool:
        """Return whether there is something to choose; what was refused is shown in any case."""
        may_choose = self.by_staff or self.known.settings.may_choose_diarizer
        return may_choose or bool(self["diarizer"].errors)

    @property
    def is_special(self) -> bool:
        """Return whether anything is chosen, or wrong, that few people need: it is not hidden then."""
        names = ("speaker_range", "diarizer")
        return any(self[name].value() or self[name].errors for name in names)


class IdentifyForm(SpeakersForm):
    """How to identify the speakers of a text that is there."""

    def clean(self) -> None:
        if not self.known.settings.diarization:
            raise forms.ValidationError(SWITCHED_OFF)


def as_chosen(count: SpeakerCount | None) -> dict[str, str]:
    """Return the values of the form's fields that stand for a count."""
    text = str(count) if count else ""
    is_listed = any(text == value for _, group in COUNTS[1:] for value, _ in group)
    return {"speakers": text if is_listed else "", "speaker_range": "" if is_listed else text}
