"""Which part of the log is meant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from sysinfo.logs.reading import ERRORS, LogFile

LEVELS = (("all", "Everything"), ("warning", "Warnings and errors"), ("error", "Errors"))


class LogForm(forms.Form):
    """A file, a level and, for older records, the position at which those that were shown begin."""

    file = forms.ChoiceField(label="Start of the service")
    level = forms.ChoiceField(label="Show", choices=LEVELS)
    before = forms.IntegerField(min_value=0, required=False)

    def __init__(self, data: dict[str, Any], *, files: Sequence[LogFile]) -> None:
        newest = {"file": files[0].name} if files else {}
        super().__init__({"level": "all", **newest, **data})
        field = self.fields["file"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(file.name, _label(file)) for file in files]


def _label(file: LogFile) -> str:
    """Return what a file is called: 22 Nov 2026, 10:15:00, errors, part 2."""
    start = f"{datetime.strptime(file.start, '%Y%m%d-%H%M%S'):%-d %b %Y, %H:%M:%S}"
    errors = ["errors"] if file.kind == ERRORS else []
    return ", ".join([start, *errors, *([f"older part {file.part}"] if file.part else [])])
