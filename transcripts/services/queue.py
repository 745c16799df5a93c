"""What people decide about the order and the pace of the queue."""

import logging

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Greatest

from preferences.models import Settings
from transcripts.models import Job

log = logging.getLogger(__name__)

HIGHEST_PRIORITY = 32_767
"""What the column holds. Those that are this urgent take turns again."""


def move_to_front(job: Job, *, by: User) -> bool:
    """Make a waiting job the next of its owner's, or of the whole queue where staff moves it; return whether it waits."""
    waiting = Job.objects.waiting()
    column = "priority" if by.is_staff else "rank"
    others = waiting if by.is_staff else waiting.filter(owner=job.owner_id)
    with transaction.atomic():
        first = others.exclude(pk=job.pk).aggregate(first=Max(column))["first"]
        above = min(HIGHEST_PRIORITY, -HIGHEST_PRIORITY if first is None else first + 1)
        moved = waiting.filter(pk=job.pk).update(**{column: Greatest(F(column), above)})
    log.info("job %s was moved to the front by user %s: %s", job.pk, by.pk, bool(moved))
    return bool(moved)


def hold(*, by: User) -> None:
    """Let no waiting job start until the queue is resumed. What runs goes on."""
    _set_held(by, is_held=True)


def resume(*, by: User) -> None:
    _set_held(by, is_held=False)


def set_concurrency(number: int) -> int:
    """Set how many jobs may run at once on all machines together. Takes effect at the next claim."""
    Settings.load()
    Settings.objects.update(concurrency=number)
    return number


def _set_held(by: User, *, is_held: bool) -> None:
    Settings.objects.update_or_create(pk=1, defaults={"queue_paused": is_held})  # What depends on it is told.
    log.info("the queue was %s by user %s", "held" if is_held else "resumed", by.pk)
