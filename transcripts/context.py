"""What every page shows of the queue."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db.models import Count, Exists, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from preferences.models import Settings
from transcripts.alarms import Alarm, current
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
    """Give templates `queue`; counted, with one query, only where one of them looks at it."""
    return {"queue": SimpleLazyObject(lambda: count_queue(request))}


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


def count_queue(request: HttpRequest) -> Queue:
    """Return the counts for the person who asks."""
    waiting = Q(state=Job.State.QUEUED)
    held = Exists(Settings.objects.filter(queue_paused=True))
    counts = (
        Job.objects.visible_to(request.user)
        .filter(state__in=(Job.State.RUNNING, Job.State.QUEUED))
        .aggregate(
            running=Count("pk", Q(state=Job.State.RUNNING)),
            waiting=Count("pk", waiting),
            held=Count("pk", waiting & Q(held)),
        )
    )
    return Queue(**counts, is_held=not any(counts.values()) and Settings.objects.filter(queue_paused=True).exists())
