"""What a person may ask for in the address of an export."""

from collections.abc import Sequence
from typing import Any

from django import forms

from transcripts.exports.formats import FORMATS, formats
from transcripts.exports.options import DEFAULTS, LINE_LENGTHS, LINES_PER_CUE, ExportOptions


def _format_error() -> str:
    *others, last = FORMATS
    return f"Choose one of these formats: {', '.join(others)} or {last}."


def times_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label="Times in the text",
        choices=[("", "As usual"), ("1", "With times"), ("0", "Without times")],
        coerce=lambda value: value == "1",
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": "Times are 1 (with) or 0 (without)."},
    )


def choice_of(times: bool | None) -> str:
    """Return what that field has chosen for `ExportOptions.times`."""
    return "" if times is None else str(int(times))


class ExportForm(forms.Form):
    """`format` with the options; what is left out is as in `defaults`. The formats that are named `first` are offered first."""

    format = forms.ChoiceField(
        error_messages={"required": _format_error(), "invalid_choice": _format_error()},
    )
    times = times_field()
    names = forms.TypedChoiceField(
        label="Names of speakers",
        choices=[("1", "With names"), ("0", "Without names")],
        coerce=lambda value: value == "1",
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": "Names are 1 (with) or 0 (without)."},
    )
    line_length = forms.IntegerField(
        label="Longest subtitle line",
        min_value=LINE_LENGTHS[0],
        max_value=LINE_LENGTHS[1],
        required=False,
        initial=DEFAULTS.line_length,
    )
    lines_per_cue = forms.IntegerField(
        label="Lines in a subtitle",
        min_value=LINES_PER_CUE[0],
        max_value=LINES_PER_CUE[1],
        required=False,
        initial=DEFAULTS.lines_per_cue,
    )

    def __init__(
        self,
        *args: Any,
        has_speakers: bool = True,
        first: Sequence[str] = (),
        defaults: ExportOptions = DEFAULTS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._defaults = defaults
        self.fields["times"].initial = choice_of(defaults.times)
        field = self.fields["format"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each.name, each.label) for each in formats(has_speakers=has_speakers, first=first)]
        if not has_speakers:
            del self.fields["names"]

    def options(self) -> ExportOptions:
        """Return the choices. Call it on a valid form."""
        data: dict[str, Any] = self.cleaned_data
        return ExportOptions(
            times=data["times"] if "times" in self.data else self._defaults.times,
            names=data.get("names") is not False,
            line_length=data["line_length"] or DEFAULTS.line_length,
            lines_per_cue=data["lines_per_cue"] or DEFAULTS.lines_per_cue,
        )

    def sentence(self) -> str:
        """Return what is wrong, for a person."""
        return " ".join(
            str(error) if field in ("format", "times", "names") else f"{self.fields[field].label}: {error}"
            for field, errors in self.errors.items()
            for error in errors
        )
