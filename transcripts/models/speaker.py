"""Who speaks, and every change that was made to a transcript."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from transcripts.models.segment import Segment

HUES = 8
"""So many colours there are for speakers; the ninth has the first one again."""


class Labelling(models.Model):
    """What one run of a diarizer heard: who speaks when. It stays when another one takes its place, and can be used again.

    `turns` is a list of [start, end, number of the speaker], where the times are float seconds from the start of the
    recording; turns of several people may overlap.
    """

    job = models.ForeignKey("transcripts.Job", on_delete=models.CASCADE, related_name="labellings")
    """The job whose text is labelled."""
    created_at = models.DateTimeField(auto_now_add=True)
    turns = models.JSONField()
    provenance = models.JSONField(default=dict, blank=True)
    """What produced it: diarizer, versions, hashes of the weights, bounds on the number of speakers."""

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"Labelling {self.pk}"


class SpeakerQuerySet(models.QuerySet["Speaker"]):
    def speaking(self) -> Self:
        """Return those who say something now."""
        return self.filter(Exists(Segment.objects.filter(speaker=OuterRef("pk"))))


class Speaker(models.Model):
    """Somebody who speaks in a transcript. A row is never deleted: who has nothing to say any more is not shown."""

    job = models.ForeignKey("transcripts.Job", on_delete=models.CASCADE, related_name="speakers")
    labelling = models.ForeignKey(Labelling, on_delete=models.CASCADE, null=True, blank=True, related_name="speakers")
    """The one that heard them; None where a person added them."""
    number = models.PositiveSmallIntegerField()
    """Counted from 1 in order of appearance; whoever is added later follows."""
    name = models.CharField(max_length=100, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    """Who this was found to be: what the labelling gives to this one is theirs."""
    exported_id = models.BigIntegerField(null=True, blank=True)
    """The id that they have in exports, where they came from one; None: that of the row."""

    objects = SpeakerQuerySet.as_manager()

    class Meta:
        ordering = ["number", "id"]
        indexes = [models.Index(fields=["name"], name="speaker_name")]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        return self.name or f"Speaker {self.number}"

    @property
    def hue(self) -> int:
        """Return which of the colours for speakers is theirs, counted from 1."""
        return (self.number - 1) % HUES + 1


class Edit(models.Model):
    """One change to a transcript, as a person made it or a labelling did. Rows are only ever added.

    `before` and `after` have what changed, and nothing else: {"segments": {id: {column: value}}, "speakers": {id: {column:
    value}}, "job": {column: value}}; None in place of the columns where the row did not exist. Undoing an edit is another
    edit, whose `after` is the `before` of the first.
    """

    class Kind(models.TextChoices):
        LABELLING = "labelling", "Speakers identified"
        ASSIGN = "assign", "Speaker changed"
        RENAME = "rename", "Speaker renamed"
        MERGE = "merge", "Speakers merged"
        CORRECT = "correct", "Text corrected"
        SPLIT = "split", "Segment split"
        JOIN = "join", "Segments joined"
        DELETE = "delete", "Segment deleted"
        INSERT = "insert", "Segment added"
        RETIME = "retime", "Times changed"
        REPLACE = "replace", "Text replaced"
        RULES = "rules", "Replacement rules applied"
        HEARD = "heard", "Heard and found right"
        SUGGESTION = "suggestion", "Suggestion accepted"
        RESTORE = "restore", "Earlier state restored"
        UNDO = "undo", "Undone"

    job = models.ForeignKey("transcripts.Job", on_delete=models.CASCADE, related_name="edits")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    """Who made it, or asked for what did; None where it is part of the transcription, as what replacement rules change is."""
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=16, choices=Kind)
    before = models.JSONField()
    after = models.JSONField()
    undoes = models.OneToOneField("self", on_delete=models.CASCADE, null=True, blank=True, related_name="undone_by")
    point = models.BigIntegerField(null=True, blank=True)
    """The edit whose state a restoration put back, by its id; 0: as it was transcribed."""
    accepts = models.ForeignKey("transcripts.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The job whose suggestion it put into the text."""

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"
