"""What is done every minute, as a light task of django-q2: the second net below what clusters do by themselves."""

from django.db import transaction
from django_q.models import Schedule

from preferences.models import Settings

TASK = "transcripts.tidy.tidy"
NAME = "Rescue and tidy up"
UNSAVED = "q_options={'save': False}"
"""A success leaves no row: there would be 1440 a day."""


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
