"""Jobs that run in the process that asks for them."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from transcripts import direct, lease
from transcripts.engine import EngineHost
from transcripts.models import Job, Recording
from transcripts.services.accept import JobRequest, accept_path
from transcripts.services.delete import delete_recording


@pytest.fixture
def engine(settings: Settings) -> Iterator[EngineHost]:
    settings.FAKE_ENGINE = True
    with closing(EngineHost()) as host:
        yield host


@pytest.fixture
def started(alice: User, data: Path, engine: EngineHost) -> Job:
    """Return a job that this process has started."""
    return accept_path(data / "jfk.mp3", owner=alice, request=JobRequest(engine="fake"), then=lease.start_directly)


def ignore(job: Job) -> None:
    pass


def test_job_runs_to_its_end(started: Job, engine: EngineHost) -> None:
    steps: list[float] = []

    direct.run(
        started,
        engine=engine,
        interruption=direct.Interruption(),
        on_progress=lambda job: steps.append(job.audio_seconds_done),
    )

    assert started.state == Job.State.COMPLETED
    assert started.recording.shown_job_id == started.pk
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(11.0, abs=0.1)


def test_job_whose_recording_is_deleted_while_it_runs_ends(
    started: Job, engine: EngineHost, settings: Settings
) -> None:
    def delete(job: Job) -> None:
        for recording in Recording.objects.all():
            delete_recording(recording)

    with pytest.raises(Job.DoesNotExist):
        direct.run(started, engine=engine, interruption=direct.Interruption(), on_progress=delete)

    left = [path for folder in (settings.MEDIA_ROOT, settings.WORK_DIR) for path in folder.rglob("*") if path.is_file()]
    assert left == []


def test_job_that_kills_its_engine_every_time_fails(
    started: Job, engine: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*:abort:always")
    monkeypatch.setattr("transcripts.settling.MOST_FIRST_GAPS", 1)

    direct.run(started, engine=engine, interruption=direct.Interruption(), on_progress=ignore)

    assert (started.state, started.error_code) == (Job.State.FAILED, "nothing_transcribed")


def test_interruption_pauses_before_the_first_batch(started: Job, engine: EngineHost) -> None:
    interruption = direct.Interruption()
    interruption.signal_number = 2

    direct.run(started, engine=engine, interruption=interruption, on_progress=ignore)

    assert (started.state, started.batches_done) == (Job.State.PAUSED, 0)


def test_job_that_nothing_can_run_waits_and_says_why(
    alice: User, data: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.WEIGHTS_DIR = tmp_path / "no weights"
    job = accept_path(data / "jfk.mp3", owner=alice, request=JobRequest(), then=lease.start_directly)

    with closing(EngineHost()) as host:
        direct.run(job, engine=host, interruption=direct.Interruption(), on_progress=ignore)

    assert job.state == Job.State.QUEUED
    assert "weights install" in job.blocked_reason


def test_job_that_is_to_be_tried_again_is_tried_here_when_it_is_due(started: Job, engine: EngineHost) -> None:
    Job.objects.filter(pk=started.pk).update(
        lease_token=None, lease_expires_at=None, state=Job.State.QUEUED, crashes=1, available_at=lease.later(1)
    )

    direct.run(started, engine=engine, interruption=direct.Interruption(), on_progress=ignore)

    assert started.state == Job.State.COMPLETED


def test_signal_becomes_a_wish_once_and_the_old_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with direct.Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert (interruption.wish(), interruption.signal_number) == ("pause", signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == before

    assert signal.getsignal(signal.SIGTERM) == before
