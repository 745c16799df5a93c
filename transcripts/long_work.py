"""The queue for long work as a queue of django-q2: work on weights are rows of `registry`, see `registry.works`.

Where none waits, copies for the player are made: `transcripts.playback`.
"""

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import Q
from django.utils import timezone
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import SignedPackage

from registry import scan, working, works
from registry.models import Work
from transcripts import drain, node, playback
from transcripts.models import Job

log = logging.getLogger(__name__)

RESCUE_SECONDS = 10.0
BUSY_SECONDS = 1.0
"""How often it is looked whether a job runs here while something is measured."""
RUN = "transcripts.long_work.run_claimed"
COPY = "transcripts.playback.run_claimed"


class LongWorkBroker(Broker):  # type: ignore[misc]  # django-q2 has no types.
    """The table of long work as a queue. The row is the truth, so there is nothing to acknowledge or delete."""

    _next_rescue = 0.0
    _has_looked = False

    def dequeue(self) -> list[tuple[str, str]] | None:
        """Return the next work as a message, or None after a sleep. Never raises because the database is away."""
        try:
            task = None if drain.is_on() else self._next_task()
        except (DatabaseError, InterfaceError) as err:
            log.warning("no long work could be taken: %s", err)
            connection.close()
            task = None
        if task is None:
            time.sleep(Conf.POLL)
            return None
        return [(str(task["args"][1]), str(SignedPackage.dumps(task)))]

    def ping(self) -> bool:
        return True

    def info(self) -> str:
        return "Selenite's long work"

    def queue_size(self) -> int:
        return Work.objects.queued().count()

    def lock_size(self) -> int:
        return Work.objects.running().count()

    def enqueue(self, task: Any) -> None:
        raise NotImplementedError("Long work is queued by making its row.")

    def _next_task(self) -> dict[str, Any] | None:
        """Return what is to be done next, as django-q2's worker wants it; None where there is nothing."""
        if claim := self._next():
            return _task(f"work-{claim.work_id}", RUN, claim.work_id, str(claim.lease_token))
        if copy := playback.claim():
            return _task(f"playback-{copy.recording_id}", COPY, str(copy.recording_id), str(copy.token))
        return None

    def _next(self) -> works.Claim | None:
        if time.monotonic() >= self._next_rescue:
            self._next_rescue = time.monotonic() + RESCUE_SECONDS
            if rescued := works.rescue(node.is_provably_dead):
                log.warning("put %d pieces of interrupted long work back in the queue", rescued)
        if not self._has_looked:
            self._has_looked = True
            _look()
        return works.claim(holder=node.holder(), may_measure=not _is_busy())


def _look() -> None:
    """Bring the rows in line with the disk. Whatever lies there, the work that waits is done."""
    try:
        scan.refresh()
    except Exception:
        log.exception("the weights could not be looked at")


def run_claimed(work_id: int, lease_token: str) -> None:
    """Do work that this worker's cluster has claimed. Does nothing where the claim does not hold any more."""
    claim = works.Claim(work_id, UUID(lease_token))
    try:
        if works.adopt(claim, holder=node.holder()):
            working.do(claim, should_stop=drain.is_on, is_busy=_Seldom(_is_busy, BUSY_SECONDS))
    except (InterfaceError, OperationalError):  # The lease runs out, and the work is put back.
        log.exception("work %d: the database stayed away", work_id)
        connection.close()


def _is_busy() -> bool:
    """Return whether a job runs on this machine: what is measured beside it is slower than it is, and takes its memory."""
    here = Q(lease_node__startswith=f"{node.host()}|") | Q(lease_node__startswith=f"{node.COMMAND}{node.host()}|")
    return Job.objects.running().filter(here).exists()


class _Seldom:
    """A question that is asked once in so many seconds; in between the answer is no."""

    def __init__(self, question: Callable[[], bool], seconds: float) -> None:
        self._question = question
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def __call__(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return self._question()


def _task(name: str, function: str, *arguments: Any) -> dict[str, Any]:
    """Return a task of which nothing is saved, and whose failure is not delivered again."""
    return {
        "id": uuid4().hex,
        "name": name,
        "func": function,
        "args": arguments,
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
        "ack_failure": True,
    }
