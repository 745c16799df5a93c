"""Which engines, diarizers and weights this installation knows, what an administrator decided of each, and the work on them.

Filled from the catalogue by `registry.sync`, which never overwrites what an administrator changed. Whether something can run
now is not stored here: `registry.availability` looks.
"""

import uuid
from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

ENGLISH = "en"
KEY = RegexValidator(r"^[a-z0-9][a-zA-Z0-9._-]*$", "Use letters, digits, dots, dashes and underscores.")


class Provider(models.Model):
    """An engine that transcribes, or a diarizer that tells speakers apart."""

    class Kind(models.TextChoices):
        ASR = "asr", "Transcription"
        DIARIZER = "diarizer", "Speakers"

    key = models.CharField(max_length=32, unique=True, validators=[KEY])
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=64)
    module = models.CharField(
        "Python module",
        max_length=200,
        blank=True,
        help_text="Where `load` is, as a dotted path, for one that is not part of Selenite. Its code runs in the engine process.",
    )
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField("reason when disabled", max_length=200, blank=True)
    for_people = models.BooleanField(
        "people may choose it",
        default=True,
        help_text="Otherwise only administrators may, and it is a fallback for nobody else.",
    )
    notes = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower ones are listed and tried first.")

    # Of a diarizer, by `registry.measuring`. What an engine can do depends on its models, which have their own.
    speed = models.FloatField("measured speed here", null=True, blank=True, editable=False)
    """Seconds of recording for a second of work, on this machine."""
    memory_bytes = models.PositiveBigIntegerField("memory needed", null=True, blank=True, editable=False)
    measured_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["kind", "position", "key"]

    def __str__(self) -> str:
        return self.name


class SpeechModel(models.Model):
    """Weights that a provider loads. `store` and `key` name them on the disk: WEIGHTS_DIR/STORE/KEY.

    Diarizers share weights, which have the store "diarization" and stand with the provider that needs them most.
    """

    class Status(models.TextChoices):
        ABSENT = "absent", "Not installed"
        INSTALLED = "installed", "Installed"
        VERIFIED = "verified", "Verified"
        BROKEN = "broken", "Broken"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="speech_models")
    store = models.CharField(max_length=32, editable=False)
    key = models.CharField(max_length=64, validators=[KEY])
    name = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField("reason when disabled", max_length=200, blank=True)
    for_people = models.BooleanField(
        "people may choose it",
        default=True,
        help_text="Otherwise only administrators may, and it is a fallback for nobody else.",
    )
    install_path = models.CharField(
        max_length=500,
        blank=True,
        help_text="Where weights lie that were brought by hand: absolute, or inside the weights folder. Empty: in their own place.",
    )
    sources = models.JSONField(default=list, blank=True, editable=False)
    """Where the files can be had: addresses of a publisher, or requirements of a package index."""
    size_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    """Of all files together; 0 where it is not known before they are built."""
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    """Of the file that holds the numbers. For weights brought by hand: as they were when they were found."""
    licence = models.CharField(max_length=64, blank=True)
    languages = models.CharField(
        max_length=500, blank=True, help_text="Codes such as “en de”, parted by spaces. Empty: all that Whisper knows."
    )
    translates = models.BooleanField("can translate into English", default=True)
    memory_bytes = models.PositiveBigIntegerField(
        "memory needed", null=True, blank=True, help_text="In bytes. Estimated until it is measured here."
    )
    memory_is_measured = models.BooleanField(default=False, editable=False)
    speed = models.FloatField("measured speed here", null=True, blank=True, editable=False)
    """Seconds of recording for a second of work, on this machine."""
    measured_at = models.DateTimeField(null=True, blank=True, editable=False)

    status = models.CharField(max_length=10, choices=Status, default=Status.ABSENT, editable=False)
    status_detail = models.CharField(max_length=500, blank=True, editable=False)
    """Why it is broken, in a sentence."""
    verified_at = models.DateTimeField("last verified", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "speech model"
        ordering = ["provider", "size_bytes", "key"]
        constraints = [models.UniqueConstraint(fields=["store", "key"], name="speech_model_place")]

    def __str__(self) -> str:
        return f"{self.store}/{self.key}"

    @property
    def is_english_only(self) -> bool:
        return self.languages == ENGLISH


class WorkQuerySet(models.QuerySet["Work"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=(Work.State.QUEUED, Work.State.RUNNING))

    def queued(self) -> Self:
        return self.filter(state=Work.State.QUEUED)

    def held_by(self, lease_token: uuid.UUID) -> Self:
        """Return the work while this lease owns it: every write of whoever does it goes through this fence."""
        return self.filter(state=Work.State.RUNNING, lease_token=lease_token)

    def running(self) -> Self:
        return self.filter(state=Work.State.RUNNING)


class Work(models.Model):
    """Long work on a speech model, asked for by an administrator. The row is the queue, as with jobs: claimed and leased.

    At most one is unfinished for each model and kind, so that a second click does nothing twice; at most one runs.
    """

    class Kind(models.TextChoices):
        INSTALL = "install", "Install"
        VERIFY = "verify", "Verify"
        MEASURE = "measure", "Measure"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=8, choices=Kind)
    model = models.ForeignKey(SpeechModel, on_delete=models.CASCADE, related_name="works")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    stop_requested = models.BooleanField(default=False)
    step = models.CharField(max_length=200, blank=True)
    """What is being done now, in words."""
    done_bytes = models.PositiveBigIntegerField(default=0)
    total_bytes = models.PositiveBigIntegerField(default=0)
    message = models.CharField(max_length=1000, blank=True)
    """What came of it, in a sentence."""
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_holder = models.CharField(max_length=250, blank=True)
    """Which process does it, by a name that lets others on its machine prove that it is dead."""
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "long work"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "kind"], condition=Q(state__in=("queued", "running")), name="one_unfinished_work"
            ),
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="one_running_work"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.model}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """Return how much of the step at hand is done."""
        return min(100, 100 * self.done_bytes // self.total_bytes) if self.total_bytes else 0
