"""The versions of a recording's transcript: which one is open, which one is shown, and whether a newer one is coming."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest

from transcripts import line
from transcripts.line import Line, Place
from transcripts.models import Job
from transcripts.models.job import JobQuerySet
from transcripts.views.access import BULKY
from transcripts.views.standing import Standing


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of a recording, the newest first, and the one that is open."""

    jobs: tuple[Job, ...]
    open: Job
    place: Place | None = None
    """Where a newer version than the open one waits."""
    retries: tuple[Job, ...] = ()
    """The jobs that tried something of a version again, the newest first."""
    line: Line | None = None
    """What runs and waits; None where no version waits."""

    def retried(self, kind: Job.Kind) -> Job | None:
        """Return the last job of a kind that tried something of the open version again."""
        return next((job for job in self.retries if job.kind == kind and job.source_id == self.open.pk), None)

    @property
    def row(self) -> Standing:
        """Return how it stands with the open version, with its place where it waits."""
        return Standing(self.open, self.line.place_of(self.open.pk) if self.line else None)

    @property
    def rows(self) -> list[Standing]:
        return [Standing(job) for job in self.jobs]

    @property
    def newest(self) -> Standing:
        return Standing(self.jobs[0], self.place)

    @property
    def is_newest(self) -> bool:
        return self.open == self.jobs[0]

    @property
    def shown(self) -> Job:
        """Return the version that the recording's page starts with."""
        return _shown(self.jobs)

    @property
    def is_shown(self) -> bool:
        return self.open == self.shown

    @property
    def is_newest_shown(self) -> bool:
        """Return whether a newer version than the open one has taken its place."""
        return not self.is_newest and self.jobs[0] == self.shown

    @property
    def is_undecided(self) -> bool:
        """Return whether a newer text is complete that did not take the place of the open one, and nobody has said which to use."""
        since, ended = self.open.recording.shown_since, self.jobs[0].finished_at
        is_there = self.jobs[0].state == Job.State.COMPLETED and self.newest.has_words
        return self.is_shown and not self.is_newest and is_there and (not since or not ended or ended > since)

    @property
    def is_older(self) -> bool:
        """Return whether the open version is older than the one that is shown."""
        return self.jobs.index(self.open) > self.jobs.index(self.shown)

    @property
    def has_words(self) -> bool:
        return Standing(self.open).has_words

    @property
    def can_be_compared(self) -> bool:
        """Return whether there are two texts."""
        return sum(row.has_words for row in self.rows) > 1

    @property
    def is_coming(self) -> bool:
        """Return whether a newer version than the open one is not done yet."""
        return not self.is_newest and not self.jobs[0].is_over

    @property
    def signature(self) -> str:
        """Return what changes when the list of versions has to say something new."""
        return f"{len(self.jobs)}-{self.newest.version}-{self.open.state}"

    @property
    def can_be_chosen(self) -> bool:
        return self.open.state == Job.State.COMPLETED and self.open.pk != self.open.recording.shown_job_id


def with_standing(jobs: JobQuerySet) -> JobQuerySet:
    """Return jobs with all that tells how it stands with them."""
    return jobs.with_words().with_worker().with_held().defer("plan")


def find_versions(request: HttpRequest, recording_id: UUID) -> Versions:
    """Return a recording's versions with the open one: that of `?version=`, else the one that is shown.

    Raises Http404 where this person may see none, or the address names none of this recording.
    """
    found = with_standing(Job.objects.visible_to(request.user).filter(recording_id=recording_id))
    rows = list(found.select_related("recording").defer(*BULKY).order_by("-created_at", "id"))
    jobs = tuple(job for job in rows if job.kind == Job.Kind.WHOLE)
    if not jobs:
        raise Http404
    asked = request.GET.get("version", "")
    opened = next((job for job in jobs if str(job.pk) == asked), None) if asked else _shown(jobs)
    if opened is None:
        raise Http404
    waits = Job.State.QUEUED in (opened.state, jobs[0].state)
    now = line.read() if waits else None
    place = now.place_of(jobs[0].pk) if now and opened != jobs[0] else None
    return Versions(jobs, opened, place, tuple(job for job in rows if job.kind != Job.Kind.WHOLE), now)


def _shown(jobs: tuple[Job, ...]) -> Job:
    """Return the version that a recording starts with: while none is complete, the newest that ended with words."""
    complete = [job for job in jobs if job.pk == jobs[0].recording.shown_job_id]
    partial = [job for job in jobs if job.is_over and Standing(job).has_words]
    return next(iter(complete + partial), jobs[0])
