"""Jobs that a command runs in its own process, shown on the terminal while they do."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from transcripts import direct
from transcripts.engine import EngineHost
from transcripts.models import Job

BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} s of audio [{elapsed}<{remaining}{postfix}]"
DELETED = "It was deleted meanwhile."
FAILED = "{} of {} failed:"
LATER = "{} of {} left for Selenite to do later, with the text in the library. Do not run this again for:"
LATER_STATUS = 3
"""Neither done nor failed: a script has no texts to go on with, and nothing to repeat."""
WAITS = "It waits in the queue and starts by itself as soon as it can run, while Selenite runs."
GO_ON = "Paused with {:.0f} of {:.0f} s transcribed and kept. Open it in the library and press “Go on”."


class NotDone(Exception):
    """What was asked for was not done. The message is the reason, for the person."""


class DoneLater(NotDone):
    """A worker does it as soon as it can: nobody has to ask again. The message says what it waits for."""


@dataclass(slots=True)
class Outcome:
    """What came of the files of a batch: why some failed, what some wait for, and how many were begun."""

    total: int
    begun: int = 0
    failures: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def note(self, label: str, err: Exception) -> None:
        """Note why a file is not done."""
        (self.waiting if isinstance(err, DoneLater) else self.failures).append(f"{label}: {err}")

    def report(self, *, signal_number: int) -> None:
        """Raise CommandError where not all was done, with which and why."""
        sentences = [FAILED.format(len(self.failures), self.total), *self.failures] if self.failures else []
        if self.waiting:
            sentences += [LATER.format(len(self.waiting), self.total), *self.waiting]
        if signal_number:
            left = f" {self.total - self.begun} of {self.total} were not begun." if self.total > self.begun else ""
            raise CommandError("\n  ".join([f"Interrupted.{left}", *sentences]), returncode=128 + signal_number)
        if sentences:
            raise CommandError("\n  ".join(sentences), returncode=1 if self.failures else LATER_STATUS)


@contextmanager
def quiet_log(verbosity: int) -> Iterator[None]:
    """Keep the worker's log of what goes well off the terminal, unless it is asked for with --verbosity 2."""
    logger = logging.getLogger("transcripts")
    level = logger.level
    if verbosity < 2:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def run_shown(job: Job, label: str, engine: EngineHost, interruption: direct.Interruption) -> float:
    """Run a job to its end with a progress bar on a terminal, and return how many seconds that took.

    Raises DoneLater and NotDone.
    """
    began = time.monotonic()
    try:
        with tqdm(desc=label[-40:], bar_format=BAR, leave=False, disable=None) as bar:
            direct.run(job, engine=engine, interruption=interruption, on_progress=partial(_show, bar))
    except Job.DoesNotExist as err:
        raise NotDone(DELETED) from err
    if job.state in (Job.State.QUEUED, Job.State.RUNNING):
        raise DoneLater(_why_not_done(job))
    if job.state != Job.State.COMPLETED:
        raise NotDone(_why_not_done(job))
    return time.monotonic() - began


def _show(bar: "tqdm[Any]", job: Job) -> None:
    """Move the bar to how much of the recording has gone through the stage that the job is in."""
    done = {"": 0.0, Job.Stage.PREPARING: job.prepared_seconds, Job.Stage.IDENTIFYING: job.identified_seconds}
    bar.total = round(job.audio_seconds or 0) or None
    bar.n = round(done.get(job.stage, job.audio_seconds_done))
    bar.set_postfix_str(job.get_stage_display().lower(), refresh=True)


def _why_not_done(job: Job) -> str:
    reasons = {
        Job.State.FAILED: job.error,
        Job.State.CANCELLED: "It was cancelled.",
        Job.State.PAUSED: GO_ON.format(job.audio_seconds_done, job.audio_seconds or 0),
        Job.State.QUEUED: f"{WAITS} {job.blocked_reason}".strip(),
        Job.State.RUNNING: "A worker has taken it over; what comes of it will be in the library.",
    }
    return reasons[Job.State(job.state)]
