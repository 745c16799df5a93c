"""What is done every minute, as a light task of django-q2: the second net below what clusters do by themselves."""

import logging
from datetime import timedelta

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_q.models import Failure, Schedule

from preferences.models import Settings
from transcripts import lease, workfile

log = logging.getLogger(__name__)

TASK = "transcripts.schedule.every_minute"
NAME = "Rescue and tidy up"
UNSAVED = "q_options={'save': False}"
"""A success leaves no row: there would be 1440 a day."""
FAILURES_KEPT = timedelta(days=7)
"""How long the admin shows the light tasks that failed: django-q2 itself keeps them for ever."""


def every_minute() -> None:
    """Put interrupted jobs back and delete what nobody needs any more. Safe to run anywhere at once, and again."""
    if rescued := lease.rescue():
        log.warning("put %d interrupted jobs back in the queue", rescued)
    workfile.sweep()
    call_command("clearsessions")
    Failure.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()


def ensure() -> None:
    """Make the schedule where there is none. One that somebody has edited is left as it is."""
    if _exists():
        return
    Settings.load()
    with transaction.atomic():
        Settings.objects.select_for_update().get()  # One machine at a time, else two would make it.
        if not _exists():
            Schedule.objects.create(
                name=NAME, func=TASK, schedule_type=Schedule.MINUTES, minutes=1, repeats=-1, kwargs=UNSAVED
            )


def _exists() -> bool:
    """Tell it by what it calls: the name may have been changed."""
    return bool(Schedule.objects.filter(func=TASK).exists())
