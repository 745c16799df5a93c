"""Asking for speakers: in the upload form, and when a recording is transcribed again."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from preferences.models import Settings
from registry import diarizers
from registry.viability import Hindrance
from speech.types import SpeakerCount
from transcripts.models import Job
from transcripts.services.accept import JobRequest, Refused, check_request

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = ("diarize", "least_speakers", "most_speakers", "asked_diarizer", "by_channel")


@pytest.fixture
def send(alice_client, data):
    """Return a function that uploads a recording with these options, and returns what was asked of its job, or the answer."""

    def send(**options):
        file = SimpleUploadedFile("jfk.opus", (data / "jfk.opus").read_bytes())
        response = alice_client.post("/upload/", {"recordings": file, **options})
        return Job.objects.values_list(*ASKED).get() if response.status_code == 302 else response

    return send


@pytest.fixture
def only_vad(monkeypatch):
    """Have one diarizer that can run, and one that cannot."""
    missing = lambda name: Hindrance(f"{name} is not installed", "Run: make setup")  # noqa: E731
    monkeypatch.setattr(diarizers, "hindrance_of", lambda known, name: None if name == "vad" else missing(name))


def _box(text):
    [box] = re.findall(r'<input type="checkbox" name="diarize"[^>]*>', text)
    return "checked" in box


def test_box_is_ticked_as_the_installation_is_set(alice_client):
    assert _box(alice_client.get("/upload/").text)
    Settings.objects.update(identify_speakers=False)
    assert not _box(alice_client.get("/upload/").text)


def test_administrator_can_change_what_the_installation_does(admin_client):
    settings = Settings.load()
    text = admin_client.get(f"/admin/settings/settings/{settings.pk}/change/").text
    assert 'name="identify_speakers"' in text


@pytest.mark.parametrize("is_wanted", [True, False])
def test_files_alone_get_what_the_installation_does(send, is_wanted):
    Settings.load()
    Settings.objects.update(identify_speakers=is_wanted)
    assert send() == (is_wanted, None, None, "", False)


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"speakers": ""}, (False, None, None, "", False)),
        ({"speakers": "", "by_channel": "on"}, (False, None, None, "", False)),
        ({"speakers": "", "diarize": "on"}, (True, None, None, "", False)),
        ({"speakers": "3", "diarize": "on"}, (True, 3, 3, "", False)),
        ({"speakers": "1-4", "diarize": "on", "diarizer": "vad"}, (True, 1, 4, "vad", False)),
        ({"speakers": "3", "speaker_range": " 9 – 12 ", "diarize": "on"}, (True, 9, 12, "", False)),
        ({"speakers": "", "speaker_range": "1", "diarize": "on", "by_channel": "on"}, (True, 1, 1, "", True)),
    ],
)
def test_upload_asks_what_was_chosen(send, only_vad, options, asked):
    assert send(**options) == asked


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"speakers": "9"}, "Select a valid choice."),
        ({"speakers": "<b>"}, "Select a valid choice."),
        ({"speaker_range": "0"}, "from 1 to 20"),
        ({"speaker_range": "21"}, "from 1 to 20"),
        ({"speaker_range": "5-2"}, "from 1 to 20"),
        ({"speaker_range": "2-5-7"}, "from 1 to 20"),
        ({"speaker_range": "三"}, "from 1 to 20"),
        ({"speaker_range": "-3"}, "from 1 to 20"),
        ({"speaker_range": "9" * 5000}, "at most 20 characters"),
        ({"diarizer": "whisperx"}, "whisperx is not installed. Choose another one."),
        ({"diarizer": "magic"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_is_refused_and_shown(send, only_vad, options, error):
    response = send(**{"speakers": "", "diarize": "on"} | options)
    assert (response.status_code, Job.objects.count()) == (422, 0)
    assert error in response.text
    assert "Nothing was uploaded." in response.text


def test_error_that_would_be_hidden_is_open(send, only_vad):
    assert '<details class="disclosure advanced" id="advanced" open>' in send(speakers="", speaker_range="0").text


def test_diarizer_that_cannot_run_is_shown_with_the_reason(alice_client, only_vad):
    text = alice_client.get("/upload/").text
    assert '<option value="whisperx" disabled>whisperx is not installed</option>' in text
    assert '<option value="vad">vad (quick, less exact)</option>' in text
    assert "Automatic takes vad." in text


def test_form_says_that_nothing_can_tell_speakers_apart(alice_client, monkeypatch):
    monkeypatch.setattr(
        diarizers, "hindrance_of", lambda known, name: Hindrance(f"{name} is not installed", "Run: make setup")
    )
    text = alice_client.get("/upload/").text
    assert "Speakers cannot be told apart here." in text


def test_again_begins_with_what_was_asked(alice_client, completed_job, only_vad):
    asked = {"diarize": True, "least_speakers": 9, "most_speakers": 12, "asked_diarizer": "vad", "by_channel": True}
    Job.objects.update(**asked)
    text = alice_client.get(f"/jobs/{completed_job.pk}/restart").text
    assert 'value="9-12"' in text
    assert '<option value="vad" selected>' in text
    assert re.search(r'name="by_channel"[^>]* checked', text)
    Job.objects.update(least_speakers=3, most_speakers=3, diarize=False, asked_diarizer="whisperx")
    text = alice_client.get(f"/jobs/{completed_job.pk}/restart").text
    assert '<option value="3" selected>' in text
    assert '<option value="" selected>Automatic</option>' in text
    assert not _box(text)


def test_again_without_options_is_as_before(alice_client, completed_job):
    Job.objects.update(diarize=True, least_speakers=2, most_speakers=5, asked_diarizer="vad", by_channel=True)
    alice_client.post(f"/jobs/{completed_job.pk}/restart")
    new = Job.objects.exclude(pk=completed_job.pk).values_list(*ASKED).get()
    assert new == (True, 2, 5, "vad", True)


def test_again_with_another_count_is_another_job(alice_client, completed_job):
    address = f"/jobs/{completed_job.pk}/restart"
    for speakers in ("2", "2", "3"):
        alice_client.post(address, {"speakers": speakers, "diarize": "on", "audio_track": "0"})
    assert sorted(Job.objects.exclude(pk=completed_job.pk).values_list("least_speakers", flat=True)) == [2, 3]


@pytest.mark.parametrize(
    "request_",
    [JobRequest(diarizer="magic"), JobRequest(speakers=SpeakerCount(0, 3)), JobRequest(speakers=SpeakerCount(5, 2))],
)
def test_service_refuses_what_no_form_would_send(request_):
    with pytest.raises(Refused, match="Nothing was saved"):
        check_request(request_)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", None), ("auto", None), (" AUTO ", None), ("4", SpeakerCount(4, 4)), ("2-5", SpeakerCount(2, 5))],
)
def test_count_is_read_and_written(text, count):
    assert SpeakerCount.parse(text) == count
    assert count is None or SpeakerCount.parse(str(count)) == count
