"""Deleting takes all of a recording and nothing of another."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from pytest_django import Settings

from tests.conftest import MakeJob, MakeRecording, MakeSegments
from transcripts.models import Job, Recording, Segment
from transcripts.services.delete import delete_recording


def work_file(settings: Settings, recording: Recording) -> Path:
    """Write a work file as a job leaves it while it runs, and return its path."""
    settings.WORK_DIR.mkdir(exist_ok=True)
    path: Path = settings.WORK_DIR / f"{recording.sha256}.pcm"
    path.write_bytes(bytes(64))
    return path


def test_recording_goes_with_its_rows_and_files(completed_job: Job, settings: Settings) -> None:
    recording = completed_job.recording
    media, work = Path(recording.media.path), work_file(settings, recording)

    delete_recording(recording)

    assert (Recording.objects.count(), Job.objects.count(), Segment.objects.count()) == (0, 0, 0)
    assert not media.exists()
    assert not work.exists()


def test_other_recordings_stay(
    completed_job: Job, make_recording: MakeRecording, make_job: MakeJob, make_segments: MakeSegments, bob: User
) -> None:
    other = make_job(make_recording(owner=bob))
    make_segments(other)

    delete_recording(completed_job.recording)

    assert list(Recording.objects.all()) == [other.recording]
    assert list(Job.objects.all()) == [other]
    assert Segment.objects.count() == 3
    assert Path(other.recording.media.path).exists()


@pytest.mark.parametrize("state", [Job.State.QUEUED, Job.State.PAUSED])
def test_work_file_stays_while_another_copy_is_to_be_transcribed(
    recording: Recording, make_recording: MakeRecording, make_job: MakeJob, settings: Settings, bob: User, state: str
) -> None:
    make_job(make_recording(owner=bob), state=state)
    work = work_file(settings, recording)

    delete_recording(recording)

    assert work.exists()


@pytest.mark.parametrize("state", [Job.State.COMPLETED, Job.State.FAILED, Job.State.CANCELLED])
def test_work_file_goes_when_the_other_copies_are_done(
    recording: Recording, make_recording: MakeRecording, make_job: MakeJob, settings: Settings, bob: User, state: str
) -> None:
    make_job(make_recording(owner=bob), state=state)
    work = work_file(settings, recording)

    delete_recording(recording)

    assert not work.exists()


def test_recording_whose_file_is_gone_can_be_deleted(recording: Recording) -> None:
    Path(recording.media.path).unlink()

    delete_recording(recording)

    assert not Recording.objects.exists()


def test_rows_that_cannot_be_deleted_keep_the_file(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError("the disk of the database is full")

    monkeypatch.setattr(QuerySet, "delete", fail)

    with pytest.raises(OSError, match="database is full"):
        delete_recording(recording)

    assert Path(recording.media.path).exists()
