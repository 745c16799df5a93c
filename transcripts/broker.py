"""How django-q2's cluster takes jobs: its pusher asks this broker, which claims the next job row.

No message waits anywhere: what the pusher gets has a free slot already.
"""

import logging
import time
from typing import Any
from uuid import uuid4

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import SignedPackage

from transcripts import drain, lease, presence
from transcripts.claim import claim
from transcripts.models import Job

log = logging.getLogger(__name__)

RESCUE_SECONDS = 10.0
RESTART_SECONDS = 2.0
"""How often the cluster looks whether somebody wants it to start anew."""
RUN = "transcripts.worker.run_claimed"


class JobBroker(Broker):  # type: ignore[misc]  # django-q2 has no types.
    """The job table as a queue of django-q2. The row is the truth, so there is nothing to acknowledge or delete."""

    _next_rescue = 0.0
    _next_look = 0.0

    def dequeue(self) -> list[tuple[str, str]] | None:
        """Return the next job as a message, or None after a short sleep. Never raises because the database is away."""
        try:
            claimed = None if drain.is_on() else self._next()
        except (DatabaseError, InterfaceError) as err:
            log.warning("no job could be claimed: %s", err)
            connection.close()
            claimed = None
        if claimed is None:
            time.sleep(Conf.POLL)
            return None
        return [(str(claimed.lease_token), _message(claimed))]

    def ping(self) -> bool:
        return True

    def info(self) -> str:
        return "Selenite's jobs"

    def queue_size(self) -> int:
        return Job.objects.waiting().count()

    def lock_size(self) -> int:
        return Job.objects.running().count()

    def enqueue(self, task: Any) -> None:
        raise NotImplementedError("A job is queued by making its row.")

    def _next(self) -> lease.Claim | None:
        if time.monotonic() >= self._next_rescue:
            self._next_rescue = time.monotonic() + RESCUE_SECONDS
            presence.announce()
            if rescued := lease.rescue():
                log.warning("put %d interrupted jobs back in the queue", rescued)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + RESTART_SECONDS
            if presence.must_restart():
                log.info("the cluster gives its jobs back and starts anew, as somebody has asked")
                drain.start()
                return None
        return claim()


def _message(claimed: lease.Claim) -> str:
    """Return the job as django-q2's worker wants it. Nothing is saved of it, and a failure is not delivered again."""
    task = {
        "id": uuid4().hex,
        "name": f"job-{claimed.job_id}",
        "func": RUN,
        "args": (str(claimed.job_id), str(claimed.lease_token)),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
        "ack_failure": True,
    }
    return str(SignedPackage.dumps(task))
