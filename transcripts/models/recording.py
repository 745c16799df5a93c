"""The media that people bring."""

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db import models


def media_path(recording: "Recording", filename: str) -> str:
    """Return where the media is kept: by id, never by a name that a person chose."""
    return f"recordings/{recording.pk}"


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return what this person may see: their own recordings, all of them for staff."""
        if not isinstance(user, User):
            return self.none()
        return self if user.is_staff else self.filter(owner=user)


class Recording(models.Model):
    """One media file with what is known about it. `sha256` is the hex digest of the file as it was uploaded."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recordings")
    title = models.CharField(max_length=255)
    original_filename = models.CharField(max_length=255)
    media = models.FileField(upload_to=media_path, max_length=255)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    container = models.CharField(max_length=64)
    audio_codec = models.CharField(max_length=64)
    duration_seconds = models.FloatField(null=True)
    """As a player shows it. Estimated by the container until the first job has decoded it; None where the container does not say."""
    audio_tracks = models.PositiveSmallIntegerField(default=1)
    has_video = models.BooleanField(default=False)
    peaks = models.JSONField(default=list, blank=True)
    """The waveform: the loudest sample of each of at most 2000 equal stretches, 0..255."""
    shown_job = models.ForeignKey("transcripts.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def extension(self) -> str:
        """Return what the file's name has more than the title, such as ".mp3"; empty where they differ otherwise."""
        rest = self.original_filename.removeprefix(self.title)
        return rest if rest.startswith(".") and rest != self.original_filename else ""

    @property
    def duration(self) -> timedelta | None:
        return None if self.duration_seconds is None else timedelta(seconds=self.duration_seconds)
