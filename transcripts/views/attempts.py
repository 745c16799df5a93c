"""How it stands with the last job that was to identify the speakers of a text."""

from dataclasses import dataclass

from transcripts.models import Job
from transcripts.services.identify import NOT_IDENTIFIED
from transcripts.views.standing import Standing


@dataclass(frozen=True, slots=True)
class Attempt:
    """`source` is the job whose text it is, `job` the one that identifies its speakers: None where there was none but the first."""

    source: Job
    job: Job | None

    @property
    def is_under_way(self) -> bool:
        return self.job is not None and not self.job.is_over and not self.is_paused

    @property
    def is_paused(self) -> bool:
        return self.job is not None and self.job.state == Job.State.PAUSED

    @property
    def is_held(self) -> bool:
        """Return whether it waits because the queue is held."""
        return self.job is not None and self.job.state == Job.State.QUEUED and getattr(self.job, "held", False)

    @property
    def row(self) -> Standing | None:
        return Standing(self.job) if self.job else None

    @property
    def blocked_reason(self) -> str:
        return self.row.blocked_reason if self.row else ""

    @property
    def error(self) -> str:
        """Return why there are no speakers, or no new ones; empty where nothing went wrong."""
        if self.job is not None and self.job.state == Job.State.FAILED:
            return self.job.error
        if self.job is None and self.source.identified == Job.Identified.FAILED:
            return next((warning for warning in self.source.warnings if warning.startswith(NOT_IDENTIFIED)), "")
        return ""

    @property
    def announcement(self) -> str:
        """Return what a screen reader is told of it."""
        if self.is_under_way:
            return "The speakers are being identified."
        if self.is_paused or self.job is None:
            return ""
        return self.error or ("The speakers are identified." if self.job.state == Job.State.COMPLETED else "")


def find_attempt(job: Job) -> Attempt:
    """Return how it stands, by one query."""
    attempts = job.retries.filter(kind=Job.Kind.SPEAKERS).with_held().defer("plan")
    attempt = attempts.order_by("-created_at").first()
    if attempt is not None:
        attempt.recording = job.recording
    return Attempt(job, attempt)
