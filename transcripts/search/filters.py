"""What a search is narrowed down to, beside the words."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from transcripts.folding import folded
from transcripts.models import Job, Recording, Speaker
from transcripts.models.recording import RecordingQuerySet
from transcripts.search.matching import Scope

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty and None set no limit. Days are whole ones; `owner` is the name of an account."""

    added_from: date | None = None
    added_to: date | None = None
    states: Collection[str] = ()
    """Of the newest transcription."""
    language: str = ""
    """Of the text that is shown."""
    speaker: str = ""
    """A part of the name of whoever says it."""
    least_minutes: float | None = None
    most_minutes: float | None = None
    owner: str = ""
    recording: UUID | None = None
    tags: Collection[int] = ()
    """Ids of tags of this person, all of which a recording has to bear with `needs_all_tags`, else any of them."""
    needs_all_tags: bool = False

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self) if each.name != "needs_all_tags")

    def recordings(self, user: User) -> RecordingQuerySet:
        """Return the recordings that this person may see and these filters, speakers aside, let through."""
        found = Recording.objects.visible_to(user).filter(self._conditions())
        if self.tags:
            found = found.tagged(all=self.tags) if self.needs_all_tags else found.tagged(any=self.tags)
        if self.states:
            newest = Job.objects.newest_of_recordings().filter(state__in=self.states)
            found = found.filter(pk__in=newest.values("recording"))
        return found

    def _conditions(self) -> Q:
        given = {
            "created_at__gte": self.added_from and _moment(self.added_from, time.min),
            "created_at__lte": self.added_to and _moment(self.added_to, time.max),
            "shown_job__language": self.language,
            "duration_seconds__gte": self.least_minutes and self.least_minutes * MINUTE,
            "duration_seconds__lte": self.most_minutes and self.most_minutes * MINUTE,
            "owner__username__iexact": self.owner,
            "pk": self.recording,
        }
        return Q(**{name: value for name, value in given.items() if value})


def scope_of(user: User, filters: Filters) -> Scope | None:
    """Return where a person's search has to look; None where nothing can be found. Costs a query where a speaker is named."""
    names = _names_with(filters.speaker) if filters.speaker else None
    if names == []:
        return None
    others = replace(filters, speaker="")
    return Scope(None if user.is_staff else user.pk, others.recordings(user) if others else None, names)


def _names_with(part: str) -> list[str]:
    """Return the names of speakers, whoever may see them, that contain this; databases fold no accents."""
    wanted = folded(part)
    known = Speaker.objects.exclude(name="").order_by("name").values_list("name", flat=True).distinct()
    return [name for name in known if wanted in folded(name)]


def _moment(day: date, hour: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, hour))
