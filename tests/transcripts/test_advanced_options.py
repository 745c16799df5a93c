"""The advanced part of the forms: what is shown to whom, what is refused, and what reaches the job."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from preferences.models import Settings
from registry.models import Provider, SpeechModel
from transcripts.forms import NOT_FOR_PEOPLE, OptionsForm
from transcripts.models import Job, Recording
from transcripts.services.accept import JobRequest, Refused, check_request
from transcripts.services.restart import request_of

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = '<details class="disclosure advanced" id="advanced" open>'
CLOSED = '<details class="disclosure advanced" id="advanced">'
FIELDS = ("model", "speakers", "speaker_range", "diarizer", "by_channel", "prompt", "extra_options")


@pytest.fixture
def settle():
    """Return a function that changes the installation's settings."""

    def settle(**values):
        Settings.objects.update_or_create(pk=1, defaults=values)

    return settle


@pytest.fixture
def upload(data):
    """Return a function that uploads a recording with these options."""

    def upload(client, headers=None, **asked):
        file = SimpleUploadedFile("jfk.opus", (data / "jfk.opus").read_bytes())
        return client.post("/upload/", {"recordings": file, **asked}, headers=headers)

    return upload


def _shown(text):
    return [name for name in FIELDS if re.search(rf'<(select|input|textarea)[^>]* name="{name}"', text)]


def _error(text, name):
    return re.findall(rf'<ul class="errorlist" id="id_{name}_error"><li>(.*?)</li></ul>', text)


def test_everybody_gets_a_closed_panel_without_extra_options(alice_client):
    text = alice_client.get("/upload/").text
    assert _shown(text) == [name for name in FIELDS if name != "extra_options"]
    assert CLOSED in text
    assert (
        text.index('name="language"') < text.index('name="diarize"') < text.index(CLOSED) < text.index('name="model"')
    )


def test_administrators_get_all_of_it(carol_client, settle):
    settle(may_choose_model=False, may_choose_diarizer=False, show_extra_options=False)
    text = carol_client.get("/upload/").text
    assert _shown(text) == list(FIELDS)
    assert "<code>no_repeat_ngram_size</code>" in text


def test_people_get_what_they_are_allowed(alice_client, settle):
    settle(may_choose_model=False, may_choose_diarizer=False, show_extra_options=True)
    assert _shown(alice_client.get("/upload/").text) == [
        "speakers",
        "speaker_range",
        "by_channel",
        "prompt",
        "extra_options",
    ]


def test_nothing_of_speakers_is_shown_or_taken_where_they_are_not_identified(alice_client, settle, upload):
    settle(diarization=False)
    text = alice_client.get("/upload/").text
    assert _shown(text) == ["model", "prompt"]
    assert "peaker" not in re.search(r"<form.*?</form>", text, re.DOTALL)[0]
    asked = {"diarize": "on", "speakers": "3", "speaker_range": "junk", "diarizer": "magic", "by_channel": "on"}
    assert upload(alice_client, **asked).status_code == 302
    job = Job.objects.get()
    assert (job.diarize, job.least_speakers, job.asked_diarizer, job.by_channel) == (False, None, "", False)


def test_identifying_later_is_refused_where_it_is_switched_off(alice_client, completed_job, settle):
    settle(diarization=False)
    response = alice_client.post(f"/jobs/{completed_job.pk}/identify")
    assert (response.status_code, Job.objects.count()) == (422, 1)
    assert "Identifying speakers is switched off here." in response.text


