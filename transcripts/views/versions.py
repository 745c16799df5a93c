"""The versions of a recording's transcript: which one is open, which one is shown, and whether a newer one is coming."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest

from transcripts.line import Place
from transcripts.models import Job
from transcripts.views.standing import Standing, standings


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions of a recording, the newest first, and the one that is open."""

    jobs: tuple[Job, ...]
    open: Job
    place: Place | None = None
    """Where a newer version than the open one waits."""

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
    def is_shown(self) -> bool:
        """Return whether the open version is the one that the recording's page starts with."""
        return self.open == _shown(self.jobs)

    @property
    def is_newest_shown(self) -> bool:
        """Return whether a newer version than the open one has taken its place."""
        return not self.is_newest and self.jobs[0] == _shown(self.jobs)

    @property
    def is_older(self) -> bool:
        """Return whether the open version is older than the one that is shown."""
        return self.jobs.index(self.open) > self.jobs.index(_shown(self.jobs))

    @property
    def has_words(self) -> bool:
        return Standing(self.open).has_words

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


def find_versions(request: HttpRequest, recording_id: UUID) -> Versions:
    """Return a recording's versions with the open one: that of `?version=`, else the one that is shown.

    Raises Http404 where this person may see none, or the address names none of this recording.
    """
    found = Job.objects.visible_to(request.user).whole().filter(recording_id=recording_id).with_words().with_worker()
    jobs = tuple(found.select_related("recording").defer("plan").order_by("-created_at", "id"))
    if not jobs:
        raise Http404
    asked = request.GET.get("version", "")
    opened = next((job for job in jobs if str(job.pk) == asked), None) if asked else _shown(jobs)
    if opened is None:
        raise Http404
    place = None if opened == jobs[0] else standings(jobs[:1])[0].place
    return Versions(jobs, opened, place)


def _shown(jobs: tuple[Job, ...]) -> Job:
    """Return the version that a recording starts with: while none is complete, the newest that ended with words."""
    complete = [job for job in jobs if job.pk == jobs[0].recording.shown_job_id]
    partial = [job for job in jobs if job.is_over and Standing(job).has_words]
    return next(iter(complete + partial), jobs[0])
