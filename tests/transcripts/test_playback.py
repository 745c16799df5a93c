"""Copies for the player: made in the background, sent in ranges, and gone with the media."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from django_q.conf import Conf
from django_q.signing import SignedPackage

from speech.client import EngineDied
from speech.types import EngineError
from tests.conftest import DATA, MakeJob, MakeRecording, MakeSegments
from transcripts import playback
from transcripts.long_work import LongWorkBroker
from transcripts.models import Job, Recording
from transcripts.models.recording import Playback
from transcripts.playback import FOLDER
from transcripts.services.accept import JobRequest, accept_path
from transcripts.services.delete import delete_recording, expire_media

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def adts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two seconds of raw AAC, in which no browser seeks exactly."""
    path = tmp_path_factory.mktemp("adts") / "hum.aac"
    samples = (8000 * np.sin(np.arange(32_000) / 20)).astype(np.int16).reshape(1, -1)
    with av.open(str(path), "w", format="adts") as output:
        stream = output.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.fixture
def recording(make_recording: MakeRecording, adts: Path) -> Recording:
    return make_recording(adts.read_bytes(), container="aac", audio_codec="aac", playback_state=Playback.WAITING)


def _make() -> None:
    claim = playback.claim()
    assert claim is not None
    playback.run_claimed(str(claim.recording_id), str(claim.token))


def _copied(recording: Recording) -> Recording:
    _make()
    recording.refresh_from_db()
    return recording


def _address(recording: Recording) -> str:
    return f"/recordings/{recording.pk}/playback"


