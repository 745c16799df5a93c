"""Run jobs in the process that asks for them, as `manage.py transcribe` does."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Self

from django.utils import timezone

from transcripts import lease, worker
from transcripts.engine import EngineHost
from transcripts.models import Job

WAIT_SECONDS = 0.2


class Interruption:
    """Turns Ctrl-C and SIGTERM into the wish to pause while it is entered. The second one ends the process as usual."""

    def __init__(self) -> None:
        self.signal_number = 0
        self._restore = ExitStack()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._restore.callback(signal.signal, number, signal.signal(number, self._note))
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore.close()

    def wish(self) -> str:
        """Return what `worker.run` is to do: pause, or go on."""
        return "pause" if self.signal_number else ""

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal_number = number
        self._restore.close()


def run(job: Job, *, engine: EngineHost, interruption: Interruption, on_progress: Callable[[Job], None]) -> None:
    """Run a job that `lease.start_directly` has started, and leave it as the row is then.

    A job that is to be tried again, after an error that may pass, is tried again here unless a worker is quicker.
    Raises Job.DoesNotExist where it was deleted meanwhile.
    """
    while True:
        job.refresh_from_db()
        if job.lease_token is not None:
            worker.run(job.pk, job.lease_token, engine=engine, should_stop=interruption.wish, on_progress=on_progress)
            job.refresh_from_db()
        # A job that waits without a failure waits for something that this process cannot change, such as a model.
        if job.state != Job.State.QUEUED or not job.crashes or not _start_again(job, interruption):
            return


def _start_again(job: Job, interruption: Interruption) -> bool:
    """Wait until a job is due and start it; return whether it is ours again."""
    while job.available_at > timezone.now():
        if interruption.wish():
            return False
        time.sleep(WAIT_SECONDS)
    try:
        lease.start_directly(job)
    except lease.LeaseLost:
        return False
    return True
