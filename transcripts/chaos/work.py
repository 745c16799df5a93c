"""The jobs of a run: what their text must be, and what a person does to them meanwhile."""

import os
import random
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User

from preferences.models import Settings
from transcripts import lease, worker
from transcripts.chaos import sound
from transcripts.chaos.options import FAKE, Options
from transcripts.engine import EngineHost
from transcripts.models import Job, Segment
from transcripts.services.accept import JobRequest, accept_path
from transcripts.services.restart import transcribe_again

State = Job.State
Row = tuple[object, ...]
SPEECH = [settings.BASE_DIR / "tests" / "data" / name for name in ("librispeech", "ljspeech")]
"""What the repository has of it."""
WHOLE = (
    *("piece", "index", "mean_log_probability", "no_speech_probability"),
    *("compression_ratio", "temperature", "doubts", "gap"),
)
PART = ("start", "end", "text", "words", "speaker__number", "also")


@dataclass(slots=True)
class Task:
    """A job under attack: the text of an undisturbed run, the states it may end in, and how often something hit it."""

    expected: list[Row]
    labelled: list[Row]
    """The same with its speakers, where they are to be identified."""
    batches: int
    work: str
    """The hash of the recording, by which the journal of the engines calls it."""
    ends: set[State] = field(default_factory=lambda: {State.COMPLETED})
    hits: int = 0


class Work:
    """Makes recordings and their jobs, each first undisturbed and then in the queue."""

    def __init__(self, options: Options, folder: Path, dice: random.Random) -> None:
        self._options, self._folder, self._dice = options, folder, dice
        self._owner = User.objects.create_user("chaos", is_staff=True)
        self._engine = EngineHost()
        self.tasks: dict[UUID, Task] = {}
        Settings.load()
        Settings.objects.update(concurrency=options.concurrency, upload_limit_megabytes=0)

    @property
    def owner(self) -> User:
        return self._owner

    def add(self) -> None:
        """Write a recording, note its text in an undisturbed run, and put it in the queue."""
        path = self._folder / f"recording {len(self.tasks) + 1}.wav"
        if self._options.is_real:
            sound.join([self._options.media] if self._options.media else SPEECH, path, minutes=self._options.minutes)
        else:
            sound.write_noise(path, self._dice)
        request = self._request
        calm = self._run_undisturbed(path, request)
        job = transcribe_again(calm.recording, request)
        self.tasks[job.pk] = Task(rows(calm.pk), labels(calm.pk), calm.batches_done, calm.recording.sha256)
        path.unlink()

    def close(self) -> None:
        self._engine.close()

    @property
    def _request(self) -> JobRequest:
        """Return what is asked of the next job: of every second one to identify the speakers."""
        if self._options.is_real:
            return JobRequest(engine=self._options.engine, model=self._options.model)
        return JobRequest(engine=FAKE, diarize=len(self.tasks) % 2 == 0, diarizer=FAKE)

    def _run_undisturbed(self, path: Path, request: JobRequest) -> Job:
        """Run a job in this process, quickly, and leave no trace of it in the journal."""
        hurried = {"SELENITE_FAKE_SECONDS": "0", "SELENITE_ENGINE_LOG": ""}
        os.environ.update(hurried)
        job = accept_path(path, owner=self._owner, request=request, then=lease.start_directly)
        job.refresh_from_db()
        assert job.lease_token is not None
        worker.run(job.pk, job.lease_token, engine=self._engine, should_stop=str)
        job.refresh_from_db()
        assert job.state == State.COMPLETED, job.error
        assert bool(job.labelling) == request.diarize, job.warnings
        return job


def rows(job_id: UUID) -> list[Row]:
    """Return all that was recognised for a job, in order; what was cut where the speaker changes is joined again."""
    parts = Segment.objects.filter(job=job_id).order_by("piece", "index", "part", "pk").values_list(*WHOLE, *PART)
    return [_joined(list(group)) for _, group in groupby(parts, key=lambda row: row[:2])]


def _joined(parts: list[tuple[Any, ...]]) -> Row:
    whole, cut = parts[0][: len(WHOLE)], [row[len(WHOLE) :] for row in parts]
    words = [word for _, _, _, words, *_ in cut for word in words]
    return (*whole, cut[0][0], cut[-1][1], "".join(text for _, _, text, *_ in cut), words)


def labels(job_id: UUID) -> list[Row]:
    """Return who says what in a job's text, in order."""
    return list(Segment.objects.filter(job=job_id).order_by("piece", "index", "part", "pk").values_list("part", *PART))


class Person:
    """Pauses, resumes and cancels jobs at random, as somebody at the page does."""

    def __init__(self, tasks: dict[UUID, Task], dice: random.Random, *, cancels: int) -> None:
        self._tasks, self._dice, self._cancels = tasks, dice, cancels
        self._paused: dict[UUID, float] = {}
        self.requests = 0

    def act(self, now: float) -> None:
        """Do one thing, or nothing. Raises a database's error where it is away."""
        for job_id, until in list(self._paused.items()):
            if now >= until:
                lease.resume(job_id)
                del self._paused[job_id]
        if self._dice.random() < ACT_PROBABILITY:
            self._ask(now)

    def leave(self) -> None:
        """Let all go on that is paused."""
        for job_id in list(self._paused):
            lease.resume(job_id)
            del self._paused[job_id]

    def _ask(self, now: float) -> None:
        chosen = Job.objects.unfinished().filter(pk__in=self._tasks).exclude(pk__in=self._paused)
        ids = list(chosen.values_list("pk", flat=True))
        if not ids:
            return
        job_id = self._dice.choice(ids)
        task = self._tasks[job_id]
        self.requests += 1
        task.hits += 1  # What the engine was at is done again.
        if self._cancels and self._dice.random() < CANCEL_PROBABILITY:
            self._cancels -= 1
            # It may complete before it looks.
            if lease.request_stop(job_id, Job.StopRequest.CANCEL):
                task.ends.add(State.CANCELLED)
        elif lease.request_stop(job_id, Job.StopRequest.PAUSE):
            self._paused[job_id] = now + self._dice.uniform(*PAUSE_SECONDS)


ACT_PROBABILITY = 0.02
"""In each look, ten times a second."""
CANCEL_PROBABILITY = 0.2
PAUSE_SECONDS = (0.0, 3.0)