def test_copy_is_made_and_sent_in_ranges(recording: Recording, alice_client: Client, completed_page):
    assert alice_client.get(_address(recording)).headers["Location"] == f"/recordings/{recording.pk}/media"
    assert f'src="/recordings/{recording.pk}/media"' in completed_page()
    _copied(recording)
    assert (recording.playback_state, recording.playback_token) == (Playback.MADE, None)
    whole = alice_client.get(_address(recording))
    content = b"".join(whole.streaming_content)
    assert (whole["Content-Type"], content[4:8], len(content)) == ("audio/mp4", b"ftyp", recording.playback.size)
    part = alice_client.get(_address(recording), headers={"Range": "bytes=4-7"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"ftyp")
    assert f'src="{_address(recording)}"' in completed_page()
    assert playback.claim() is None


@pytest.fixture
def completed_page(recording: Recording, make_job: MakeJob, alice_client: Client):
    make_job(recording, state=Job.State.COMPLETED)
    return lambda: alice_client.get(f"/recordings/{recording.pk}/").text


def test_copy_is_for_those_who_see_the_recording(recording: Recording, client: Client, bob_client: Client):
    _copied(recording)
    assert (client.get(_address(recording)).status_code, bob_client.get(_address(recording)).status_code) == (302, 404)


def test_copy_of_a_video_is_played_in_its_place(recording: Recording, completed_page):
    Recording.objects.update(has_video=True)
    assert "<video" in completed_page()
    _copied(recording)
    page = completed_page()
    assert "<video" not in page
    assert "Its pictures are left out" in page


def test_queue_of_long_work_makes_copies(recording: Recording, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Conf, "POLL", 0)
    [(_, message)] = LongWorkBroker().dequeue()
    task = SignedPackage.loads(message)
    assert (task["func"], task["args"][0]) == ("transcripts.playback.run_claimed", str(recording.pk))
    assert LongWorkBroker().dequeue() is None


def test_copy_whose_maker_died_is_made_by_another(recording: Recording):
    first = playback.claim()
    assert playback.claim() is None
    Recording.objects.update(playback_until=timezone.now() - timedelta(seconds=1))
    _copied(recording)
    assert not first.end(Playback.FAILED)
    assert recording.playback_state == Playback.MADE


def test_where_none_is_needed_none_is_made(make_recording: MakeRecording):
    assert _copied(make_recording(playback_state=Playback.WAITING)).playback_state == Playback.NONE
    assert playback.claim() is None


def test_waveform_is_drawn_where_nothing_will_be_transcribed(recording: Recording, make_job: MakeJob):
    job = make_job(recording, state=Job.State.QUEUED)
    assert _copied(recording).peaks == []
    Job.objects.filter(pk=job.pk).update(state=Job.State.COMPLETED)
    Recording.objects.update(playback_state=Playback.WAITING)
    _copied(recording)
    assert (len(recording.peaks), recording.clipped_share) == (21, 0.0), "AAC adds a frame."
    assert recording.duration_seconds == pytest.approx(2.0, abs=0.15)
    assert [path.suffix for path in Path(recording.playback.path).parent.iterdir()] == [".m4a", ".m4a"]


def test_upload_knows_whether_it_needs_one(alice, adts: Path):
    for path, state in ((adts, Playback.WAITING), (DATA / "jfk.opus", Playback.NONE)):
        assert accept_path(path, owner=alice, request=JobRequest()).recording.playback_state == state


def test_copy_that_is_lost_is_made_again_and_the_media_is_played_meanwhile(recording: Recording, alice_client):
    _copied(recording)
    Path(recording.playback.path).unlink()
    answer = alice_client.get(_address(recording))
    recording.refresh_from_db()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/recordings/{recording.pk}/media")
    assert (recording.playback.name, recording.playback_state) == ("", Playback.WAITING)
    again = alice_client.get(_address(recording), headers={"Range": "bytes=0-1"}, follow=True)
    assert (again.status_code, len(b"".join(again.streaming_content))) == (206, 2)


def test_comparison_and_suggestions_play_from_the_copy(
    recording: Recording, make_job: MakeJob, make_segments: MakeSegments, alice_client: Client, completed_job: Job
):
    _copied(recording)
    make_segments(make_job(recording, state=Job.State.COMPLETED))
    assert f'src="{_address(recording)}"' in alice_client.get(f"/recordings/{recording.pk}/compare").text
    stretch = make_job(
        recording,
        state=Job.State.COMPLETED,
        kind=Job.Kind.STRETCH,
        source=completed_job,
        stretch_start=0.0,
        stretch_end=1.0,
    )
    assert f'src="{_address(recording)}#t=' in alice_client.get(f"/jobs/{stretch.pk}/suggestion").text


def test_process_that_dies_is_started_again_twice(recording: Recording):
    for state in (Playback.MAKING, Playback.MAKING, Playback.FAILED):
        Recording.objects.update(playback_until=timezone.now() - timedelta(seconds=1))
        claim = playback.claim()
        assert claim is not None
        playback._note_failure(claim, EngineDied(-9))
        recording.refresh_from_db()
        assert recording.playback_state == state


@pytest.mark.parametrize("content", [b"no sound", b""])
def test_failure_is_told_beside_the_player_and_costs_nothing(recording: Recording, completed_page, content: bytes):
    Path(recording.media.path).write_bytes(content)
    _copied(recording)
    assert recording.playback_state == Playback.FAILED
    assert "may be a few seconds off" in completed_page()


def test_full_disk_is_no_death_of_the_process(recording: Recording):
    for _ in range(5):
        Recording.objects.update(playback_until=timezone.now() - timedelta(seconds=1))
        claim = playback.claim()
        assert claim is not None
        playback._note_failure(claim, EngineError("full", permanent=False, code="disk_full"))
    recording.refresh_from_db()
    assert (recording.playback_state, recording.playback_deaths) == (Playback.MAKING, 0)


def test_copy_whose_media_are_away_is_tried_again_later(recording: Recording, settings):
    folder = Path(recording.media.path).parent
    folder.rename(folder.with_name("unmounted"))
    _copied(recording)
    assert recording.playback_state == Playback.MAKING
    assert recording.playback_until > timezone.now() + timedelta(minutes=9)
    assert playback.claim() is None


def test_copy_goes_with_the_media(recording: Recording, settings):
    _copied(recording)
    path = Path(recording.playback.path)
    assert path.parent == settings.MEDIA_ROOT / FOLDER
    assert expire_media(Recording.objects.get())
    recording.refresh_from_db()
    assert (path.exists(), recording.playback.name, recording.has_media) == (False, "", False)


def test_copy_that_is_made_after_the_row_was_read_goes_with_the_recording(recording: Recording):
    known = Recording.objects.get()
    path = Path(_copied(recording).playback.path)
    delete_recording(known)
    assert not path.exists()


def test_copy_of_what_is_deleted_meanwhile_is_not_kept(recording: Recording, settings):
    claim = playback.claim()
    Recording.objects.update(playback_token=uuid4())
    playback.run_claimed(str(claim.recording_id), str(claim.token))
    folder = settings.MEDIA_ROOT / FOLDER
    assert not folder.exists() or list(folder.iterdir()) == []


def test_copies_that_nobody_knows_are_swept_up(recording: Recording, settings):
    kept = Path(_copied(recording).playback.path)
    lost, young = kept.with_name("lost.m4a"), kept.with_name("young.m4a.1.part")
    for path in (lost, young):
        path.write_bytes(b"x")
    for path in (kept, lost):
        os.utime(path, (0, 0))
    assert playback.sweep() == 1
    assert [path.exists() for path in (kept, lost, young)] == [True, False, True]
