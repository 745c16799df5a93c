"""One run over a recording. The row is the queue: it is claimed, leased, checkpointed and rescued here, see `docs/reliability.md`."""

import uuid
from typing import Protocol, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from preferences.models import Settings
from tags.models import Tag
from transcripts.models.gathered import Gathered
from transcripts.models.node import Node
from transcripts.models.segment import Segment
from transcripts.models.speaker import Speaker

USUAL_BATCH_SECONDS = 300.0
"""So much of a recording its own pace has to be known for to count as much as what was expected: a batch has less."""

SEGMENTS = "SELECT 1 FROM transcripts_segment WHERE job_id = transcripts_job.id"
# As text: each open page asks every few seconds, and Django needs 0.9 ms of processor time to write the same.
HAS_WORDS = RawSQL(f"EXISTS ({SEGMENTS} AND text <> '')", (), BooleanField())  # noqa: S611 - nothing comes from outside.
IS_SILENT = RawSQL(f"NOT EXISTS ({SEGMENTS} AND (text <> '' OR gap <> ''))", (), BooleanField())  # noqa: S611


class Task(models.TextChoices):
    TRANSCRIBE = "transcribe", "Transcribe"
    TRANSLATE = "translate", "Translate into English"


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return what this person may see: the jobs on their own recordings, all of them for staff."""
        if not isinstance(user, User):
            return self.none()
        return self if user.is_staff else self.filter(recording__owner=user)

    def waiting(self) -> Self:
        return self.filter(state=Job.State.QUEUED)

    def running(self) -> Self:
        return self.filter(state=Job.State.RUNNING)

    def claimable(self) -> Self:
        """Return the queued jobs that may start now, by the database's clock."""
        return self.waiting().filter(available_at__lte=Now())

    def unfinished(self) -> Self:
        """Return the jobs that run, or may still run."""
        return self.exclude(state__in=(Job.State.COMPLETED, Job.State.FAILED, Job.State.CANCELLED))

    def whole(self) -> Self:
        """Return the jobs that make a transcript of their own: the versions that a recording has."""
        return self.filter(kind=Job.Kind.WHOLE)

    def accepted(self) -> Self:
        """Return the jobs whose suggestions are in the text."""
        return self.filter(kind=Job.Kind.STRETCH, suggestion=Job.Suggestion.ACCEPTED)

    def newest_of_recordings(self) -> Self:
        """Return the newest job of each recording that makes a transcript of its own."""
        return self.filter(pk=Subquery(Job.objects.newest_of(OuterRef("recording")).values("pk")))

    def newest_of(self, recording: OuterRef) -> Self:
        """Return the newest job of one recording that makes a transcript of its own, for a subquery."""
        return self.whole().filter(recording=recording).order_by("-created_at", "id")[:1]

    def told_of(self) -> "models.QuerySet[Job, UUID]":
        """Return of the newest jobs of recordings the ids of those that a list tells of: where one is done, of the text in use."""
        is_text = Q(state=Job.State.COMPLETED, recording__shown_job__isnull=False)
        told = Case(When(is_text, then=F("recording__shown_job")), default=F("pk"))
        return self.annotate(told=told).values_list("told", flat=True)

    def with_last_words(self) -> Self:
        """Add `last_words`: the text that was recognised last, None where there is none."""
        last = Segment.objects.filter(job=OuterRef("pk")).order_by("-piece", "-index").values("text")[:1]
        return self.annotate(last_words=Subquery(last))

    def with_words(self) -> Self:
        """Add `has_words`, and `is_silent`: whether there are neither words nor stretches that could not be transcribed."""
        return self.annotate(has_words=HAS_WORDS, is_silent=IS_SILENT)

    def with_speakers(self) -> Self:
        """Add `speaker_names`: a list for each who says something, of the name alone, which may be empty."""
        speaking = Speaker.objects.speaking().filter(job=OuterRef("pk"))
        return self.annotate(speaker_names=Gathered(speaking, "name"))

    def with_tags_of(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Add `own_tags`: id, name and hue of each of this person's tags that the recording bears."""
        worn = Tag.objects.of(user).filter(recordings=OuterRef("recording"))
        return self.annotate(own_tags=Gathered(worn, "pk", "name", "hue"))

    def with_worker(self) -> Self:
        """Add `has_worker`: whether any cluster is there to run jobs."""
        return self.annotate(has_worker=Exists(Node.objects.alive()))

    def with_held(self) -> Self:
        """Add `held`: whether the queue is held, so that no job starts."""
        return self.annotate(held=Exists(Settings.objects.filter(queue_paused=True)))

    def held_by(self, job_id: UUID, lease_token: UUID) -> Self:
        """Return the job while this lease owns it: every write of a worker goes through this fence."""
        return self.running().filter(pk=job_id, lease_token=lease_token)

    def expired(self) -> Self:
        return self.running().filter(lease_expires_at__lt=Now())


class Job(models.Model):
    """A transcription: what was asked, what it was resolved to, how far it is and what came of it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Stage(models.TextChoices):
        PREPARING = "preparing", "Preparing"
        TRANSCRIBING = "transcribing", "Transcribing"
        IDENTIFYING = "identifying", "Identifying speakers"
        FINISHING = "finishing", "Finishing"

    class Kind(models.TextChoices):
        WHOLE = "whole", "The whole recording"
        GAPS = "gaps", "The gaps of another job"
        SPEAKERS = "speakers", "The speakers of another job"
        STRETCH = "stretch", "A stretch of the text of another job"

    class Suggestion(models.TextChoices):
        OPEN = "", "To be decided"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    class Identified(models.TextChoices):
        NOT_YET = "", "Not yet"
        DONE = "done", "Done"
        FAILED = "failed", "Could not be done"

    class StopRequest(models.TextChoices):
        PAUSE = "pause", "Pause"
        CANCEL = "cancel", "Cancel"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recording = models.ForeignKey("transcripts.Recording", on_delete=models.CASCADE, related_name="jobs")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    created_at = models.DateTimeField(auto_now_add=True)
    priority = models.SmallIntegerField(default=0)
    """Decides between people: staff moves a job to the front of the whole queue."""
    rank = models.IntegerField(default=0)
    """Decides among the jobs of one person: whoever owns them moves one to the front of their own."""
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.WHOLE)
    source = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="retries")
    """The job whose gaps or stretch this one transcribes again, or whose speakers it identifies."""
    stretch_start = models.FloatField(null=True)
    stretch_end = models.FloatField(null=True)
    """With `stretch_start` the bounds of what a job of the kind STRETCH transcribes, in seconds; None for the others."""
    suggestion = models.CharField(max_length=8, choices=Suggestion, default=Suggestion.OPEN, blank=True)
    """What a person decided about the text of a stretch."""
    accepted_as = models.ForeignKey(
        "transcripts.Edit", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """The edit that put it into the text of its source last, which may have been undone since."""

    # What was asked. Empty means: as the installation has it, or detect.
    asked_engine = models.CharField(max_length=32, blank=True)
    asked_model = models.CharField(max_length=64, blank=True)
    asked_language = models.CharField(max_length=8, blank=True)
    task = models.CharField(max_length=16, choices=Task, default=Task.TRANSCRIBE)
    prompt = models.TextField(blank=True)
    extra_options = models.JSONField(default=dict, blank=True)
    """Options of the engine by name, such as beam_size: see `speech.options`."""
    audio_track = models.PositiveSmallIntegerField(default=0)
    """Counted from 0 among the audio tracks of the file."""
    diarize = models.BooleanField(default=False)
    """Whether speakers are to be identified."""
    asked_diarizer = models.CharField(max_length=32, blank=True)
    least_speakers = models.PositiveSmallIntegerField(null=True, blank=True)
    most_speakers = models.PositiveSmallIntegerField(null=True, blank=True)
    """With `least_speakers` the bounds on how many are told apart; None: as many as are heard."""
    by_channel = models.BooleanField(default=False)
    """Whether each channel of a stereo recording is one speaker, and is transcribed by itself."""

    # What it was resolved to.
    engine = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8, blank=True)
    language_probability = models.FloatField(null=True)
    diarizer = models.CharField(max_length=32, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    """Sentences, in the order in which they came up."""
    provenance = models.JSONField(default=dict, blank=True)
    """What produced the text: program and engine versions, hash of the weights, options, device."""

    # State. Changed only by conditional UPDATEs, see `transcripts.lease` and `transcripts.services`.
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    stage = models.CharField(max_length=16, choices=Stage, blank=True)
    stop_request = models.CharField(max_length=8, choices=StopRequest, blank=True)
    available_at = models.DateTimeField(db_default=Now())
    blocked_reason = models.CharField(max_length=500, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.CharField(max_length=1000, blank=True)

    # Lease. Times are by the database's clock.
    lease_token = models.UUIDField(null=True, blank=True)
    lease_node = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    """Failures in a row that no batch is to blame for: while the engine started, or the recording was prepared."""
    deaths = models.JSONField(default=list, blank=True)
    """What engines died of in batches of this job, in order: `transcripts.crashes.Death`."""

    # Checkpoint.
    plan = models.JSONField(null=True, blank=True)
    batches_done = models.PositiveIntegerField(default=0)
    identified = models.CharField(max_length=8, choices=Identified, default=Identified.NOT_YET, blank=True)
    """What came of identifying the speakers, where it was asked for."""
    labelling = models.ForeignKey(
        "transcripts.Labelling", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """The labelling in use: the one that was last applied to the text."""
    prepared_seconds = models.FloatField(default=0)
    """Up to where the recording is decoded while it is being prepared."""
    audio_seconds_done = models.FloatField(default=0)
    """Up to where the recording is transcribed."""
    transcribing_seconds = models.FloatField(default=0)
    """Wall time spent on the finished batches."""
    identified_seconds = models.FloatField(default=0)
    """Up to where the speakers are identified."""
    identifying_seconds = models.FloatField(default=0)
    """Wall time spent on that."""
    identifying_share = models.FloatField(default=0)
    """How much of the whole work it is, about; settled before the work begins, so that progress never goes back."""
    expected_pace = models.FloatField(null=True)
    """Seconds of work for a second of recording, from this machine's history; None where there is none."""
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(
                F("priority").desc(),
                F("rank").desc(),
                "created_at",
                "id",
                condition=Q(state="queued"),
                name="job_claim_order",
            ),
            models.Index(fields=["lease_expires_at"], condition=Q(state="running"), name="job_running_lease"),
            models.Index(fields=["state"], name="job_state"),  # Every open page asks what runs and waits.
            models.Index(fields=["owner", "-started_at"], name="job_last_served"),
            models.Index(fields=["recording", "kind", "-created_at", "id"], name="job_newest_of_recording"),
            models.Index(
                fields=["engine", "model", "-finished_at"], condition=Q(state="completed"), name="job_pace_history"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_running_has_lease",
                condition=Q(state="running", lease_token__isnull=False, lease_expires_at__isnull=False)
                | Q(~Q(state="running"), lease_token__isnull=True, lease_expires_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"Job {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.COMPLETED, self.State.FAILED, self.State.CANCELLED)

    @property
    def audio_seconds(self) -> float | None:
        """Return where the sound ends, which is what transcribing counts to: a video's pictures may go on. None while unknown."""
        if self.stretch_seconds is not None:
            return self.stretch_seconds
        is_prepared = self.stage not in ("", self.Stage.PREPARING) or self.state == self.State.COMPLETED
        return self.prepared_seconds if is_prepared and self.prepared_seconds else self.recording.duration_seconds

    @property
    def stretch_seconds(self) -> float | None:
        """Return how long the stretch is that it transcribes; None for a job that does more. Its progress counts from 0 to that."""
        if self.stretch_start is None or self.stretch_end is None:
            return None
        return self.stretch_end - self.stretch_start

    @property
    def seconds_left(self) -> float | None:
        """Return the estimated time to the end; None where nothing is known of the pace or of how much there is to do."""
        return None if self.kind == self.Kind.GAPS else time_left(self, self.audio_seconds)

    @property
    def percent(self) -> int:
        """Return how much of the work is done, 0..99 while the job is not complete.

        It never goes back: what is transcribed is kept whatever happens, no stage counts by itself, and what share of the work
        it is to identify the speakers is settled at the start.
        """
        if self.state == self.State.COMPLETED:
            return 100
        total, share = self.audio_seconds, self.identifying_share
        if not total:
            return 0
        done = (1 - share) * self.audio_seconds_done + share * self.identified_seconds
        return min(99, int(100 * done / total))


class Progress(Protocol):
    """What the time left is worked out from: a job, or a row with these columns."""

    kind: str
    expected_pace: float | None
    transcribing_seconds: float
    audio_seconds_done: float
    identifying_seconds: float
    identified_seconds: float
    identifying_share: float


def time_left(job: Progress, total: float | None, *, usual_pace: float | None = None) -> float | None:
    """Return the seconds to the end of a job on a recording of `total` seconds; None where nothing is known of the pace.

    `usual_pace` is taken where the job's own is not known.
    """
    pace, share = own_pace(job) or usual_pace, job.identifying_share
    if pace is None or total is None:
        return None
    to_identify = max(0.0, total - job.identified_seconds)
    if job.kind == Job.Kind.SPEAKERS:
        return to_identify * pace
    left = max(0.0, total - job.audio_seconds_done) * pace
    identifying = blended_pace(job.identifying_seconds, job.identified_seconds, pace * share / (1 - share))
    return left + to_identify * (identifying or 0.0) if share else left


def own_pace(job: Progress) -> float | None:
    """Return the seconds of work for a second of recording, of the work that the job does first; None where it is not known."""
    if job.kind == Job.Kind.SPEAKERS:
        return blended_pace(job.identifying_seconds, job.identified_seconds, job.expected_pace)
    return blended_pace(job.transcribing_seconds, job.audio_seconds_done, job.expected_pace)


def blended_pace(seconds: float, audio_seconds: float, expected_pace: float | None) -> float | None:
    """Return the seconds of work for a second of recording: first as expected, then more and more as it went.

    `seconds` is the time that `audio_seconds` of the recording took. None where neither is known.
    """
    if expected_pace is None:
        return seconds / audio_seconds if seconds and audio_seconds else None
    return (seconds + expected_pace * USUAL_BATCH_SECONDS) / (audio_seconds + USUAL_BATCH_SECONDS)
