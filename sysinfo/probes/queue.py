"""The queue: who works, how much runs and waits, and since when. All of it is in the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Now
from django_q.models import Schedule

from preferences.models import Settings
from registry import fetching, prepared
from registry.known import is_missing_table
from sysinfo.probing import NotKnown
from transcripts import node, schedule
from transcripts.models import Job, Node


@dataclass(frozen=True, slots=True)
class Queue:
    """`oldest_ready_at` is since when the job waits that has waited longest of those that nothing keeps from being tried."""

    workers: tuple[str, ...]
    slots: int
    """How many jobs may run at once now, on all machines together."""
    running: int
    waiting: int
    blocked: int
    """How many of those that wait cannot start before something changes."""
    fetching: int
    """How many more wait for weights that are downloaded for them."""
    paused: int
    oldest_ready_at: datetime | None
    changed_at: datetime | None
    """When a job last ended, or the newest worker came: a job cannot be late before that."""
    is_held: bool
    next_tidy_at: datetime | None
    """When the light task that runs every minute is due; None where it was never planned."""


def probe() -> Queue:
    """Look at the queue. Costs four queries. Raises NotKnown where the database does not answer, or has no tables yet."""
    try:
        return _read()
    except (DatabaseError, InterfaceError) as err:
        away = "The database does not answer."
        raise NotKnown(prepared.sentence() if is_missing_table(err) else away) from err


def _read() -> Queue:
    current = Settings.objects.filter(pk=1).first() or Settings()
    nodes = list(Node.objects.alive().order_by("started_at"))
    tidy = Schedule.objects.filter(func=schedule.TASK).first()
    counts = _counts()
    moments = [*(one.started_at for one in nodes), *filter(None, [counts.pop("last_ended_at")])]
    return Queue(
        workers=tuple(one.host for one in nodes),
        slots=min(current.concurrency, sum(one.slots or current.concurrency for one in nodes)),
        is_held=current.queue_paused,
        next_tidy_at=tidy.next_run if tidy else None,
        changed_at=max(moments, default=None),
        **counts,
    )


def _counts() -> dict[str, Any]:
    waits, is_free = Q(state=Job.State.QUEUED), Q(blocked_reason="")
    is_fetching = Q(blocked_reason__contains=f" {fetching.ON_ITS_WAY}")
    return Job.objects.aggregate(
        # One that a command runs takes nobody's slot.
        running=Count("pk", Q(state=Job.State.RUNNING) & ~Q(lease_node__startswith=node.COMMAND)),
        waiting=Count("pk", waits),
        blocked=Count("pk", waits & ~is_free & ~is_fetching),
        fetching=Count("pk", waits & is_fetching),
        paused=Count("pk", Q(state=Job.State.PAUSED)),
        last_ended_at=Max("finished_at"),
        oldest_ready_at=Min("available_at", filter=waits & (is_free | is_fetching) & Q(available_at__lte=Now())),
    )