@pytest.mark.parametrize(
    ("settled", "asked", "name", "told"),
    [
        (
            {"may_choose_model": False},
            {"model": "faster-whisper/tiny.en"},
            "model",
            "Only administrators may choose the model here. Choose another one.",
        ),
        (
            {"may_choose_diarizer": False},
            {"speakers": "", "diarize": "on", "diarizer": "vad"},
            "diarizer",
            "Only administrators may choose how speakers are told apart here. Choose another one.",
        ),
        ({}, {"extra_options": "beam_size=3"}, "extra_options", NOT_FOR_PEOPLE),
    ],
)
def test_what_is_not_allowed_is_refused_also_by_hand(
    alice_client, carol_client, settle, upload, put_weights, settled, asked, name, told
):
    put_weights("faster-whisper", "tiny.en")
    put_weights("diarization", "ge2e")
    settle(**settled)
    response = upload(alice_client, **asked)
    assert (response.status_code, Recording.objects.count()) == (422, 0)
    assert _error(response.text, name) == [told]
    assert OPEN in response.text
    answer = upload(alice_client, headers={"Accept": "application/json"}, **asked)
    assert (answer.status_code, answer.json()) == (422, {"error": told})
    assert upload(carol_client, **asked).status_code == 302


def test_model_kept_for_administrators_is_shown_to_others_with_the_reason(alice_client, carol_client, put_weights):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "tiny.en")
    SpeechModel.objects.filter(provider__key="faster-whisper", key="tiny.en").update(for_people=False)
    option = '<option value="faster-whisper/tiny.en"'
    text = alice_client.get("/upload/").text
    reason = "tiny.en with faster-whisper: Only administrators may choose model tiny.en here"
    assert f"{option} disabled>{reason}</option>" in text
    assert f"{option}>tiny.en: fastest, English only</option>" in carol_client.get("/upload/").text


def test_reason_of_many_models_stands_once(alice_client, put_weights):
    put_weights("whisper", "base")
    Provider.objects.filter(key="faster-whisper").update(enabled=False, disabled_reason="too new")
    text = alice_client.get("/upload/").text
    groups = re.findall(r'<optgroup label="(.*?)"', re.search(r'<select name="model".*?</select>', text, re.DOTALL)[0])
    assert groups == ["faster-whisper is disabled: too new", "Not installed for whisper"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("beam=3", "has no option “beam”. Did you mean beam_size?"),
        ("beam_size=eleven", "beam_size takes a whole number from 1 to 10, not “eleven”."),
        ("beam_size=11", "beam_size takes a whole number from 1 to 10, not “11”."),
        ('{"beam_size": {"a": 1}}', "The value of beam_size cannot hold further names and values."),
        ('{"temperature": NaN}', "NaN is no number that an option can have."),
        ("beam_size=3 beam_size=3", "The option beam_size is given twice."),
        ("x" * 100_000, "The options are longer than 2000 characters."),
        ("<script>alert(1)</script>", "Write options as name=value"),
        ("<script>=1", "Write options as name=value"),
        ('{"<b>": 1}', "has no option “&lt;b&gt;”."),
        ('{"hotwords": "\\ud800"}', "hotwords takes words"),
        ('{"\\ud800": 1}', "has no option “�”."),
        ("beam_size=3\x00", "Null characters are not allowed."),
    ],
)
def test_options_that_cannot_be_are_told_beside_the_field(carol_client, upload, text, told):
    response = upload(carol_client, extra_options=text)
    assert (response.status_code, Recording.objects.count()) == (422, 0)
    [error] = _error(response.text, "extra_options")
    assert told.replace('"', "&quot;") in error
    assert OPEN in response.text
    assert 'aria-invalid="true"' in re.search(r'<textarea name="extra_options"[^>]*>', response.text)[0]


def test_options_are_those_of_the_chosen_engine(carol_client, upload, put_weights):
    put_weights("whisper", "base")
    response = upload(carol_client, model="whisper/base", extra_options="no_repeat_ngram_size=2")
    assert _error(response.text, "extra_options")[0].startswith(
        "The engine whisper has no option no_repeat_ngram_size; faster-whisper has."
    )
    assert "<code>no_repeat_ngram_size</code>" not in response.text


