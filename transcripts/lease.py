"""A job while it is somebody's: lease, checkpoint, release, rescue, requests. In plain words: `docs/reliability.md`.

Every change is one conditional UPDATE whose count of rows is looked at. Times are by the database's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from transcripts import node
from transcripts.models import Edit, Job, Recording, Segment
from transcripts.search import index

STOPPED = {Job.StopRequest.PAUSE: Job.State.PAUSED, Job.StopRequest.CANCEL: Job.State.CANCELLED}
FREE: dict[str, Any] = {"lease_token": None, "lease_expires_at": None, "lease_node": "", "stop_request": ""}
OF_THE_TRANSCRIPTION = (Edit.Kind.LABELLING, Edit.Kind.RULES)
"""What is done to a text without anybody's work on it."""
HAS_ITS_TEXT = Q(kind=Job.Kind.WHOLE, stage=Job.Stage.IDENTIFYING)
"""A job to which a cancel means: be complete without speakers. It keeps the wish until a worker obeys."""


class LeaseLost(Exception):
    """The job belongs to another process now, or is gone: end the engine and write nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is the claimant's to run, as long as the token is on its row."""

    job_id: UUID
    lease_token: UUID


def take(job_id: UUID, *, holder: str) -> Claim | None:
    """Start a queued job under a new lease; None where it is not queued any more."""
    token = uuid4()
    taken = Job.objects.waiting().filter(pk=job_id)
    lease = {"lease_token": token, "lease_node": holder, "lease_expires_at": lease_end()}
    return Claim(job_id, token) if taken.update(state=Job.State.RUNNING, claims=F("claims") + 1, **lease) else None


def start_directly(job: Job) -> UUID:
    """Take a queued job for this process, outside the limits, and return its lease token. Raises LeaseLost.

    Call it in the transaction that creates the job, else a cluster may be quicker.
    """
    claim = take(job.pk, holder=node.COMMAND + node.holder())
    if claim is None:
        raise LeaseLost
    return claim.lease_token


def adopt(job_id: UUID, lease_token: UUID) -> bool:
    """Put this process's name on a lease that its cluster took; return whether it still holds."""
    return bool(Job.objects.held_by(job_id, lease_token).update(lease_node=node.holder(), lease_expires_at=lease_end()))


def write(job_id: UUID, lease_token: UUID, /, **fields: Any) -> None:
    """Change columns of a job that this lease owns. Raises LeaseLost."""
    if not Job.objects.held_by(job_id, lease_token).update(**fields):
        raise LeaseLost


def heartbeat(job_id: UUID, lease_token: UUID) -> None:
    """Renew a lease, also a late one that nobody has taken yet. Raises LeaseLost."""
    write(job_id, lease_token, lease_expires_at=lease_end())


def commit_batch(
    job_id: UUID, lease_token: UUID, *, batch: int, segments: Sequence[Segment], position: float, seconds: float
) -> None:
    """Write the text of a batch and all that says it is done, or nothing. Does nothing where it was done before.

    `position` is up to where the recording is transcribed now, `seconds` the time the batch took. Raises LeaseLost.
    """
    held = Job.objects.held_by(job_id, lease_token)
    with transaction.atomic():
        done = held.filter(batches_done=batch).update(
            batches_done=batch + 1,
            audio_seconds_done=position,
            transcribing_seconds=F("transcribing_seconds") + seconds,
            crashes=0,
            lease_expires_at=lease_end(),
        )
        if done:
            index.add(job_id, Segment.objects.bulk_create(segments))
        elif not held.filter(batches_done__gt=batch).exists():
            raise LeaseLost


def complete(job_id: UUID, lease_token: UUID) -> None:
    """End a job and show its text on the recording, where it is to be shown. Raises LeaseLost."""
    with transaction.atomic():
        release(job_id, lease_token, Job.State.COMPLETED)
        if _is_to_be_shown(job_id):
            recordings = Recording.objects.filter(jobs=job_id)
            recordings.update(shown_job=job_id, shown_since=Now())
            index.rebuild(recordings.values_list("pk", flat=True).get())


