"""What every page shows of the queue."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db.models import Count, Expression, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from preferences.site import settings_of
from transcripts.alarms import Alarm, current
from transcripts.line import Line, Member, Place
from transcripts.models import Job


@dataclass(frozen=True, slots=True)
class Queue:
    """How many of the jobs that this person may see run and wait."""

    running: int
    waiting: int
    held: int = 0
    """Of those that wait: all of them, or none."""
    is_held: bool = False
    """Whether the queue is held, where nothing runs or waits."""

    @property
    def is_busy(self) -> bool:
        return self.running + self.waiting > 0

    @property
    def parts(self) -> list[str]:
        """Return what there is, each in words: "1 running", "3 waiting" or "3 held"."""
        counts = {"running": self.running, "held" if self.held else "waiting": self.waiting}
        return [f"{count} {name}" for name, count in counts.items() if count]


def queue(request: HttpRequest) -> dict[str, object]:
    """Give templates `queue`; counted in the query for the settings."""
    return {"queue": SimpleLazyObject(lambda: count_queue(request))}


def queue_of(request: HttpRequest, line: Line) -> Queue:
    """Return the same from all that runs and waits, where a page has read it for something else."""
    running = _visible(request, line.running)
    waiting = _visible(request, line.places) + _visible(request, line.blocked)
    return Queue(running, waiting, waiting if line.is_held else 0, is_held=line.is_held and not running + waiting)


def _visible(request: HttpRequest, members: Iterable[Place | Member]) -> int:
    return sum(is_staff(request) or member.recording_owner == request.user.pk for member in members)


def alarms(request: HttpRequest) -> dict[str, object]:
    """Give templates `alarms`: what is wrong with the installation, for staff, where one of them looks at it."""
    return {"alarms": SimpleLazyObject(lambda: _alarms_for(request))}


def _alarms_for(request: HttpRequest) -> list[Alarm]:
    """Return what is wrong, for staff. The queue's own page tells by itself that the queue is held."""
    if not is_staff(request):
        return []
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path or request.path
    return [alarm for alarm in current() if alarm.name != "queue" or page != reverse("transcripts:queue")]


def is_staff(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_staff


def counts_for(request: HttpRequest) -> dict[str, Expression]:
    """Return how the jobs that this person may see are counted, in the query for the settings.

    Where a request is refused at once, nobody knows yet whose it is.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    visible = Job.objects.visible_to(user).order_by()
    states = {"running": Job.State.RUNNING, "waiting": Job.State.QUEUED}
    return {name: _count(visible.filter(state=state)) for name, state in states.items()}


def _count(jobs: QuerySet[Job]) -> Expression:
    counted = jobs.values(all=Value(1)).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


def count_queue(request: HttpRequest) -> Queue:
    """Return the counts for the person who asks."""
    current = settings_of(request)
    is_held, told = current.queue_paused, dict(vars(current))
    if "running" not in told:  # No row of settings is there yet.
        told |= User.objects.filter(username=request.user.get_username()).values(**counts_for(request)).get()
    running, waiting = told["running"], told["waiting"]
    return Queue(running, waiting, waiting if is_held else 0, is_held=is_held and not running + waiting)
