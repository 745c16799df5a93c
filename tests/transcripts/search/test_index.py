"""The index follows the text, whatever changes it."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from speech.types import Turn
from tests.conftest import MakeJob, MakeRecording, MakeSegments
from tests.transcripts.search.conftest import MakeText, texts, titles
from transcripts import lease
from transcripts.models import Edit, Job, Recording, SearchEntry, Segment
from transcripts.search import index
from transcripts.services import edits
from transcripts.services.delete import delete_jobs, delete_recording
from transcripts.services.patches import carry_out, editing
from transcripts.services.speakers import apply_labelling

TOKEN = uuid.uuid4()


@pytest.fixture
def running(make_job: MakeJob, make_recording: MakeRecording) -> Job:
    """Return a job that a worker runs, on a recording that shows nothing yet."""
    expires = timezone.now() + timedelta(minutes=1)
    return make_job(make_recording(), state=Job.State.RUNNING, lease_token=TOKEN, lease_expires_at=expires)


def _commit(job: Job, *texts: str, batch: int = 0) -> None:
    segments = [
        Segment(
            job=job,
            piece=batch,
            index=number,
            start=0,
            end=1,
            text=text,
            mean_log_probability=0,
            no_speech_probability=0,
            compression_ratio=1,
            temperature=0,
        )
        for number, text in enumerate(texts)
    ]
    lease.commit_batch(job.pk, TOKEN, batch=batch, segments=segments, position=1, seconds=1)


def _words() -> list[str]:
    return sorted(SearchEntry.objects.exclude(segment=None).values_list("words", flat=True))


def _full_text_is_whole() -> bool:
    """Return whether SQLite's full-text index says what the table says: it raises where it does not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO transcripts_searchwords(transcripts_searchwords, rank) VALUES ('integrity-check', 1)"
        )
    return True


def test_batch_is_found_as_soon_as_it_is_committed(alice: User, running: Job):
    _commit(running, "the first harvest", "")
    _commit(running, "the second harvest", batch=1)
    assert sorted(texts(alice, "harvest")) == ["the first harvest", "the second harvest"]


def test_batch_of_another_version_is_not_found_before_it_is_shown(
    alice: User, make_text: MakeText, running: Job, make_job: MakeJob
):
    job = make_text("the old harvest", recording=running.recording)
    _commit(running, "the new harvest")
    assert texts(alice, "harvest") == ["the old harvest"]
    lease.complete(running.pk, TOKEN)
    assert texts(alice, "harvest") == ["the new harvest"]
    assert SearchEntry.objects.filter(segment__job=job).count() == 0


def test_partial_text_gives_way_to_a_later_try(
    alice: User, running: Job, make_job: MakeJob, make_segments: MakeSegments
):
    failed = make_job(running.recording, state=Job.State.FAILED)
    make_segments(failed, ("the old harvest",))
    index.rebuild(running.recording_id)
    assert texts(alice, "harvest") == ["the old harvest"]
    _commit(running, "the new harvest")
    assert texts(alice, "harvest") == ["the new harvest"]


def test_nothing_is_found_of_a_batch_that_came_to_nothing(alice: User, running: Job):
    Job.objects.filter(pk=running.pk).update(lease_token=uuid.uuid4())
    with pytest.raises(lease.LeaseLost):
        _commit(running, "the harvest")
    assert texts(alice, "harvest") == []


def test_another_version_is_found_once_it_is_chosen(alice: User, alice_client: Client, make_text: MakeText):
    first = make_text("the first harvest")
    make_text("the second harvest", recording=first.recording)
    alice_client.post(f"/jobs/{first.pk}/show")
    assert texts(alice, "harvest") == ["the first harvest"]


def test_edited_text_is_found_and_undone_again(alice: User, make_text: MakeText):
    job = make_text("the harvest", "the end")
    segment = job.segments.get(index=0)
    with editing(job.pk) as locked:
        wanted = {"segments": {str(segment.pk): {"text": "the forest"}}}
        edit = carry_out(locked, wanted, kind=Edit.Kind.ASSIGN, author=alice)
    assert (texts(alice, "harvest"), texts(alice, "forest")) == ([], ["the forest"])
    edits.undo(edit, author=alice)
    assert (texts(alice, "harvest"), texts(alice, "forest")) == (["the harvest"], [])
    assert _full_text_is_whole()


def test_segments_that_go_and_come_are_followed(alice: User, make_text: MakeText):
    job = make_text("the harvest", "the end")
    segment = job.segments.get(index=0)
    with editing(job.pk) as locked:
        edit = carry_out(locked, {"segments": {str(segment.pk): None}}, kind=Edit.Kind.ASSIGN, author=alice)
    assert texts(alice, "harvest") == []
    edits.undo(edit, author=alice)
    assert texts(alice, "harvest") == ["the harvest"]


def test_edit_of_a_version_that_is_not_shown_is_not_found(alice: User, make_text: MakeText):
    first = make_text("the first harvest")
    make_text("the second harvest", recording=first.recording)
    with editing(first.pk) as locked:
        wanted = {"segments": {str(first.segments.get().pk): {"text": "the third harvest"}}}
        carry_out(locked, wanted, kind=Edit.Kind.ASSIGN, author=alice)
    assert texts(alice, "harvest") == ["the second harvest"]


def test_text_is_found_after_it_was_cut_by_speaker(alice: User, make_text: MakeText):
    job = make_text("one two three four")
    apply_labelling(job, [Turn(0, 1.4, 1), Turn(1.6, 3, 2)], provenance={"diarizer": "vad"})
    assert texts(alice, "two") != texts(alice, "three")
    assert _words() == ["one two", "three four"]


def test_deleted_text_is_not_found(alice: User, make_text: MakeText):
    kept, gone = make_text("the kept harvest"), make_text("the old harvest")
    newer = make_text("the new harvest", recording=gone.recording)
    delete_jobs(newer.recording, [newer.pk], states=[Job.State.COMPLETED])
    assert sorted(texts(alice, "harvest")) == ["the kept harvest", "the old harvest"]
    delete_recording(gone.recording)
    assert texts(alice, "harvest") == ["the kept harvest"]
    assert set(SearchEntry.objects.values_list("recording", flat=True)) == {kept.recording_id}
    assert _full_text_is_whole()


def test_title_is_found_as_it_is_now(alice: User, alice_client: Client, recording: Recording):
    index.name(recording)
    alice_client.post(f"/recordings/{recording.pk}/title/", {"title": "Das Böse"})
    assert (titles(alice, "address"), titles(alice, "bose")) == ([], ["Das Böse"])
    assert SearchEntry.objects.count() == 1


def test_rebuilding_changes_nothing(make_text: MakeText):
    job = make_text("the harvest", "", "the end")
    before = _words()
    index.rebuild(job.recording_id)
    assert _words() == before == ["the end", "the harvest"]
