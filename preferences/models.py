"""What an administrator sets for the whole installation, and what each person sets for themselves."""

from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

MOST_DAYS = 36_500
MOST_REWIND = 30
MOST_MEGABYTES = 100_000_000


class Settings(models.Model):
    """The installation's settings: exactly one row, made when it is first read. What obeys each is told in `docs/settings.md`."""

    site_name = models.CharField(
        max_length=60, default="Selenite", help_text="Shown at the head of every page and in the titles."
    )
    upload_limit_megabytes = models.PositiveIntegerField(
        "largest upload (MB)",
        default=4096,
        validators=[MaxValueValidator(MOST_MEGABYTES)],
        help_text="In megabytes. 0 means no limit.",
    )

    default_engine = models.CharField(
        max_length=32, blank=True, help_text="What transcribes where nobody chooses. Empty: as the server was started."
    )
    default_model = models.CharField(
        max_length=64, blank=True, help_text="The speech model where nobody chooses. Empty: as the server was started."
    )
    default_language = models.CharField(
        max_length=8, blank=True, help_text="The language that new recordings are expected in. Empty: it is detected."
    )
    may_choose_model = models.BooleanField(
        "people may choose the model", default=True, help_text="Otherwise only administrators may."
    )
    show_extra_options = models.BooleanField(
        "show the field for extra options",
        default=False,
        help_text="Offers a field for options of the engine to everybody who uploads.",
    )
    fetch_weights = models.BooleanField(
        "fetch missing weights when a job needs them",
        default=False,
        help_text="When a job's turn comes and its weights are not installed, it has them downloaded: those of the default "
        "model, of one that a command names, of one that was removed while the job waited, and those that tell speakers "
        "apart. Forms go on offering only what is installed. Up to several gigabytes come from the publisher, who learns the "
        "address of this machine. No recording is sent.",
    )

    diarization = models.BooleanField(
        "speakers can be identified", default=True, help_text="Off: nobody is offered it, and no job does it."
    )
    identify_speakers = models.BooleanField(
        "identify speakers unless somebody chooses otherwise",
        default=True,
        help_text="How the box of the upload form is to begin with, and what uploads by script get.",
    )
    default_diarizer = models.CharField(
        max_length=32,
        blank=True,
        help_text="What tells speakers apart where nobody chooses. Empty: the best that can run.",
    )
    may_choose_diarizer = models.BooleanField(
        "people may choose how speakers are told apart", default=True, help_text="Otherwise only administrators may."
    )

    concurrency = models.PositiveSmallIntegerField(
        "jobs at once",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(64)],
        help_text="How many jobs run at the same time on all machines together.",
    )
    queue_paused = models.BooleanField(
        "hold the queue", default=False, help_text="Running jobs go on; no waiting job starts until this is off."
    )

    keep_media_days = models.PositiveIntegerField(
        "keep media for (days)",
        default=0,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text="After so many days the audio or video of a recording is deleted and its text stays. 0: it is kept.",
    )
    keep_days = models.PositiveIntegerField(
        "keep recordings for (days)",
        default=0,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text="After so many days a recording is deleted with all its text. 0: it is kept.",
    )

    restart_requested_at = models.DateTimeField(null=True, editable=False)
    """Clusters that came before this drain and start anew. By the database's clock."""

    class Meta:
        verbose_name_plural = "settings"

    def __str__(self) -> str:
        return "This installation"

    @classmethod
    def load(cls) -> Self:
        """Return the row, made with the defaults where it does not exist yet."""
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def upload_limit_bytes(self) -> int:
        """Return the upload limit in bytes, 0 for none."""
        return self.upload_limit_megabytes * 1_000_000


class UserDefaults(models.Model):
    """What one person has set: how their recordings are transcribed where they do not choose, and how pages look to them."""

    DETECT = "auto"

    class Theme(models.TextChoices):
        SYSTEM = "", "As the device has it"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class DateFormat(models.TextChoices):
        PLAIN = "", "28 Nov 2026, 14:05"
        ISO = "iso", "2026-11-28 14:05"
        AMERICAN = "us", "Nov 28, 2026, 2:05 p.m."

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="defaults")

    # Empty or None: as the installation has it.
    model = models.CharField(max_length=100, blank=True)
    """ENGINE/MODEL."""
    language = models.CharField(max_length=8, blank=True)
    """A code, or `DETECT`."""
    translate = models.BooleanField("translate into English", default=False)
    diarize = models.BooleanField(null=True)
    speakers = models.CharField(max_length=5, blank=True)
    """How many, as `speech.types.SpeakerCount.parse` reads it."""

    rewind_seconds = models.PositiveSmallIntegerField(
        "seconds back when pausing",
        default=0,
        validators=[MaxValueValidator(MOST_REWIND)],
        help_text="So the words before are heard again when you go on. 0 stays where it is.",
    )
    export_times = models.BooleanField(
        "times in the text", default=True, help_text="Where a format usually has them. Subtitles always do."
    )
    export_formats = models.JSONField(default=list, blank=True)
    """The formats that are offered first, in order; empty for all."""
    theme = models.CharField("colours", max_length=5, choices=Theme, default=Theme.SYSTEM, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    """A name of the IANA database; empty for the server's."""
    date_format = models.CharField(
        "dates and times", max_length=4, choices=DateFormat, default=DateFormat.PLAIN, blank=True
    )

    class Meta:
        verbose_name_plural = "user defaults"

    def __str__(self) -> str:
        return f"Defaults of {self.user}"

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> "UserDefaults":
        """Return what a person has set; a row with the defaults, which is not saved, where that is nothing."""
        if not isinstance(user, User):
            return cls()
        try:
            return user.defaults
        except cls.DoesNotExist:
            return cls(user=user)
