"""Which recordings or jobs are meant: by what a person typed, or ticked."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, F, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.formats import date_format

from transcripts.models import Job, Recording
from transcripts.models.job import JobQuerySet
from transcripts.models.recording import RecordingQuerySet
from transcripts.tag_filter import TagFilter, TagsField

MOST_AT_ONCE = 1000
"""How many recordings one action takes: each is deleted or stopped by itself, which takes milliseconds."""


LONGEST_QUERY = 200
LONGEST_NAME = 150
"""Of an account, as Django has it."""
BY_STATE = ("running", "queued", "paused", "failed", "cancelled", "completed")
"""What is under way first, then what somebody has to look at."""
SORTS = {
    "": "Newest first",
    "date": "Oldest first",
    "title": "Title, A to Z",
    "-title": "Title, Z to A",
    "-duration": "Longest first",
    "duration": "Shortest first",
    "state": "State",
}


class FilterForm(TagFilter):
    """What the list is narrowed down to, and which jobs a script deletes."""

    q = forms.CharField(
        label="Find by title",
        required=False,
        max_length=LONGEST_QUERY,
        error_messages={"max_length": f"Type {LONGEST_QUERY} characters of a title at most."},
    )
    state = forms.MultipleChoiceField(label="State", required=False, choices=Job.State)
    before = forms.DateField(label="Added before", required=False)
    field_order = ["q", "state", "before", "tag", "match"]

    @property
    def is_empty(self) -> bool:
        """Return whether a valid form names all there is."""
        return not any(self.cleaned_data.get(name) for name in ("q", "state", "before", "tag", "owner"))

    def narrow(self, jobs: JobQuerySet) -> JobQuerySet:
        """Return those of the jobs that a valid form names; all of them where it is empty."""
        if any(self.cleaned_data.get(name) for name in ("q", "tag", "owner")):
            jobs = jobs.filter(recording__in=self._named(Recording.objects.all()))
        return self._standing(jobs)

    def _named(self, recordings: RecordingQuerySet) -> RecordingQuerySet:
        """Return those of the recordings that have the title, the tags and the owner that a valid form names."""
        q, tags = self.cleaned_data["q"], self.chosen_tags
        if self.finds_nothing:
            return recordings.none()
        if owner := self.cleaned_data.get("owner"):
            recordings = recordings.filter(owner__username=owner)
        recordings = recordings.called(q) if q else recordings
        return recordings.tagged(**{"all" if self.needs_all_tags else "any": tags}) if tags else recordings

    def _standing(self, jobs: JobQuerySet) -> JobQuerySet:
        """Return those of the jobs that have the state and the age that a valid form names."""
        states, before = self.cleaned_data["state"], self.cleaned_data["before"]
        jobs = jobs.filter(state__in=states) if states else jobs
        return jobs.filter(created_at__lt=_midnight(before)) if before else jobs

    def query(self) -> list[tuple[str, str]]:
        """Return what a valid form says, as names and values for an address."""
        values = {name: value if isinstance(value, list) else [value] for name, value in self.cleaned_data.items()}
        if len(self.cleaned_data["tag"]) < 2:
            del values["match"]
        return [(name, str(value)) for name, found in values.items() for value in found if value]


class ListFilterForm(FilterForm):
    """The same for the list, in which staff have several people's recordings: `owner` is the name of an account."""

    owner = forms.CharField(required=False, max_length=LONGEST_NAME)


class StatesField(forms.MultipleChoiceField):
    """States, where an empty one means nothing: a form without a script sends it for "Any state"."""

    def to_python(self, value: Any) -> list[str]:
        return [state for state in super().to_python(value) if state]


class NarrowForm(ListFilterForm):
    """What the list's form sends. A script that deletes has to be stricter: an empty state there is a mistake."""

    state = StatesField(label="State", required=False, choices=Job.State)
    tag = TagsField(label="Tags", required=False)
    sort = forms.ChoiceField(label="Sort", required=False, choices=list(SORTS.items()))

    @property
    def sort_key(self) -> str:
        return self.cleaned_data.get("sort", "") if self.is_valid() else ""

    def query_of_known(self) -> list[tuple[str, str]]:
        """Return what a valid form says but for the tags that this person does not have."""
        gone, known = self.gone_tags, len(self.chosen_tags)
        pairs = [(name, value) for name, value in self.query() if name != "tag" or value not in gone]
        return [pair for pair in pairs if pair[0] != "match" or known > 1]

    def words(self) -> list[str]:
        """Return in words what a valid form narrows the list down to, and how it is sorted."""
        data = self.cleaned_data
        tags = f" {'and' if data['match'] == 'all' else 'or'} ".join(f"“{tag.name}”" for tag in self.chosen_tags)
        found = (
            f"“{data['q']}” in the title" if data["q"] else "",
            " or ".join(Job.State(state).label for state in data["state"]),
            f"tagged {tags}" if tags else "",
            f"of {data['owner']}" if data["owner"] else "",
            f"added before {date_format(data['before'])}" if data["before"] else "",
            SORTS[self.sort_key] if self.sort_key else "",
        )
        return [words for words in found if words]

    def recordings(self, user: AbstractBaseUser | AnonymousUser) -> RecordingQuerySet:
        """Return the recordings that the list shows to this person, in its order: none where the form is not valid.

        Where nothing narrows them down they are read by an index on their date, as many as are asked for.
        """
        if not self.is_valid():
            return Recording.objects.none()
        found = self._named(Recording.objects.visible_to(user))
        if self.cleaned_data["state"] or self.cleaned_data["before"]:
            newest = Job.objects.visible_to(user).newest_of_recordings()
            found = found.filter(pk__in=self._standing(newest).values("recording"))
        if self.sort_key == "state":
            found = found.annotate(state=Subquery(Job.objects.newest_of(OuterRef("pk")).values("state")))
        return found.order_by(*_order(self.sort_key), "-created_at", "pk")

    def in_order(self, jobs: JobQuerySet) -> JobQuerySet:
        """Return the jobs, one for each of some recordings, in the order of `recordings`."""
        order = _order(self.sort_key, prefix="recording__")
        return jobs.order_by(*order, "-recording__created_at", "recording_id")


def _order(key: str, *, prefix: str = "") -> list[Combinable | OrderBy | str]:
    name = key.removeprefix("-")
    if name == "state":
        whens = [When(state=state, then=Value(place)) for place, state in enumerate(BY_STATE)]
        return [Case(*whens, default=Value(len(whens)), output_field=IntegerField())]
    if name == "date":
        return [f"{prefix}created_at"]
    if not name:
        return []
    column = Lower(f"{prefix}title") if name == "title" else F(f"{prefix}duration_seconds")
    return [column.desc(nulls_last=True) if key.startswith("-") else column.asc(nulls_last=True)]


class SelectionForm(forms.Form):
    """What is to be done with the recordings that a person ticked, or with all that the list is narrowed down to."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("tag", "export", "restart", "cancel", "delete")])
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
