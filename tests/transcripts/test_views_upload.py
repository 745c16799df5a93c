"""Uploads through the page: the form, and the script that sends a file at a time."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from transcripts.models import Job, Recording

JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def speech(data: Path) -> bytes:
    return (data / "jfk.opus").read_bytes()


def _file(content: bytes, name: str = "jfk.opus") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_form_offers_languages_and_models_and_disables_what_cannot_run(alice_client: Client):
    text = alice_client.get("/upload/").text
    assert re.search(r'<option value="" selected>\s*Detect\s*</option>', text)
    assert '<option value="de">German</option>' in text
    assert '<option value="whisper/large-v3" disabled>' in text


def test_form_says_when_nothing_can_run(alice_client: Client, settings: Settings, tmp_path: Path):
    settings.WEIGHTS_DIR = tmp_path
    assert "No speech model can run here now." in alice_client.get("/upload/").text
    settings.FAKE_ENGINE = True
    assert "No speech model can run here now." not in alice_client.get("/upload/").text


def test_one_file_is_accepted_with_what_was_asked(alice_client: Client, alice: User, speech: bytes):
    data = {"recordings": _file(speech, "Rede – 日本.opus"), "language": "en", "translate": "on", "prompt": "Kennedy"}
    response = alice_client.post("/upload/", data, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "1 recording uploaded." in response.text
    job = Job.objects.get()
    assert (job.owner, job.recording.title, job.state) == (alice, "Rede – 日本", Job.State.QUEUED)
    assert (job.asked_language, job.task, job.prompt) == ("en", "translate", "Kennedy")


def test_good_files_of_a_form_are_kept_and_bad_ones_named(alice_client: Client, speech: bytes):
    files = [_file(speech), _file(b"", "nothing.wav"), _file(b"<html>", "page.mp3")]
    response = alice_client.post("/upload/", {"recordings": files})
    assert response.status_code == 200
    assert "1 recording uploaded, 2 refused" in response.text
    assert ["nothing.wav" in response.text, "page.mp3" in response.text] == [True, True]
    assert [recording.title for recording in Recording.objects.all()] == ["jfk"]


def test_form_of_bad_files_only_is_answered_422(alice_client: Client, media_root: Path):
    response = alice_client.post("/upload/", {"recordings": [_file(b"", "nothing.wav")]})
    assert response.status_code == 422
    assert "This file is empty" in response.text
    assert Recording.objects.count() == 0
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_form_without_a_file_says_so(alice_client: Client):
    response = alice_client.post("/upload/", {"language": "de"})
    assert response.status_code == 422
    assert "Choose at least one audio or video file." in response.text
    assert '<option value="de" selected>German</option>' in response.text


def test_model_that_cannot_run_is_refused(alice_client: Client, speech: bytes):
    response = alice_client.post("/upload/", {"recordings": _file(speech), "model": "whisper/large-v3"})
    assert response.status_code == 422
    assert "This model cannot run here now." in response.text
    assert Recording.objects.count() == 0


def test_script_gets_the_address_of_the_new_page(alice_client: Client, speech: bytes):
    response = alice_client.post("/upload/", {"recordings": _file(speech)}, headers=JSON)
    recording = Recording.objects.get()
    assert response.json() == {"url": f"/recordings/{recording.pk}/", "title": "jfk"}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"recordings": (b"", "nothing.wav")}, "This file is empty (0 bytes)."),
        ({}, "Choose at least one audio or video file."),
        ({"recordings": (b"x", "x.wav"), "language": "klingon"}, "Select a valid choice."),
    ],
)
def test_script_gets_a_sentence_for_a_refused_file(alice_client: Client, data: dict[str, object], error: str):
    form = {name: _file(*value) if isinstance(value, tuple) else value for name, value in data.items()}
    response = alice_client.post("/upload/", form, headers=JSON)
    assert (response.status_code, list(response.json())) == (422, ["error"])
    assert response.json()["error"].startswith(error)
    assert Recording.objects.count() == 0


def test_upload_needs_a_token(alice_client: Client, speech: bytes, media_root: Path):
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice_client.cookies
    assert client.post("/upload/", {"recordings": _file(speech)}).status_code == 403
    assert Recording.objects.count() == 0
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_stranger_uploads_nothing(client: Client, speech: bytes, media_root: Path):
    response = client.post("/upload/", {"recordings": _file(speech)})
    assert response.url == "/sign-in/?next=/upload/"
    assert Recording.objects.count() == 0
    assert [path for path in media_root.rglob("*") if path.is_file()] == []
