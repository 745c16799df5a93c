"""Which job a cluster runs next: one decision at a time, made at the last moment, exact in its limits."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max, Min, QuerySet

from preferences.models import Settings
from transcripts import node, slots
from transcripts.lease import Claim, take
from transcripts.models import Job

CLAIM_LOCK = 7_353_654
"""The key of PostgreSQL's advisory lock: any number that nothing else in the database uses."""


def claim() -> Claim | None:
    """Take the job that is next; None where nothing waits, the queue is held or all slots are taken."""
    if not Job.objects.claimable().exists():  # An idle poll takes no lock.
        return None
    with transaction.atomic():
        _lock_claims()
        job_id = _next_job() if _may_start() else None
        return take(job_id, holder=node.holder()) if job_id else None


def _lock_claims() -> None:
    """Let one claim happen at a time, else two could see the last free slot. On SQLite a transaction is the lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])


def _may_start() -> bool:
    """Return whether one more job may start here, as the settings are now."""
    current = Settings.load()
    here = slots.follow(current.concurrency)
    if current.queue_paused or _counted().count() >= current.concurrency:
        return False
    return _counted().filter(lease_node__startswith=f"{node.cluster()}|").count() < here


def _counted() -> QuerySet[Job]:
    """Return the running jobs that count toward the limits. One whose lease ran out does, until it is rescued."""
    return Job.objects.running().exclude(lease_node__startswith=node.COMMAND)


def _next_job() -> UUID | None:
    """Return the first job of the person whose turn it is, among those of the highest priority."""
    claimable = Job.objects.claimable()
    first = claimable.filter(priority=claimable.aggregate(Max("priority"))["priority__max"])
    waiting = dict(_by_owner(first).annotate(Min("created_at")))
    if not waiting:
        return None
    owner = _whose_turn(waiting)
    return first.filter(owner=owner).order_by("-rank", "created_at", "id").values_list("pk", flat=True).first()


def _whose_turn(waiting: dict[int, Any]) -> int:
    """Return the person with fewest running jobs, then the one served longest ago, then the one waiting longest.

    `waiting` has the ids of the people and since when their oldest job has waited.
    """
    theirs = Job.objects.filter(owner__in=waiting)
    running = dict(_by_owner(_counted().filter(owner__in=waiting)).annotate(Count("pk")))
    served = dict(_by_owner(theirs.filter(started_at__isnull=False)).annotate(Max("started_at")))
    return min(waiting, key=lambda owner: (running.get(owner, 0), owner in served, served.get(owner, waiting[owner])))


def _by_owner(jobs: QuerySet[Job]) -> QuerySet[Job, tuple[Any, ...]]:
    return jobs.order_by().values_list("owner")
