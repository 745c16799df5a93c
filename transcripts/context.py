"""What every page shows of the queue."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from transcripts.models import Job


@dataclass(frozen=True, slots=True)
class Queue:
    """How many of the jobs that this person may see run and wait."""

    running: int
    waiting: int

    @property
    def is_busy(self) -> bool:
        return self.running + self.waiting > 0

    @property
    def parts(self) -> list[str]:
        """Return what there is, each in words: "1 running", "3 waiting"."""
        counts = {"running": self.running, "waiting": self.waiting}
        return [f"{count} {name}" for name, count in counts.items() if count]


def queue(request: HttpRequest) -> dict[str, object]:
    """Give templates `queue`; counted, with one query, only where one of them looks at it."""
    return {"queue": SimpleLazyObject(lambda: count_queue(request))}


def count_queue(request: HttpRequest) -> Queue:
    """Return the counts for the person who asks."""
    counts = (
        Job.objects.visible_to(request.user)
        .filter(state__in=(Job.State.RUNNING, Job.State.QUEUED))
        .aggregate(running=Count("pk", Q(state=Job.State.RUNNING)), waiting=Count("pk", Q(state=Job.State.QUEUED)))
    )
    return Queue(**counts)
