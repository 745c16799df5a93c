"""The media that people bring."""

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Exists, OuterRef, Q

from tags.models import Tag
from transcripts.folding import folded

MEDIA_GONE = (
    "The audio or video of this recording was deleted: this installation keeps it for a limited time. Its text is kept. "
    "To transcribe it again, upload the file again."
)


def media_path(recording: "Recording", filename: str) -> str:
    """Return where the media is kept: by id, never by a name that a person chose."""
    return f"recordings/{recording.pk}"


def named(title: str, filename: str) -> str:
    """Return what a recording is found by of its title and the name of its file."""
    return f"{folded(title)}\n{folded(filename)}"


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return what this person may see: their own recordings, all of them for staff."""
        if not isinstance(user, User):
            return self.none()
        return self if user.is_staff else self.filter(owner=user)

    def called(self, text: str) -> Self:
        """Return those that have a text in their title or in the name of their file, whatever its case and accents."""
        return self.filter(found_by__contains=folded(text))

    def tagged(self, *, any: Collection[Tag | int] = (), all: Collection[Tag | int] = ()) -> Self:  # noqa: A002
        """Return those that bear any of some tags, and all of others; where none are given, that holds for every recording.

        Whose tags they are is for the caller to look at: `Tag.objects.of(user)`.
        """
        worn = Recording.tags.through.objects.filter(recording=OuterRef("pk"))
        conditions = [worn.filter(tag=tag) for tag in all] + ([worn.filter(tag__in=any)] if any else [])
        return self.filter(*(Exists(condition) for condition in conditions))


class Playback(models.TextChoices):
    """How it stands with the copy for the player."""

    WAITING = "", "Not looked at yet"
    MAKING = "making", "Being made"
    NONE = "none", "Not needed"
    MADE = "made", "Made"
    FAILED = "failed", "Could not be made"


class Recording(models.Model):
    """One media file with what is known about it. `sha256` is the hex digest of the file as it was uploaded."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recordings")
    title = models.CharField(max_length=255)
    original_filename = models.CharField(max_length=255)
    found_by = models.TextField(editable=False, default="")
    """Its title and the file's name without case and accents, which a list is narrowed down by. Follows them when it is saved."""
    media = models.FileField(upload_to=media_path, max_length=255)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    container = models.CharField(max_length=64)
    audio_codec = models.CharField(max_length=64)
    duration_seconds = models.FloatField(null=True)
    """As a player shows it. Estimated by the container until the first job has decoded it; None where the container does not say."""
    audio_tracks = models.PositiveSmallIntegerField(default=1)
    has_video = models.BooleanField(default=False)
    playback = models.FileField(max_length=255, blank=True)
    """A copy of its sound that browsers play and seek in exactly, where they do not in the media: `transcripts.playback`."""
    playback_state = models.CharField(max_length=8, choices=Playback, default=Playback.WAITING, blank=True)
    playback_token = models.UUIDField(null=True, blank=True)
    playback_until = models.DateTimeField(null=True, blank=True)
    """Whoever makes the copy holds the token, and has until then, by the database's clock."""
    playback_deaths = models.PositiveSmallIntegerField(default=0)
    """How often the process died that was to make it."""
    peaks = models.JSONField(default=list, blank=True)
    """The waveform: the loudest sample of each of at most 2000 equal stretches, 0..255."""
    clipped_share = models.FloatField(null=True, blank=True)
    """How much of the sound was too loud for what recorded it, 0..1; None until it was decoded."""
    tags = models.ManyToManyField(Tag, blank=True, related_name="recordings")
    """Those of its owner, and of whoever else may see it: each person sees their own only."""
    shown_job = models.ForeignKey("transcripts.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    shown_since = models.DateTimeField(null=True, blank=True)
    """When that was decided, by a person or by a transcription that was completed."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["owner", "-created_at", "id"], name="recording_newest_of_owner"),
            models.Index(fields=["-created_at", "id"], name="recording_newest"),
            models.Index(
                fields=["-created_at"], condition=Q(playback_state__in=("", "making")), name="recording_needs_playback"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if fields is None or "title" in fields:
            self.found_by = named(self.title, self.original_filename)
            kwargs["update_fields"] = None if fields is None else {*fields, "found_by"}
        super().save(*args, **kwargs)

    @property
    def has_media(self) -> bool:
        """Return whether its audio or video is kept here: after a time that an administrator sets it is deleted."""
        return bool(self.media)

    @property
    def shows_video(self) -> bool:
        """Return whether a player shows its pictures: not where what is played is a copy of the sound."""
        return self.has_video and self.has_media and not self.playback

    @property
    def awaits_playback(self) -> bool:
        """Return whether a copy for the player may still come."""
        return self.has_media and self.playback_state in (Playback.WAITING, Playback.MAKING)

    @property
    def extension(self) -> str:
        """Return what the file's name has more than the title, such as ".mp3"; empty where they differ otherwise."""
        rest = self.original_filename.removeprefix(self.title)
        return rest if rest.startswith(".") and rest != self.original_filename else ""

    @property
    def duration(self) -> timedelta | None:
        return None if self.duration_seconds is None else timedelta(seconds=self.duration_seconds)
