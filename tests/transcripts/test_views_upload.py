"""Uploads through the page: the form, and the script that sends a file at a time."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import PASSWORD, PutWeights
from transcripts.models import Job, Recording
from transcripts.uploads import STRANGER
from transcripts.views.upload import OTHER_PERSON

JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def speech(data: Path) -> bytes:
    return (data / "jfk.opus").read_bytes()


def _file(content: bytes, name: str = "jfk.opus") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def _select(text: str, name: str) -> str:
    [field] = re.findall(rf'<select name="{name}".*?</select>', text, re.DOTALL)
    return field


def _options(text: str, name: str) -> list[tuple[str, str]]:
    """Return value and label of each choice of a field that can be chosen."""
    found = re.findall(r'<option value="([^"]*)"([^>]*)>\s*(.*?)\s*</option>', _select(text, name), re.DOTALL)
    return [(value, label) for value, attributes, label in found if "disabled" not in attributes]


def _groups(text: str, name: str) -> list[str]:
    return re.findall(r'<optgroup label="(.*?)"', _select(text, name))


def test_form_offers_languages_and_the_models_that_can_run(alice_client: Client, put_weights: PutWeights):
    for engine, model in (("faster-whisper", "tiny.en"), ("faster-whisper", "base"), ("whisper", "large-v3-turbo")):
        put_weights(engine, model)
    text = alice_client.get("/upload/").text
    assert _options(text, "language")[0] == ("", "Detect")
    assert ("de", "German") in _options(text, "language")
    assert _options(text, "model") == [
        ("", "Automatic"),
        ("faster-whisper/tiny.en", "tiny.en: fastest, English only"),
        ("faster-whisper/base", "base: fast, for clear speech"),
        ("whisper/large-v3-turbo", "large-v3-turbo: accurate, quick"),
    ]
    closed = ["Not installed for faster-whisper", "Not installed for whisper"]
    assert _groups(text, "model") == ["faster-whisper", "whisper", *closed]
    assert '<option value="whisper/base" disabled>base</option>' in _select(text, "model")
    assert "Automatic takes base with faster-whisper." in text


def test_one_engine_is_no_group_of_models(alice_client: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "small")
    text = alice_client.get("/upload/").text
    assert ("faster-whisper/small", "small: slower, more accurate") in _options(text, "model")
    assert "faster-whisper" not in _groups(text, "model")


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("faster-whisper/base", "Runs with faster-whisper."),
        ("whisper/large-v3-turbo", "Runs with whisper (cannot translate)."),
        ("no/such", ""),
    ],
)
def test_chosen_model_is_explained(alice_client: Client, put_weights: PutWeights, model: str, sentence: str):
    put_weights("faster-whisper", "base")
    put_weights("whisper", "large-v3-turbo")
    text = alice_client.get("/upload/", {"model": model}, headers={"HX-Request": "true", "HX-Target": "model"}).text
    assert re.findall(r'class="help" id="id_model_helptext">(.*?)</div>', text) == ([sentence] if sentence else [])


def test_form_says_what_automatic_takes_where_the_default_is_missing(alice_client: Client, put_weights: PutWeights):
    put_weights("whisper", "tiny.en")
    assert "Automatic takes tiny.en with whisper (English only)." in alice_client.get("/upload/").text


def test_form_says_when_nothing_can_run_and_takes_files_all_the_same(
    alice_client: Client, weights_folder: Path, speech: bytes
):
    text = alice_client.get("/upload/").text
    said = "No speech model is installed. What an administrator can do: Run: .venv/bin/python manage.py weights install base"
    assert said in text
    assert _options(text, "model") == [("", "Automatic")]
    assert alice_client.post("/upload/", {"recordings": _file(speech)}).url == "/"
    assert Job.objects.get().state == Job.State.QUEUED


def test_form_names_each_field_once(alice_client: Client):
    assert alice_client.get("/upload/").text.count("Names and words to expect") == 1


def test_limit_is_told_in_words(alice_client: Client):
    assert "up to 4 GB a file" in alice_client.get("/upload/").text


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("faster-whisper/tiny.en", {"language": "de"}, "Model tiny.en knows English only. Choose another one."),
        ("faster-whisper/tiny.en", {"translate": "on"}, "Model tiny.en cannot translate. Choose another one."),
        ("whisper/large-v3-turbo", {"translate": "on"}, "Model large-v3-turbo cannot translate. Choose another one."),
        ("faster-whisper/tiny.en", {"language": "en"}, ""),
        ("whisper/large-v3-turbo", {"language": "de"}, ""),
    ],
)
def test_model_is_refused_for_what_it_cannot_do(
    alice_client: Client, put_weights: PutWeights, speech: bytes, model: str, options: dict[str, str], reason: str
):
    put_weights(*model.split("/"))
    asked = {"model": model, **options}
    fragment = alice_client.get("/upload/", asked, headers={"HX-Request": "true", "HX-Target": "model"}).text
    page = alice_client.post("/upload/", asked | {"recordings": _file(speech)})
    assert ('aria-invalid="true"' in fragment) is ('aria-invalid="true"' in page.text) is bool(reason)
    assert page.status_code == (422 if reason else 302)
    assert Recording.objects.count() == (0 if reason else 1)
    assert all(f'id="id_model_error"><li>{reason}</li>' in text for text in (fragment, page.text) if reason)


def test_automatic_is_explained_for_what_is_asked(alice_client: Client, put_weights: PutWeights):
    put_weights("faster-whisper", "base.en")
    put_weights("whisper", "small")
    headers = {"HX-Request": "true", "HX-Target": "model"}

    def explain(**asked: str) -> str:
        return alice_client.get("/upload/", asked, headers=headers).text

    assert "Automatic takes base.en with faster-whisper (English only)." in explain(language="en")
    assert "Automatic takes small with whisper." in explain(language="de")
    assert "With “Automatic” this waits for another model." in explain(language="yue")
    assert explain(language="de").lstrip().startswith('<div id="model">')


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
    assert "Nothing was uploaded." in response.text
    assert response.status_code == 422
    assert "Model large-v3 is not installed for whisper. Choose another one." in response.text
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
        ({"recordings": (b"x", "x.wav"), "language": "klingon"}, "Language spoken: Select a valid choice. klingon is"),
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


def test_script_of_someone_signed_out_is_told_so(client: Client, speech: bytes, media_root: Path):
    response = client.post("/upload/", {"recordings": _file(speech)}, headers=JSON)
    assert (response.status_code, response.json()) == (401, {"error": STRANGER})
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_token_of_the_cookie_is_taken_after_another_sign_in(alice: User, speech: bytes):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    client.get("/upload/")
    old = client.cookies["csrftoken"].value
    client.post("/sign-out/", {"csrfmiddlewaretoken": old})
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": old})
    new = client.cookies["csrftoken"].value
    answers = [
        client.post("/upload/", {"recordings": _file(speech), "csrfmiddlewaretoken": token}, headers=JSON).status_code
        for token in (old, new)
    ]
    assert answers == [403, 200]


def test_page_of_one_person_brings_nothing_to_another(alice_client: Client, bob: User, speech: bytes, media_root: Path):
    response = alice_client.post("/upload/", {"recordings": _file(speech), "person": bob.pk}, headers=JSON)
    assert (response.status_code, response.json()) == (422, {"error": OTHER_PERSON})
    assert Recording.objects.count() == 0
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_stranger_uploads_nothing(client: Client, speech: bytes, media_root: Path):
    response = client.post("/upload/", {"recordings": _file(speech)})
    assert response.url == "/sign-in/?next=/upload/"
    assert Recording.objects.count() == 0
    assert [path for path in media_root.rglob("*") if path.is_file()] == []
