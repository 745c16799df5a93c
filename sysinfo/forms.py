"""What the pages of the system are sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from sysinfo.logs.reading import ERRORS, LogFile, last_written

LEVELS = (("all", "Everything"), ("warning", "Warnings and errors"), ("error", "Errors"))


class LogForm(forms.Form):
    """A file, a level and, for older records, the position at which those that were shown begin."""

    file = forms.ChoiceField(label="Start of the service")
    level = forms.ChoiceField(label="Show", choices=LEVELS)
    before = forms.IntegerField(min_value=0, required=False)

    def __init__(self, data: dict[str, Any], *, files: Sequence[LogFile]) -> None:
        newest = {"file": last_written(files).name} if files else {}
        super().__init__({"level": "all", **newest, **data})
        field = self.fields["file"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(file.name, _label(file)) for file in files]


def _label(file: LogFile) -> str:
    """Return what a file is called: 22 Nov 2026, 10:15:00, errors, part 2."""
    start = f"{datetime.strptime(file.start, '%Y%m%d-%H%M%S'):%-d %b %Y, %H:%M:%S}"
    errors = ["errors"] if file.kind == ERRORS else []
    return ", ".join([start, *errors, *([f"older part {file.part}"] if file.part else [])])


class DefaultsForm(forms.Form):
    """The defaults that a page has proposed, so that nobody takes over others than were shown."""

    default_engine = forms.CharField(max_length=32)
    default_model = forms.CharField(max_length=64)
    default_diarizer = forms.CharField(max_length=32, required=False)
    concurrency = forms.IntegerField()
