"""What an administrator sets for the whole installation."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Settings(models.Model):
    """The installation's settings: exactly one row, made when it is first read."""

    upload_limit_megabytes = models.PositiveIntegerField(
        "largest upload (MB)", default=4096, help_text="In megabytes. 0 means no limit."
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

    identify_speakers = models.BooleanField(
        default=True, help_text="Whether new transcriptions tell speakers apart where nobody chooses otherwise."
    )
    restart_requested_at = models.DateTimeField(null=True, editable=False)
    """Clusters that came before this drain and start anew. By the database's clock."""

    class Meta:
        verbose_name_plural = "settings"

    def __str__(self) -> str:
        return "Settings"

    @classmethod
    def load(cls) -> Self:
        """Return the row, made with the defaults where it does not exist yet."""
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def upload_limit_bytes(self) -> int:
        """Return the upload limit in bytes, 0 for none."""
        return self.upload_limit_megabytes * 1_000_000
