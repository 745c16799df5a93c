"""For how long recordings are kept: what is due is counted, announced and deleted by the same queries."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef
from django.utils import timezone

from preferences.forecast import Doomed
from preferences.models import Settings
from transcripts.models import Job, Recording
from transcripts.models.recording import RecordingQuerySet
from transcripts.services.delete import expire_media, expire_recording

log = logging.getLogger(__name__)

Expire = Callable[[Recording, Callable[[], bool]], bool]

MOST_AT_ONCE = 500
BUDGET_SECONDS = 20.0
"""A light task has a minute for all that it tidies up. What is left over is deleted a minute later."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days the media, and recordings with their text, are kept; 0 for ever."""

    media_days: int
    days: int

    @property
    def is_limited(self) -> bool:
        return bool(self.media_days or self.days)

    def due(self, at: datetime) -> RecordingQuerySet:
        """Return the recordings that are to be deleted as a whole at a time, whatever became of them; those that run, after that."""
        every = Recording.objects.all()
        return every.filter(created_at__lte=at - timedelta(days=self.days)) if self.days else every.none()

    def due_media(self, at: datetime) -> RecordingQuerySet:
        """Return the recordings that lose their media at a time, apart from those that are deleted as a whole."""
        if not self.media_days:
            return Recording.objects.none()
        old = Recording.objects.filter(created_at__lte=at - timedelta(days=self.media_days)).exclude(media="")
        return old.filter(created_at__gt=at - timedelta(days=self.days)) if self.days else old

    def media_ends(self, recording: Recording) -> datetime | None:
        """Return when a recording loses its media; None where it does not, or all of it goes first."""
        if not self.media_days or not recording.media or (self.days and self.days <= self.media_days):
            return None
        return recording.created_at + timedelta(days=self.media_days)

    def ends(self, recording: Recording) -> datetime | None:
        """Return when a recording is deleted with its text; None where it is kept."""
        return recording.created_at + timedelta(days=self.days) if self.days else None


def keeping(settings: Settings) -> Keeping:
    return Keeping(settings.keep_media_days, settings.keep_days)


def count(keep_media_days: int, keep_days: int, in_days: int) -> Doomed:
    """Return what is due in so many days, if media and recordings are kept for so many; what runs too, which goes when it is over."""
    kept, at = Keeping(keep_media_days, keep_days), timezone.now() + timedelta(days=in_days)
    return Doomed(media=kept.due_media(at).count(), recordings=kept.due(at).count())


def soon_of(recordings: RecordingQuerySet, kept: Keeping, *, days: int) -> Doomed:
    """Return how many of these recordings are due within so many days."""
    at = timezone.now() + timedelta(days=days)
    return Doomed(
        media=recordings.filter(pk__in=kept.due_media(at).values("pk")).count(),
        recordings=recordings.filter(pk__in=kept.due(at).values("pk")).count(),
    )


def enforce() -> Doomed:
    """Delete what is due now and return how much that was. What cannot be deleted is logged and tried again in a minute."""
    now, end = timezone.now(), time.monotonic() + BUDGET_SECONDS
    whole = _each(lambda: _idle(_kept_now().due(now)), expire_recording, end)
    media = _each(lambda: _idle(_kept_now().due_media(now)), expire_media, end)
    if whole or media:
        log.info("retention deleted %d recordings and the media of %d more", whole, media)
    return Doomed(media=media, recordings=whole)


def _kept_now() -> Keeping:
    return keeping(Settings.objects.filter(pk=1).first() or Settings())


def _each(due: Callable[[], RecordingQuerySet], expire: Expire, end: float) -> int:
    """Expire one after the other, the oldest first, and return how many were.

    What is due is asked again for each: an administrator may decide meanwhile to keep it.
    """
    done = 0
    for recording in list(due().order_by("created_at").defer("peaks")[:MOST_AT_ONCE]):
        if time.monotonic() > end:
            break
        try:
            done += expire(recording, partial(_is_still_due, recording, due))
        except OSError:
            log.exception("retention could not delete the file of recording %s", recording.pk)
    return done


def _is_still_due(recording: Recording, due: Callable[[], RecordingQuerySet]) -> bool:
    return due().filter(pk=recording.pk).exists()


def _idle(recordings: RecordingQuerySet) -> RecordingQuerySet:
    """Return those of which nothing runs."""
    return recordings.filter(~Exists(Job.objects.running().filter(recording=OuterRef("pk"))))
