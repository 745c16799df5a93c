"""Which recordings or jobs are meant: by what a person typed, or ticked."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils import timezone

from transcripts.models import Job
from transcripts.models.job import JobQuerySet

MOST_AT_ONCE = 1000
"""How many recordings one action takes: each is deleted or stopped by itself, which takes milliseconds."""


class FilterForm(forms.Form):
    """What the list is narrowed down to, and which jobs a script deletes."""

    q = forms.CharField(label="Find by title", required=False, max_length=200)
    state = forms.MultipleChoiceField(label="State", required=False, choices=Job.State)
    before = forms.DateField(label="Added before", required=False)

    @property
    def is_empty(self) -> bool:
        return not any(self.cleaned_data.values())

    def narrow(self, jobs: JobQuerySet) -> JobQuerySet:
        """Return those of the jobs that a valid form names; all of them where it is empty."""
        q, states, before = (self.cleaned_data[name] for name in ("q", "state", "before"))
        if q:
            jobs = jobs.filter(Q(recording__title__icontains=q) | Q(recording__original_filename__icontains=q))
        if states:
            jobs = jobs.filter(state__in=states)
        return jobs.filter(created_at__lt=_midnight(before)) if before else jobs

    def query(self) -> list[tuple[str, str]]:
        """Return what a valid form says, as names and values for an address."""
        values = {name: value if isinstance(value, list) else [value] for name, value in self.cleaned_data.items()}
        return [(name, str(value)) for name, found in values.items() for value in found if value]


class StatesField(forms.MultipleChoiceField):
    """States, where an empty one means nothing: a form without a script sends it for "Any state"."""

    def to_python(self, value: Any) -> list[str]:
        return [state for state in super().to_python(value) if state]


class NarrowForm(FilterForm):
    """What the list's form sends. A script that deletes has to be stricter: an empty state there is a mistake."""

    state = StatesField(label="State", required=False, choices=Job.State)


class SelectionForm(forms.Form):
    """What is to be done with the recordings that a person ticked, or with all that the list is narrowed down to."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("restart", "cancel", "delete")])
    everything = forms.BooleanField(required=False)
    confirmed = forms.BooleanField(required=False)
    ids = forms.CharField(required=False)
    """The ids of a question that was confirmed, with spaces between them: more of them than a form may have fields."""

    def clean_ids(self) -> list[UUID]:
        return _ids(self.cleaned_data["ids"].split())

    def ticked(self) -> list[UUID]:
        """Return the ids of the rows that were ticked. Raises ValidationError."""
        assert hasattr(self.data, "getlist")
        return _ids(self.data.getlist("recording"))


def _ids(texts: list[str]) -> list[UUID]:
    field: Any = forms.UUIDField()
    return [field.clean(text) for text in texts[:MOST_AT_ONCE]]


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
