"""A file that comes twice is kept once; what is there is offered."""

import re
import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django import Settings

from transcripts.models import Job, Recording
from transcripts.services.accept import JobRequest, Refused, accept_path
from transcripts.services.duplicates import AlreadyHere
from transcripts.services.restart import transcribe_again

JSON = {"Accept": "application/json"}
DEFAULTS = JobRequest()
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def first(alice: User, data: Path) -> Job:
    """Return the queued job of a recording that Alice has."""
    return accept_path(data / "jfk.opus", owner=alice, request=DEFAULTS)


def _files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def _post(client: Client, path: Path, **fields: object):
    file = SimpleUploadedFile("another name.opus", path.read_bytes())
    return client.post("/upload/", {"recordings": file, **fields.pop("data", {})}, **fields)


def test_second_upload_offers_the_first(alice_client: Client, first: Job, data: Path, settings: Settings):
    Recording.objects.update(title="Inaugural")
    response = _post(alice_client, data / "jfk.opus", headers=JSON)
    assert response.status_code == 200
    offer = response.json()
    assert offer["known"].startswith("You have this recording already: “Inaugural”, added ")
    assert (offer["url"], offer["again"]) == (f"/recordings/{first.recording_id}/", f"/jobs/{first.pk}/restart")
    assert (Recording.objects.count(), Job.objects.count(), len(_files(settings))) == (1, 1, 1)


def test_offer_takes_the_options_of_the_form(alice_client: Client, first: Job, data: Path):
    Job.objects.update(state=Job.State.COMPLETED)
    offer = _post(alice_client, data / "jfk.opus", headers=JSON).json()
    answer = alice_client.post(offer["again"], {"language": "de", "model": "", "prompt": "Kennedy"}, headers=JSON)
    assert answer.json() == {"url": f"/recordings/{first.recording_id}/", "title": "jfk"}
    new = Job.objects.exclude(pk=first.pk).get()
    assert (new.recording_id, new.asked_language, new.prompt) == (first.recording_id, "de", "Kennedy")
    wrong = alice_client.post(offer["again"], {"language": "xx"}, headers=JSON)
    assert (wrong.status_code, list(wrong.json())) == (422, ["error"])


def test_form_without_script_makes_the_same_offer(alice_client: Client, first: Job, data: Path):
    Job.objects.update(state=Job.State.COMPLETED)
    page = _post(alice_client, data / "jfk.opus", data={"language": "de"})
    assert (page.status_code, "Nothing was uploaded, 1 here already" in page.text) == (200, True)
    form = page.text.partition(f'action="/jobs/{first.pk}/restart"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert alice_client.post(f"/jobs/{first.pk}/restart", fields).url == f"/recordings/{first.recording_id}/"
    assert Job.objects.exclude(pk=first.pk).get().asked_language == "de"


def test_another_person_keeps_a_copy_of_their_own(bob: User, first: Job, data: Path):
    theirs = accept_path(data / "jfk.opus", owner=bob, request=DEFAULTS)
    assert theirs.recording != first.recording


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"cut short")])
def test_upload_mends_a_copy_that_was_damaged(alice_client: Client, first: Job, data: Path, damage, settings: Settings):
    kept = Path(first.recording.media.path)
    kept.chmod(0o600)
    damage(kept)
    offer = _post(alice_client, data / "jfk.opus", headers=JSON).json()
    assert offer["known"].endswith("Its file was damaged or missing here and is whole again.")
    assert kept.read_bytes() == (data / "jfk.opus").read_bytes()
    assert _files(settings) == [kept]


def test_two_uploads_at_once_end_as_one_recording(alice: User, data: Path, settings: Settings):
    outcomes: list[str] = []
    together = threading.Barrier(3)

    def bring() -> None:
        together.wait()
        try:
            accept_path(data / "jfk.opus", owner=alice, request=DEFAULTS)
            outcomes.append("kept")
        except AlreadyHere:
            outcomes.append("offered")
        finally:
            connection.close()

    threads = [threading.Thread(target=bring) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept", "offered", "offered"]
    assert (Recording.objects.count(), Job.objects.count(), len(_files(settings))) == (1, 1, 1)


def test_two_restarts_at_once_make_one_job(first: Job):
    Job.objects.update(state=Job.State.COMPLETED)

    def press() -> None:
        try:
            transcribe_again(first.recording, DEFAULTS)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.exclude(pk=first.pk).count() == 1


def test_tracks_are_known_and_one_that_is_not_there_is_refused(alice: User, data: Path, settings: Settings):
    two = data / "jfk_two_tracks.mka"
    with pytest.raises(Refused, match="2 audio tracks, so there is no track 3"):
        accept_path(two, owner=alice, request=JobRequest(audio_track=2))
    assert _files(settings) == []
    job = accept_path(two, owner=alice, request=JobRequest(audio_track=1))
    assert (job.audio_track, job.recording.audio_tracks) == (1, 2)
    with pytest.raises(Refused, match="no track 3"):
        transcribe_again(job.recording, JobRequest(audio_track=2))
