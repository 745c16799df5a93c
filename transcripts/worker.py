"""The worker's entry points: the run of one job, for the cluster and for commands."""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from transcripts import drain, lease, slots, workfile
from transcripts.engine import EngineHost
from transcripts.models import Job
from transcripts.run import Run

log = logging.getLogger(__name__)

_engine = EngineHost()
"""The engine of this worker process."""


def run_claimed(job_id: str, lease_token: str) -> None:
    """Run a job that this worker's cluster has claimed. Does nothing where the claim does not hold any more.

    Ends the process, and its engine with it, where the cluster has a worker to spare since the settings were changed.
    """
    job, token = UUID(job_id), UUID(lease_token)
    try:
        if lease.adopt(job, token):
            run(job, token, engine=_engine, should_stop=lambda: "drain" if drain.is_on() else "")
    except (InterfaceError, OperationalError):  # The lease runs out, and the job is rescued.
        log.exception("job %s: the database stayed away", job_id)
        connection.close()
    if slots.has_worker_to_spare():
        raise SystemExit(0)  # Not an Exception: django-q2 lets it through, and sends first what waits to be sent.


def run(
    job_id: UUID,
    lease_token: UUID,
    *,
    engine: EngineHost,
    should_stop: Callable[[], str],
    on_progress: Callable[[Job], None] | None = None,
) -> Job.State:
    """Run a job until it ends or is stopped, and return the state it is in then; cancelled where it was deleted.

    `should_stop` is asked several times a second: drain leaves the job queued, pause and cancel do what they say,
    empty lets it go on. `on_progress` gets the job after each step. Raises a database's error that did not pass.
    """
    began = time.monotonic()
    job = Job.objects.held_by(job_id, lease_token).select_related("recording", "owner").first()
    if job is None:
        return _state_of(job_id)
    start = job.audio_seconds_done
    log.info("job %s starts at batch %d", job_id, job.batches_done)
    try:
        progress = on_progress or _ignore
        Run(job=job, token=lease_token, engine=engine, should_stop=should_stop, on_progress=progress).to_end()
    except lease.LeaseLost:
        log.warning("job %s was taken away or deleted", job_id)
    workfile.discard(job.recording.sha256)
    state, seconds = _state_of(job_id), time.monotonic() - began
    log.info(
        "job %s is %s: %.1f s, %.1f x real time", job_id, state, seconds, (job.audio_seconds_done - start) / seconds
    )
    return state


def _state_of(job_id: UUID) -> Job.State:
    state = Job.objects.filter(pk=job_id).values_list("state", flat=True).first()
    return Job.State(state or Job.State.CANCELLED)


def _ignore(job: Job) -> None:
    return
