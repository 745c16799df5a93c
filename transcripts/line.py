"""The line of waiting jobs: in which order they will be claimed, and when. See `transcripts.claim`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Now

from preferences.models import Settings
from transcripts import node
from transcripts.models import Job, Node
from transcripts.models.job import own_pace, time_left
from transcripts.models.node import SEEN_SECONDS
from transcripts.turns import Entry, play

GAPS_SECONDS = 60.0
"""How long it takes, about, to try the gaps of another job again: they are few and short."""
NO_LIMIT = 64
"""The slots of a machine that has no limit of its own: as many as the settings can ask for."""
COLUMNS = (
    "pk",
    "owner_id",
    "recording__owner_id",
    "state",
    "kind",
    "priority",
    "asked_engine",
    "asked_model",
    "created_at",
    "started_at",
    "blocked_reason",
    "lease_node",
    "expected_pace",
    "transcribing_seconds",
    "audio_seconds_done",
    "identifying_seconds",
    "identified_seconds",
    "identifying_share",
    "recording__duration_seconds",
    "stretch_start",
    "stretch_end",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting job stands, counted from 1; `starts_in_seconds` is None where nobody can tell."""

    job_id: UUID
    recording_owner: int
    position: int
    starts_in_seconds: float | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A job that is in no line: it runs, or cannot start until something changes."""

    job_id: UUID
    recording_owner: int


@dataclass(frozen=True, slots=True)
class Line:
    """All that runs and waits on this installation. `places` is in the order in which the jobs will start."""

    is_held: bool
    concurrency: int
    running: Sequence[Member] = ()
    places: Sequence[Place] = ()
    blocked: Sequence[Member] = ()
    _by_job: dict[UUID, Place] = field(default_factory=dict)

    @property
    def is_busy(self) -> bool:
        return bool(self.running or self.places or self.blocked)

    def place_of(self, job_id: UUID) -> Place | None:
        return self._by_job.get(job_id)


def read() -> Line:
    """Return the line as it is now, with one query; with another one where nothing runs or waits."""
    rows = list(_rows())
    if not rows:
        current = Settings.load()
        return Line(current.queue_paused, current.concurrency)
    is_held, concurrency = bool(rows[0].is_held), rows[0].concurrency or 1
    running = [row for row in rows if row.state == Job.State.RUNNING]
    waiting = [row for row in rows if row.state == Job.State.QUEUED and not row.blocked_reason]
    blocked = [row for row in rows if row.state == Job.State.QUEUED and row.blocked_reason]
    places = list(_places(waiting, running, is_held=is_held, concurrency=concurrency, slots=rows[0].slots))
    return Line(is_held, concurrency, _members(running), places, _members(blocked), {p.job_id: p for p in places})


def _rows() -> QuerySet[Job, Any]:
    """Return running and waiting jobs, in the order of the claim but for the turns of people, with what they need."""
    settings = Settings.objects.filter(pk=1)
    served = Job.objects.filter(owner=OuterRef("owner"), started_at__isnull=False).order_by("-started_at")
    is_alive = Q(seen_at__gt=Now() - timedelta(seconds=SEEN_SECONDS))
    free = Case(
        When(is_alive & Q(slots=0), then=NO_LIMIT), When(is_alive, then="slots"), default=0, output_field=IntegerField()
    )
    # Null where no machine is on the list, 0 where none was seen lately.
    slots = Node.objects.values(all=Value(1)).annotate(sum=Sum(free)).values("sum")
    return (
        Job.objects.filter(state__in=(Job.State.RUNNING, Job.State.QUEUED))
        .order_by("-priority", "-rank", "created_at", "id")
        .annotate(
            served_at=Subquery(served.values("started_at")[:1]),
            is_held=Subquery(settings.values("queue_paused")),
            concurrency=Subquery(settings.values("concurrency")),
            slots=Subquery(slots),
        )
        .values_list(*COLUMNS, "served_at", "is_held", "concurrency", "slots", named=True)
    )


def _places(
    waiting: Sequence[Any], running: Sequence[Any], *, is_held: bool, concurrency: int, slots: int | None
) -> Iterable[Place]:
    owners = {row.pk: row.recording__owner_id for row in waiting}
    paces = {
        (row.asked_engine, row.asked_model): pace
        for row in running
        if row.kind == Job.Kind.WHOLE and (pace := own_pace(row)) is not None
    }
    counted = [_entry(row, paces) for row in running if not row.lease_node.startswith(node.COMMAND)]
    can_start = not is_held and bool(slots)
    starts = play([_entry(row, paces) for row in waiting], counted, slots=min(concurrency, slots or concurrency))
    for position, (entry, seconds) in enumerate(starts, start=1):
        yield Place(entry.pk, owners[entry.pk], position, seconds if can_start else None, is_held)


def _entry(row: Any, paces: dict[tuple[str, str], float]) -> Entry:
    """Return a row as the play needs it."""
    left = _seconds_left(row, paces)
    return Entry(row.pk, row.owner_id, row.priority, row.created_at, row.started_at, row.served_at, left)


def _seconds_left(row: Any, paces: dict[tuple[str, str], float]) -> float | None:
    """Return how long a job will run. Where nothing is known of its pace, it goes as one of its kind that runs."""
    if row.kind == Job.Kind.GAPS:
        return GAPS_SECONDS
    is_stretch = row.kind == Job.Kind.STRETCH
    total = row.stretch_end - row.stretch_start if is_stretch else row.recording__duration_seconds
    return time_left(row, total, usual_pace=paces.get((row.asked_engine, row.asked_model)))


def _members(rows: Iterable[Any]) -> list[Member]:
    return [Member(row.pk, row.recording__owner_id) for row in rows]