def _is_to_be_shown(job_id: UUID) -> bool:
    """Return whether a text takes the place of the one in use: not of one that people worked on, nor without words of any."""
    of_recording = Job.objects.whole().filter(recording__jobs=job_id).exclude(pk=job_id)
    worked_on = Edit.objects.exclude(kind__in=OF_THE_TRANSCRIPTION).filter(job__recording__shown_job=F("job"))
    if worked_on.filter(job__in=of_recording).exists():
        return False
    words = Segment.objects.words()
    return words.filter(job=job_id).exists() or not words.filter(job__in=of_recording).exists()


def release(job_id: UUID, lease_token: UUID, state: Job.State, **fields: Any) -> None:
    """Give up a lease and leave the job in a state. Raises LeaseLost.

    A job that is to run again goes where a stop request wants it, if one came in the meantime.
    """
    goes_on = state in (Job.State.QUEUED, Job.State.PAUSED)
    outcome = _unless_stopped(state) if goes_on else {"state": state, "finished_at": Now()}
    write(job_id, lease_token, **FREE | outcome, **fields)


def rescue() -> int:
    """Put back the jobs whose lease has run out or whose holder is provably dead; return how many.

    It costs them the batch they were in: they go on after the last finished one. Safe to call anywhere at once.
    """
    leases = Job.objects.running().values_list("lease_token", "lease_node")
    orphans = [token for token, name in leases if node.is_provably_dead(name)]
    lost = Job.objects.running().filter(Q(lease_expires_at__lt=Now()) | Q(lease_token__in=orphans))
    if not lost.exists():  # Looking takes no lock.
        return 0
    return lost.update(**FREE | _unless_stopped(Job.State.QUEUED))


def request_stop(job_id: UUID, wish: Job.StopRequest) -> bool:
    """Pause or cancel a job; return False where it is over. A running one obeys in seconds; cancel outranks pause."""
    job = Job.objects.filter(pk=job_id)
    is_cancel = wish == Job.StopRequest.CANCEL
    can_end = ~HAS_ITS_TEXT if is_cancel else ~Q(stop_request=Job.StopRequest.CANCEL)
    idle = Q(state__in=[Job.State.QUEUED, Job.State.PAUSED]) | Q(state=Job.State.RUNNING, lease_expires_at__lt=Now())
    outranked = When(stop_request=Job.StopRequest.CANCEL, then=Value(Job.StopRequest.CANCEL))
    for _ in range(2):  # It may move between the two statements, but not there and back in this time.
        if job.filter(idle & can_end).update(state=STOPPED[wish], finished_at=Now() if is_cancel else None, **FREE):
            return True
        if is_cancel and job.filter(idle & HAS_ITS_TEXT).update(
            state=Job.State.QUEUED, available_at=Now(), **FREE | {"stop_request": wish}
        ):
            return True
        if job.running().update(stop_request=Case(outranked, default=Value(wish))):
            return True
    return False


def resume(job_id: UUID) -> bool:
    """Let a paused job run again, or take back the wish to pause it; return whether either was there."""
    paused = Job.objects.filter(pk=job_id, state=Job.State.PAUSED)
    pausing = Job.objects.running().filter(pk=job_id, stop_request=Job.StopRequest.PAUSE)
    # A worker may obey the wish between the two statements: then the first one meets the job the second time.
    return any(
        paused.update(state=Job.State.QUEUED, available_at=Now()) or pausing.update(stop_request="") for _ in range(2)
    )


def lease_end() -> Combinable:
    return later(settings.JOB_LEASE_SECONDS)


def later(seconds: float) -> Combinable:
    """Return the database's time in so many seconds."""
    return Now() + timedelta(seconds=seconds)


def _unless_stopped(state: Job.State) -> dict[str, Any]:
    """Return the columns that leave a job in this state, or where its stop request wants it."""
    is_cancelled = Q(stop_request=Job.StopRequest.CANCEL)
    text_only = When(is_cancelled & HAS_ITS_TEXT, then=Value(Job.State.QUEUED))
    wishes = [When(stop_request=wish, then=Value(stopped)) for wish, stopped in STOPPED.items()]
    kept = When(is_cancelled & HAS_ITS_TEXT, then=Value(Job.StopRequest.CANCEL))
    cancelled = When(is_cancelled & ~HAS_ITS_TEXT, then=Now())
    return {
        "stop_request": Case(kept, default=Value("")),
        "state": Case(text_only, *wishes, default=Value(state)),
        "finished_at": Case(cancelled, default=None, output_field=DateTimeField()),
    }
