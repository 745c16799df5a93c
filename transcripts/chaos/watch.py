"""The run as it is seen from outside: the rows of the jobs, looked at ten times a second."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

from transcripts.chaos.work import Task
from transcripts.models import Job

log = logging.getLogger(__name__)

AWAY = (DatabaseError, InterfaceError)


@dataclass(frozen=True, slots=True)
class Running:
    """A job at work: in which worker process, of which cluster's main process."""

    job_id: UUID
    batches_done: int
    pid: int
    cluster_pid: int


class Watch:
    """Knows how far the jobs are."""

    def __init__(self, tasks: dict[UUID, Task]) -> None:
        self._tasks = tasks
        self._done: dict[UUID, int] = {}
        self._over: set[UUID] = set()
        self._running: list[Running] = []
        self.away_seconds = 0.0
        self._looked_at = time.monotonic()

    def look(self) -> bool:
        """Look at all jobs and return whether one has finished a batch, or found its speakers, since the last look."""
        try:
            columns = ("pk", "state", "batches_done", "identified")
            found = list(Job.objects.filter(pk__in=self._tasks).values_list(*columns))
        except AWAY:
            connection.close()
            self._note_away()
            return False
        self._looked_at = time.monotonic()
        news = [self._note(*row) for row in found]
        return any(news)

    def running(self) -> list[Running]:
        """Return the jobs that a worker of a cluster has now; where the database is away, those that it had before."""
        try:
            rows = list(Job.objects.running().values_list("pk", "batches_done", "lease_node"))
        except AWAY:
            connection.close()
        else:
            self._running = [Running(pk, done, *_pids(name)) for pk, done, name in rows if pk in self._tasks]
        return self._running

    @property
    def unfinished(self) -> int:
        return len(self._tasks) - len(self._over)

    @property
    def share_done(self) -> float:
        """Return how much of all batches is done, 0..1."""
        total = sum(task.batches for task in self._tasks.values())
        done = sum(task.batches if pk in self._over else self._done.get(pk, 0) for pk, task in self._tasks.items())
        return min(1.0, done / total)

    def _note(self, job_id: UUID, state: str, batches_done: int, identified: str) -> bool:
        done = batches_done + bool(identified)
        is_news = done > self._done.get(job_id, 0)
        self._done[job_id] = done
        if state in (Job.State.COMPLETED, Job.State.FAILED, Job.State.CANCELLED):
            self._over.add(job_id)
        return is_news

    def _note_away(self) -> None:
        now = time.monotonic()
        self.away_seconds += now - self._looked_at
        self._looked_at = now


def _pids(lease_node: str) -> tuple[int, int]:
    """Return the worker's and its cluster's process ids from the name on a lease, see `transcripts.node`."""
    *_, cluster, worker = lease_node.split("|")
    return int(worker.split(":")[0]), int(cluster.split(":")[0])
