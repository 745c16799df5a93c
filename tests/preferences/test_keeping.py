"""For how long recordings are kept: what is due, what is said before, what is deleted and what never is."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from preferences.models import Settings
from tests.conftest import MakeJob, MakeRecording, MakeSegments
from transcripts import tidy
from transcripts.models import Job, Recording
from transcripts.services import delete, retention
from transcripts.services.accept import Refused, accept_path
from transcripts.services.duplicates import AlreadyHere
from transcripts.services.gaps import retry
from transcripts.services.identify import NotIdentifiable, identify_again
from transcripts.services.restart import request_of, transcribe_again

State = Job.State
IN_PLACE = {"HX-Request": "true", "HX-Target": "settings-keeping"}
RUNNING = {
    "state": State.RUNNING,
    "lease_token": "11111111-1111-1111-1111-111111111111",
    "lease_expires_at": "2100-01-01T00:00Z",
}
pytestmark = pytest.mark.django_db


def _keep(*, media: int = 0, all_: int = 0) -> None:
    Settings.load()
    Settings.objects.update(keep_media_days=media, keep_days=all_)


def _age(recording: Recording, days: float) -> None:
    Recording.objects.filter(pk=recording.pk).update(created_at=timezone.now() - timedelta(days=days))


def _file(recording: Recording) -> Path:
    return Path(recording.media.path)


@pytest.fixture
def aged(make_recording: MakeRecording, make_job: MakeJob, make_segments: MakeSegments):
    """Return a function that makes a recording of an age in days, with a job in a state that has text."""

    def make(days: float, state: str = State.COMPLETED, **fields) -> Recording:
        recording = make_recording(content=str(Recording.objects.count()).encode(), title=f"{state} {days}", **fields)
        job = make_job(recording, **(RUNNING if state == State.RUNNING else {"state": state}))
        make_segments(job)
        if state == State.COMPLETED:
            Recording.objects.filter(pk=recording.pk).update(shown_job=job)
        _age(recording, days)
        return recording

    return make


def test_everything_is_kept_for_ever_to_begin_with(aged):
    recording = aged(36_000)
    assert not retention.enforce()
    assert _file(recording).exists()


@pytest.mark.parametrize("state", State.values)
def test_recording_goes_with_all_of_it_whatever_became_of_it_unless_it_runs(aged, state: str):
    old, young = aged(30.01, state), aged(29.99, state)
    _keep(all_=30)
    retention.enforce()
    left = {old.pk, young.pk} if state == State.RUNNING else {young.pk}
    assert set(Recording.objects.values_list("pk", flat=True)) == left
    assert _file(old).exists() is (state == State.RUNNING)
    assert _file(young).exists()


@pytest.mark.parametrize("state", State.values)
def test_media_goes_and_text_stays_whatever_became_of_it_unless_it_runs(aged, state: str):
    old, young = aged(7.01, state), aged(6.99, state)
    _keep(media=7)
    found = retention.enforce()
    is_running = state == State.RUNNING
    assert (found.media, found.recordings) == (0 if is_running else 1, 0)
    assert _file(old).exists() is is_running
    assert _file(young).exists()
    old.refresh_from_db()
    assert (old.has_media, old.jobs.get().segments.count()) == (is_running, 3)
    ended = State.CANCELLED if state in (State.QUEUED, State.PAUSED) else state
    assert old.jobs.get().state == ended  # What waits could not go on.
    assert young.jobs.get().state == state


def test_a_job_that_begins_between_the_look_and_the_deletion_keeps_its_recording(aged):
    recording = aged(9, State.QUEUED)
    _keep(media=7, all_=8)
    [due] = retention.keeping(Settings.load()).due(timezone.now())
    Job.objects.update(**RUNNING)
    assert not delete.expire_recording(due)
    assert not delete.expire_media(due)
    assert _file(recording).exists()


def test_recording_that_identifies_speakers_is_in_use(aged, make_job: MakeJob):
    recording = aged(9)
    make_job(recording, kind=Job.Kind.SPEAKERS, source=recording.jobs.get(), **RUNNING)
    _keep(all_=8)
    assert not retention.enforce()
    assert _file(recording).exists()
    assert retention.count(0, 8, 0).recordings == 1  # It goes when that is over, of which nobody is asked again.


def test_file_that_cannot_be_deleted_keeps_its_row_and_others_go(aged, monkeypatch: pytest.MonkeyPatch):
    stuck, other = aged(9), aged(8)
    _keep(all_=7)
    with monkeypatch.context() as patch:
        remove = delete._delete_media
        patch.setattr(delete, "_delete_media", lambda each: _refuse() if each == stuck else remove(each))
        assert retention.enforce().recordings == 1
    assert list(Recording.objects.values_list("pk", flat=True)) == [stuck.pk]
    assert not _file(other).exists()
    assert retention.enforce().recordings == 1


@pytest.mark.parametrize("kind", ["media", "all_"])
def test_what_an_administrator_decides_to_keep_meanwhile_is_kept(aged, monkeypatch: pytest.MonkeyPatch, kind: str):
    first, second = aged(9), aged(8)
    _keep(**{kind: 7})
    remove = delete._delete_media

    def remove_and_decide(recording: Recording) -> None:
        remove(recording)
        _keep()

    monkeypatch.setattr(delete, "_delete_media", remove_and_decide)
    found = retention.enforce()
    assert found.media + found.recordings == 1
    assert not _file(first).exists()
    assert _file(second).exists()


def _refuse() -> None:
    raise PermissionError("read-only")


def test_file_that_is_gone_already_is_no_hindrance(aged):
    recording = aged(9)
    _file(recording).unlink()
    _keep(media=7)
    assert retention.enforce().media == 1


def test_it_is_done_by_the_light_task_of_each_minute(aged):
    recording = aged(9)
    _keep(all_=8)
    tidy.tidy()
    assert not Recording.objects.filter(pk=recording.pk).exists()


def test_text_without_its_media_is_read_exported_and_found(aged, alice_client: Client):
    recording = aged(9)
    job = recording.jobs.get()
    _keep(media=7)
    retention.enforce()
    page = alice_client.get(f"/recordings/{recording.pk}/")
    assert page.status_code == 200
    assert "my fellow Americans" in page.text
    assert "The audio or video of this recording was deleted" in page.text
    assert f"/recordings/{recording.pk}/media" not in page.text
    assert "/restart" not in page.text
    assert "Identify speakers" not in page.text
    for name in ("txt", "docx", "md", "srt", "vtt", "rttm", "json"):
        assert alice_client.get(f"/jobs/{job.pk}/export?format={name}").status_code == 200
    assert recording.title in alice_client.get("/?q=completed").text
    assert alice_client.get(f"/recordings/{recording.pk}/media").status_code == 404
    assert alice_client.head(f"/recordings/{recording.pk}/media").status_code == 404
    assert alice_client.post(f"/recordings/{recording.pk}/delete/").status_code == 302


def test_video_without_its_media_has_no_stage(aged, alice_client: Client):
    recording = aged(9, has_video=True)
    _keep(media=7)
    retention.enforce()
    text = alice_client.get(f"/recordings/{recording.pk}/").text
    assert "data-stage" not in text
    assert "<audio data-media>" in text


def test_nothing_is_transcribed_again_without_the_media(aged, alice_client: Client, make_segments: MakeSegments):
    recording = aged(9)
    job = recording.jobs.get()
    job.segments.filter(index=0).update(text="", gap="The engine ended.")
    _keep(media=7)
    retention.enforce()
    with pytest.raises(Refused, match="was deleted: this installation keeps it for a limited time"):
        transcribe_again(recording, request_of(job))
    with pytest.raises(NotIdentifiable, match="upload the file again"):
        identify_again(job.pk)
    assert retry(job.pk) is None
    response = alice_client.post(f"/jobs/{job.pk}/restart", follow=True)
    assert "upload the file again" in response.text
    alice_client.post("/recordings/selected", {"action": "restart", "recording": [str(recording.pk)]})
    assert list(recording.jobs.all()) == [job]


@pytest.mark.django_db(transaction=True)
def test_upload_brings_the_media_back_and_its_time_begins_anew(alice: User, data: Path):
    from transcripts.services.accept import JobRequest

    job = accept_path(data / "jfk.opus", owner=alice, request=JobRequest())
    _age(job.recording, 9)
    _keep(media=7)
    assert retention.enforce().media == 1
    with pytest.raises(AlreadyHere) as caught:
        accept_path(data / "jfk.opus", owner=alice, request=JobRequest())
    assert caught.value.was_repaired
    assert not retention.enforce()
    recording = Recording.objects.get()
    assert _file(recording).read_bytes() == (data / "jfk.opus").read_bytes()
    assert transcribe_again(recording, JobRequest()).state == State.QUEUED


# What is said before


def test_page_says_what_is_due_now_and_soon(aged, carol_client: Client):
    assert "Within a minute" not in carol_client.get("/settings/installation/").text
    aged(40), aged(31), aged(12), aged(1)
    _keep(media=10, all_=30)
    text = " ".join(carol_client.get("/settings/installation/").text.split())
    assert (
        "Within a minute, the audio or video of 1 recording and 2 recordings with their text will be deleted." in text
    )
    assert "In the next 7 days: the audio or video of 1 recording and 2 recordings with their text." in text
    retention.enforce()
    assert "Nothing is due to be deleted now." in carol_client.get("/settings/installation/").text


@pytest.mark.parametrize(
    ("media", "all_", "sentence"),
    [
        (30, 0, "Its audio will be deleted on {0}; the text stays."),
        (0, 60, "It will be deleted with its text on {1}."),
        (30, 60, "Its audio will be deleted on {0}; the text stays until {1}, when all of it is deleted."),
        (60, 30, "It will be deleted with its text on {0}."),
        (0, 0, ""),
    ],
)
def test_recording_says_when_it_goes(aged, alice_client: Client, media: int, all_: int, sentence: str):
    recording = aged(1)
    _keep(media=media, all_=all_)
    text = " ".join(alice_client.get(f"/recordings/{recording.pk}/").text.split())
    days = [f"{timezone.now() + timedelta(days=days - 1):%-d %b %Y}" for days in (30, 60)]
    assert ("will be deleted" in text) is bool(sentence)
    assert sentence.format(*days) in text


def test_list_says_what_of_this_person_goes_soon(aged, alice_client: Client, bob_client: Client):
    aged(26), aged(20)
    assert "will be deleted" not in alice_client.get("/").text
    _keep(all_=30)
    assert "In the next 7 days 1 recording with its text will be deleted" in alice_client.get("/").text
    assert "will be deleted" not in bob_client.get("/").text


def test_change_that_deletes_at_once_asks_first(aged, carol_client: Client):
    aged(40), aged(12)
    sent = {"upload_limit_megabytes": "5", "keep_media_days": "10", "keep_days": "30"}
    response = carol_client.post("/settings/keeping/", sent, headers=IN_PLACE)
    assert response.status_code == 422
    assert (
        "This deletes the audio or video of 1 recording and 1 recording with its text within a minute" in response.text
    )
    assert Settings.load().keep_days == 0
    assert 'name="keep_days" value="30"' in response.text
    response = carol_client.post("/settings/keeping/", {**sent, "confirmed": "on"}, headers=IN_PLACE)
    assert response.status_code == 200
    assert (Settings.load().keep_media_days, Settings.load().keep_days) == (10, 30)


def test_change_that_deletes_nothing_more_asks_nothing(aged, carol_client: Client):
    aged(12)
    sent = {"upload_limit_megabytes": "5", "keep_media_days": "0", "keep_days": "13"}
    assert carol_client.post("/settings/keeping/", sent, headers=IN_PLACE).status_code == 200
    _keep(all_=5)
    assert carol_client.post("/settings/keeping/", {**sent, "keep_days": "7"}, headers=IN_PLACE).status_code == 200
    _keep(all_=7)
    sent |= {"upload_limit_megabytes": "9", "keep_days": "7"}
    assert carol_client.post("/settings/keeping/", sent, headers=IN_PLACE).status_code == 200


def test_administration_asks_as_the_page_does(aged, carol: User):
    carol.is_superuser = True
    carol.save()
    client = Client()
    client.force_login(carol)
    aged(40)
    sent = {"site_name": "Selenite", "concurrency": 1, "upload_limit_megabytes": 5}
    sent |= {"keep_media_days": 0, "keep_days": 30}
    page = "/admin/settings/settings/1/change/"
    assert "This deletes 1 recording with its text within a minute" in client.post(page, sent).text
    assert Settings.load().keep_days == 0
    assert client.post(page, {**sent, "confirmed": "on"}).status_code == 302
    assert retention.enforce().recordings == 1
