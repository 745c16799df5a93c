"""The queue as its page shows it: one's own jobs by name, those of others by number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q

from transcripts import line as lines
from transcripts.line import Line, Member, Place
from transcripts.models import Job
from transcripts.views.access import BULKY
from transcripts.views.standing import Standing

Listed = TypeVar("Listed", Place, Member)

MOST_ROWS = 100
"""How many jobs of a kind the page shows by name; of the rest it tells the number."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of the line: one job, or jobs of others that stand together. `row` is None for those of others."""

    first: int
    last: int
    row: Standing | None = None
    can_move: bool = False

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs that stand in no order. `hidden` are those of others, `more` those that are too many to show."""

    rows: Sequence[Standing]
    hidden: int
    more: int

    @property
    def count(self) -> int:
        return len(self.rows) + self.hidden + self.more


@dataclass(frozen=True, slots=True)
class PageLine:
    """What the page shows of the queue to one person. `more` is how many of their own waiting jobs it leaves out."""

    line: Line
    running: Group
    turns: Sequence[Turn]
    more: int
    blocked: Group
    paused: Sequence[Standing]
    """One's own, the newest first. They stand outside of the line until they go on."""


def page_line(user: User) -> PageLine:
    """Return the queue for a person. Costs two queries, however many jobs there are."""
    line = lines.read()
    running, places, blocked = _own(user, line.running), _own(user, line.places), _own(user, line.blocked)
    jobs = _jobs(user, [*running[:MOST_ROWS], *places[:MOST_ROWS], *blocked[:MOST_ROWS]])
    return PageLine(
        line,
        _group(running, jobs, total=len(line.running)),
        list(_turns(line.places, places, jobs, is_staff=user.is_staff)),
        max(0, len(places) - MOST_ROWS),
        _group(blocked, jobs, total=len(line.blocked)),
        _paused(jobs),
    )


def _own(user: User, members: Iterable[Listed]) -> list[Listed]:
    return [member for member in members if user.is_staff or member.recording_owner == user.pk]


def _jobs(user: User, members: Iterable[Place | Member]) -> dict[UUID, Job]:
    """Return the jobs and the paused ones by their ids. One that was deleted since the line was read is missing."""
    visible = Job.objects.visible_to(user)
    paused = visible.filter(state=Job.State.PAUSED).order_by("-created_at").values("pk")[:MOST_ROWS]
    jobs = visible.filter(Q(pk__in=[member.job_id for member in members]) | Q(pk__in=paused))
    return {job.pk: job for job in jobs.with_last_words().select_related("recording__owner").defer(*BULKY)}


def _paused(jobs: Mapping[UUID, Job]) -> list[Standing]:
    paused = [job for job in jobs.values() if job.state == Job.State.PAUSED]
    return [Standing(job) for job in sorted(paused, key=lambda job: job.created_at, reverse=True)]


def _group(own: Sequence[Member], jobs: Mapping[UUID, Job], *, total: int) -> Group:
    rows = [Standing(jobs[member.job_id]) for member in own[:MOST_ROWS] if member.job_id in jobs]
    return Group(rows, hidden=total - len(own), more=max(0, len(own) - MOST_ROWS))


def _turns(
    places: Sequence[Place], own: Sequence[Place], jobs: Mapping[UUID, Job], *, is_staff: bool
) -> Iterator[Turn]:
    """Yield the line up to the last job that is shown by name, or to its end where all of them are."""
    named = {place.job_id for place in own}
    end = own[MOST_ROWS].position if len(own) > MOST_ROWS else len(places) + 1
    fixed = 1 if is_staff else own[0].position if own else 0
    for is_own, stretch in groupby(places[: end - 1], key=lambda place: place.job_id in named):
        found = list(stretch)
        if not is_own:
            yield Turn(found[0].position, found[-1].position)
            continue
        for place in found:
            if job := jobs.get(place.job_id):
                yield Turn(place.position, place.position, Standing(job, place), can_move=place.position != fixed)