@pytest.mark.parametrize(
    "text", ["beam_size=3\ndevice=cpu", '{"beam_size": 3, "device": "cpu"}', "beam_size=3, device=CPU"]
)
def test_options_reach_the_job_and_its_restart(carol_client, upload, text):
    assert upload(carol_client, extra_options=text).status_code == 302
    job = Job.objects.get()
    assert job.extra_options == {"beam_size": 3, "device": "cpu"}
    assert request_of(job).extra_options == job.extra_options
    again = carol_client.get(f"/jobs/{job.pk}/restart").text
    assert ">\nbeam_size=3\ndevice=cpu</textarea>" in again
    assert OPEN in again
    carol_client.post(f"/jobs/{job.pk}/cancel")
    carol_client.post(f"/jobs/{job.pk}/restart")
    assert list(Job.objects.values_list("extra_options", flat=True)) == [job.extra_options] * 2


def test_restart_with_other_options_is_another_job(carol_client, upload):
    upload(carol_client, extra_options="beam_size=3")
    job = Job.objects.get()
    for text in ("beam_size=3", "beam_size=1"):
        asked = {"speakers": "", "diarize": "on", "audio_track": "0", "extra_options": text}
        carol_client.post(f"/jobs/{job.pk}/restart", asked)
    assert sorted(job.extra_options["beam_size"] for job in Job.objects.all()) == [1, 3]


def test_restart_with_a_mistake_is_told_in_the_dialog(carol_client, upload):
    upload(carol_client)
    job = Job.objects.get()
    headers = {"HX-Request": "true", "HX-Target": "dialog"}
    response = carol_client.post(f"/jobs/{job.pk}/restart", {"extra_options": "beam_size=x"}, headers=headers)
    assert (response.status_code, Job.objects.count()) == (422, 1)
    assert OPEN in response.text
    assert "<!DOCTYPE" not in response.text
    assert _error(response.text, "extra_options") == ["beam_size takes a whole number from 1 to 10, not “x”."]


def test_options_of_a_job_are_nobody_elses(bob_client, client, carol_client, upload):
    upload(carol_client, extra_options="hotwords=secret")
    job = Job.objects.get()
    for other in (bob_client, client):
        response = other.get(f"/jobs/{job.pk}/restart")
        assert response.status_code in (302, 404)
        assert "secret" not in response.text
        assert other.post(f"/jobs/{job.pk}/restart", {"extra_options": "beam_size=1"}).status_code in (302, 404)
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    "asked", [{"prompt": "Kennedy"}, {"speakers": "3"}, {"by_channel": True}, {"model": "faster-whisper/base"}]
)
def test_panel_is_open_where_something_is_chosen(alice, put_weights, asked):
    put_weights("faster-whisper", "base")
    assert OptionsForm(initial=asked, user=alice).is_advanced
    assert not OptionsForm(user=alice).is_advanced


def test_model_is_not_folded_away_where_a_text_is_made_again(alice_client, completed_job, put_weights):
    put_weights("faster-whisper", "base")
    choice = '<select name="model"'
    folded = {
        address: alice_client.get(address).text.index(CLOSED.partition(" id")[0])
        < alice_client.get(address).text.index(choice)
        for address in ("/upload/", f"/jobs/{completed_job.pk}/restart", f"/jobs/{completed_job.pk}/stretch")
    }
    assert list(folded.values()) == [True, False, False]


def test_first_choice_that_cannot_run_here_is_automatic(alice):
    form = OptionsForm(initial={"model": "faster-whisper/large-v3", "diarizer": "no/such"}, user=alice)
    assert (form["model"].value(), form["diarizer"].value(), form.is_advanced) == ("", "", False)


def test_service_refuses_options_that_the_engine_has_not():
    with pytest.raises(Refused, match=r"The engine whisper has no option .*Nothing was saved\."):
        check_request(JobRequest(engine="whisper", extra_options={"repetition_penalty": 1.5}))
    with pytest.raises(ValueError, match="must have been checked"):
        check_request(JobRequest(extra_options={"beam_size": "3"}))
    check_request(JobRequest(engine="auto", extra_options={"beam_size": 3}))


def test_form_costs_few_queries(alice, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        assert OptionsForm(user=alice).as_p()
