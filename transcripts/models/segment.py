"""The recognised text."""

from typing import Self

from django.db import models


class SegmentQuerySet(models.QuerySet["Segment"]):
    def gaps(self) -> Self:
        """Return the stretches that could not be transcribed."""
        return self.exclude(gap="")

    def words(self) -> Self:
        """Return the segments in which something was said."""
        return self.exclude(text="")


class Segment(models.Model):
    """A stretch of a job's text. Times are float seconds from the start of the recording.

    A worker writes it as it was recognised: one of the segments (`index`) of a piece. Where several people speak in it, it is
    cut into parts of one speaker each, which can be joined again.

    Once the transcription is over, it changes only as an `Edit` tells, so that the text as it was recognised can be had again.

    `words` is a list of [start, end, text, probability], where the texts joined are the segment's text. The probability is None for
    a word that a person wrote. Where one of them is true, two more values follow: whether its times are estimated, and whether a
    person has heard it and found it right. The second one is left out where it is false.
    """

    job = models.ForeignKey("transcripts.Job", on_delete=models.CASCADE, related_name="segments")
    piece = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    part = models.PositiveIntegerField(default=0)
    start = models.FloatField()
    end = models.FloatField()
    text = models.TextField()
    words = models.JSONField(default=list)
    mean_log_probability = models.FloatField()
    no_speech_probability = models.FloatField()
    compression_ratio = models.FloatField()
    temperature = models.FloatField()
    doubts = models.JSONField(default=list)
    """Names of the checks it failed: compression, probability, repetition."""
    gap = models.CharField(max_length=300, blank=True)
    """Why there is no text here: this stretch could not be transcribed. Empty for all other segments."""

    speaker = models.ForeignKey(
        "transcripts.Speaker", on_delete=models.SET_NULL, null=True, blank=True, related_name="segments"
    )
    also = models.JSONField(default=list, blank=True)
    """Ids of other speakers who talk at the same time."""

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["start", "piece", "index", "part"]
        indexes = [models.Index(fields=["job", "start"])]
        constraints = [models.UniqueConstraint(fields=["job", "piece", "index", "part"], name="segment_position")]

    def __str__(self) -> str:
        return f"Segment {self.piece}.{self.index}"
