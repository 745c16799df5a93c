"""The settings pages: who sees what, saving in place and by page, what is refused, and setting back."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from preferences.models import Settings, UserDefaults
from preferences.sections import INSTALLATION, MINE
from registry.models import SpeechModel
from tests.conftest import PutWeights

SPEECH = {"speech_model": "fake/fake", "default_language": "de", "may_choose_model": "on"}
GOOD = {
    "site": {"site_name": "Moonbase"},
    "speech": {**SPEECH, "show_extra_options": "on", "fetch_weights": "on"},
    "speakers": {"diarization": "on", "default_diarizer": "fake"},
    "queue": {"concurrency": "3", "queue_paused": "on"},
    "keeping": {"upload_limit_megabytes": "7", "keep_media_days": "30", "keep_days": "365"},
    "transcription": {"model": "fake/fake", "language": "fr", "diarize": "no", "speakers": "1-3", "translate": "on"},
    "exports": {"first_format": "srt", "second_format": "docx", "third_format": ""},
    "appearance": {"theme": "dark", "time_zone": "Asia/Tokyo", "date_format": "iso"},
}
SAVED = {
    "site": {"site_name": "Moonbase"},
    "speech": {
        "default_engine": "fake",
        "default_model": "fake",
        "default_language": "de",
        "may_choose_model": True,
        "show_extra_options": True,
        "fetch_weights": True,
    },
    "speakers": {
        "diarization": True,
        "identify_speakers": False,
        "default_diarizer": "fake",
        "may_choose_diarizer": False,
    },
    "queue": {"concurrency": 3, "queue_paused": True},
    "keeping": {"upload_limit_megabytes": 7, "keep_media_days": 30, "keep_days": 365},
    "transcription": {"model": "fake/fake", "language": "fr", "diarize": False, "speakers": "1-3", "translate": True},
    "exports": {"export_times": False, "export_formats": ["srt", "docx"]},
    "appearance": {"theme": "dark", "time_zone": "Asia/Tokyo", "date_format": "iso"},
}
OF_ALL = [section.name for section in INSTALLATION]
OWN = [section.name for section in MINE]
CLASH = "Model tiny.en knows English only. The language is set to German: choose another model, or another language in the settings."
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fake_engine(settings) -> None:
    settings.FAKE_ENGINE = True


def _target(name: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": f"settings-{name}"}


def _titles(text: str) -> list[str]:
    return re.findall(r'<h2 id="settings-\w+-title"[^>]*>(.*?)</h2>', text)


def _stored(name: str, user: User) -> dict[str, object]:
    row = Settings.load() if name in OF_ALL else UserDefaults.objects.get(user=user)
    return {column: getattr(row, column) for column in SAVED[name]}


def test_everybody_has_settings_and_sees_none_of_the_installation(alice_client: Client):
    text = alice_client.get("/settings/").text
    assert _titles(text) == ["Transcription", "Playing", "Exports", "Appearance", "Replacement rules", "Password"]
    assert 'href="/settings/installation/"' not in text
    assert re.findall(r'<a class="rail-link" href="/settings/" aria-current="(\w+)"', text) == ["page"]


def test_staff_sees_the_settings_of_the_installation(carol_client: Client):
    assert 'href="/settings/installation/"' in carol_client.get("/settings/").text
    text = carol_client.get("/settings/installation/").text
    assert _titles(text) == ["Name", "Transcription", "Speakers", "Queue", "Uploads and keeping", "Replacement rules"]
    assert "Up to several gigabytes come from the publisher" in text


def test_stranger_is_sent_to_sign_in(client: Client):
    for address in ("/settings/", "/settings/installation/", "/settings/site/"):
        assert client.get(address).url == f"/sign-in/?next={address}"
    assert client.post("/settings/site/", GOOD["site"]).url == "/sign-in/?next=/settings/site/"


@pytest.mark.parametrize("name", ["installation", *OF_ALL])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_no_administrator_gets_403_and_no_data(alice_client: Client, name: str, method: str):
    Settings.load()
    Settings.objects.update(site_name="Secret", default_language="la", concurrency=41, keep_days=4141)
    before = Settings.objects.values().get()
    response = getattr(alice_client, method)(f"/settings/{name}/", GOOD.get(name), headers=_target(name))
    is_page_asked_to_save = (name, method) == ("installation", "post")
    assert response.status_code == (405 if is_page_asked_to_save else 403)
    assert re.findall(r"\b41\b|4141|Latin|Save", response.text) == []
    assert Settings.objects.values().get() == before


@pytest.mark.parametrize("name", GOOD)
def test_section_is_saved_in_place(carol_client: Client, carol: User, name: str):
    response = carol_client.post(f"/settings/{name}/", GOOD[name], headers=_target(name))
    assert (response.status_code, _stored(name, carol)) == (200, SAVED[name])
    assert response.text.count("<section") == 1
    assert f'id="settings-{name}"' in response.text
    assert 'class="settings-saved"' in response.text


@pytest.mark.parametrize("name", GOOD)
def test_section_is_saved_by_the_page_without_a_script(carol_client: Client, carol: User, name: str):
    response = carol_client.post(f"/settings/{name}/", GOOD[name])
    page = "/settings/installation/" if name in OF_ALL else "/settings/"
    assert (response.status_code, response.url) == (302, f"{page}#settings-{name}")
    assert _stored(name, carol) == SAVED[name]
    assert "saved." in carol_client.get(page).text
    assert carol_client.get(f"/settings/{name}/").url == response.url


def test_what_is_saved_is_what_the_page_shows(carol_client: Client):
    for name, sent in GOOD.items():
        carol_client.post(f"/settings/{name}/", sent)
    text = carol_client.get("/settings/").text + carol_client.get("/settings/installation/").text
    chosen = re.findall(r'<option value="([^"]*)" selected>', text)
    own = ["fake/fake", "fr", "no", "1-3", "srt", "docx", "", "dark", "Asia/Tokyo", "iso"]
    assert chosen == [*own, "fake/fake", "de", "fake"]
    assert re.findall(r'name="(\w+)" value="(\w+)"', text).count(("concurrency", "3")) == 1


@pytest.mark.parametrize("name", GOOD)
def test_reset_sets_a_section_back_and_is_offered_only_where_it_would_change_anything(
    carol_client: Client, carol: User, name: str
):
    page = "/settings/installation/" if name in OF_ALL else "/settings/"
    assert f'id="reset-{name}"' not in carol_client.get(page).text
    carol_client.post(f"/settings/{name}/", GOOD[name])
    assert f'id="reset-{name}"' in carol_client.get(page).text
    response = carol_client.post(f"/settings/{name}/", {**GOOD[name], "reset": "1"}, headers=_target(name))
    assert f'id="reset-{name}"' not in response.text
    assert "Back to the defaults</span>" in response.text
    fresh = Settings() if name in OF_ALL else UserDefaults(user=carol)
    assert _stored(name, carol) == {column: getattr(fresh, column) for column in SAVED[name]}


BAD = [
    ("site", {"site_name": ""}),
    ("site", {"site_name": "x" * 61}),
    ("site", {"site_name": "\u202e\u200b"}),
    ("speech", {**SPEECH, "speech_model": "fake/none"}),
    ("speech", {**SPEECH, "speech_model": "whisper/large-v3"}),  # Not installed.
    ("speech", {**SPEECH, "default_language": "xx"}),
    ("speakers", {"default_diarizer": "../../etc/passwd"}),
    ("queue", {"concurrency": "0"}),
    ("queue", {"concurrency": "65"}),
    ("queue", {"concurrency": ""}),
    ("keeping", {"upload_limit_megabytes": "-1", "keep_media_days": "0", "keep_days": "0"}),
    ("keeping", {"upload_limit_megabytes": "9" * 30, "keep_media_days": "0", "keep_days": "0"}),
    ("keeping", {"upload_limit_megabytes": "1", "keep_media_days": "36501", "keep_days": "0"}),
    ("keeping", {"upload_limit_megabytes": "1", "keep_media_days": "31", "keep_days": "30"}),
    ("transcription", {"model": "<script>"}),
    ("transcription", {"language": "xx"}),
    ("transcription", {"diarize": "perhaps"}),
    ("transcription", {"speakers": "0-99"}),
    ("exports", {"first_format": "exe"}),
    ("exports", {"first_format": "srt", "third_format": "srt"}),
    ("appearance", {"time_zone": "Mars/Olympus"}),
    ("appearance", {"theme": 'dark" onload="x'}),
    ("appearance", {"date_format": "none"}),
]


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "page"])
@pytest.mark.parametrize(("name", "sent"), BAD, ids=[f"{name}-{index}" for index, (name, _) in enumerate(BAD)])
def test_what_cannot_be_is_refused_and_nothing_changes(
    carol_client: Client, carol: User, name: str, sent: dict, in_place: bool
):
    Settings.load()
    before = Settings.objects.values().get()
    response = carol_client.post(f"/settings/{name}/", sent, headers=_target(name) if in_place else {})
    assert response.status_code == 422
    assert response.text.count('class="errorlist"') == 1
    assert response.text.count("autofocus") == 1
    assert "Saved" not in response.text
    assert "<script>" not in response.text
    assert Settings.objects.values().get() == before
    assert not UserDefaults.objects.exists()


def test_what_is_set_may_stay_where_it_cannot_be_had_any_more(carol_client: Client):
    Settings.load()
    Settings.objects.update(default_engine="whisper", default_model="large-v3", default_diarizer="nobody")
    sent = {"speech_model": "whisper/large-v3", "default_language": "en"}
    assert carol_client.post("/settings/speech/", sent, headers=_target("speech")).status_code == 200
    text = carol_client.get("/settings/installation/").text
    assert '<option value="nobody" selected>nobody (not known any more)</option>' in text
    assert (Settings.load().default_model, Settings.load().default_language) == ("large-v3", "en")


@pytest.mark.parametrize(
    ("model", "language", "status"),
    [
        ("faster-whisper/tiny.en", "de", 422),
        ("", "de", 422),
        ("faster-whisper/tiny.en", "en", 200),
        ("faster-whisper/tiny.en", "", 200),
        ("faster-whisper/base", "de", 200),
    ],
    ids=["English only", "as started", "English", "detected", "many languages"],
)
def test_default_model_has_to_know_the_default_language(
    carol_client: Client, put_weights: PutWeights, settings, model: str, language: str, status: int
):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "tiny.en")
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "faster-whisper", "tiny.en"
    sent = {"speech_model": model, "default_language": language}

    response = carol_client.post("/settings/speech/", sent, headers=_target("speech"))

    assert response.status_code == status
    assert (CLASH in response.text) is (status == 422)
    assert Settings.load().default_language == (language if status == 200 else "")


@pytest.mark.parametrize(
    ("model", "language", "installed", "status"),
    [
        ("faster-whisper/tiny.en", "de", "", 422),
        ("faster-whisper/tiny.en", "", "de", 422),
        ("faster-whisper/tiny.en", UserDefaults.DETECT, "de", 200),
        ("", "de", "", 422),
        ("faster-whisper/base", "de", "", 200),
    ],
    ids=["both own", "language of the installation", "detected", "model of the installation", "many languages"],
)
def test_own_model_has_to_know_the_own_language(
    alice_client: Client, put_weights: PutWeights, settings, model: str, language: str, installed: str, status: int
):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "tiny.en")
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "faster-whisper", "tiny.en"
    Settings.load()
    Settings.objects.update(default_language=installed)

    response = alice_client.post("/settings/transcription/", {"model": model, "language": language})

    assert response.status_code == (302 if status == 200 else status)
    assert (CLASH in response.text) is (status == 422)


def test_administration_refuses_a_default_model_that_does_not_know_the_default_language(
    admin_client: Client, put_weights: PutWeights
):
    put_weights("faster-whisper", "tiny.en")
    pk = Settings.load().pk
    sent = {"site_name": "Moonbase", "concurrency": "1", "upload_limit_megabytes": "1", "keep_media_days": "0"}
    sent |= {"keep_days": "0", "speech_model": "faster-whisper/tiny.en", "default_language": "de"}
    address = f"/admin/settings/settings/{pk}/change/"

    assert CLASH in admin_client.post(address, sent).text
    assert Settings.load().site_name == "Selenite"

    Settings.objects.update(default_engine="faster-whisper", default_model="tiny.en", default_language="de")
    admin_client.post(address, sent)  # What is set already may stay.
    assert Settings.load().site_name == "Moonbase"


@pytest.mark.parametrize("page", ["/settings/", "/settings/installation/"])
def test_models_that_can_run_come_first_and_the_others_stand_apart(
    carol_client: Client, put_weights: PutWeights, page: str
):
    put_weights("whisper", "base")
    SpeechModel.objects.filter(store="faster-whisper", key="tiny").update(enabled=False, disabled_reason="too old")

    text = carol_client.get(page).text

    free, *groups = re.split(
        r'<optgroup label="([^"]+)">', re.split(r'name="(?:speech_)?model"', text)[1].split("</select>")[0]
    )
    assert re.findall(r">(base \(\S+\))", free) == ["base (whisper)"]
    assert "disabled>" not in free
    absent, others = (
        dict(zip(groups[::2], groups[1::2], strict=True))[name] for name in ("Not installed", "Cannot be chosen now")
    )
    assert absent.count("<option") == absent.count("disabled>") == 20
    assert "tiny (faster-whisper): Model tiny (faster-whisper) is disabled: too old</option>" in others
    assert others.count("<option") == others.count("disabled>") == 1


def test_two_sections_saved_at_once_keep_each_other(carol_client: Client):
    """Only the columns of a section are written."""
    Settings.load()
    Settings.objects.update(queue_paused=True)
    carol_client.post("/settings/site/", GOOD["site"])
    assert (Settings.load().queue_paused, Settings.load().site_name) == (True, "Moonbase")


def _mark(text: str, name: str) -> str:
    found = re.search(rf'id="settings-{name}".*?name="mark" value="(\w+)"', text, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "page"])
def test_section_that_was_changed_in_another_tab_is_shown_as_it_is_now(carol_client: Client, in_place: bool):
    mark = _mark(carol_client.get("/settings/installation/").text, "speakers")
    carol_client.post("/settings/speakers/", {"diarization": "on", "mark": mark})
    headers = _target("speakers") if in_place else {}

    sent = {"may_choose_diarizer": "on", "mark": mark}
    response = carol_client.post("/settings/speakers/", sent, headers=headers)

    assert (response.status_code, response.text.count("This was changed in another tab")) == (422, 1)
    assert (Settings.load().diarization, Settings.load().may_choose_diarizer) == (True, False)
    again = sent | {"diarization": "on", "mark": _mark(response.text, "speakers")}
    carol_client.post("/settings/speakers/", again, headers=headers)
    assert (Settings.load().diarization, Settings.load().may_choose_diarizer) == (True, True)


@pytest.mark.parametrize("name", OWN)
def test_mark_of_what_nobody_has_set_is_that_of_the_defaults(alice_client: Client, alice: User, name: str):
    mark = _mark(alice_client.get("/settings/").text, name)
    UserDefaults.objects.create(user=alice)
    assert _mark(alice_client.get("/settings/").text, name) == mark


def test_models_of_the_server_and_of_the_installation_are_named(alice_client: Client, carol_client: Client):
    assert "As the server was started: base (faster-whisper)" in carol_client.get("/settings/installation/").text
    Settings.objects.update(default_engine="whisper", default_model="tiny.en", may_choose_model=True)
    assert "As the installation has it: tiny.en (whisper)" in alice_client.get("/settings/").text


def test_people_have_their_own(alice_client: Client, bob_client: Client, alice: User, bob: User):
    alice_client.post("/settings/appearance/", GOOD["appearance"])
    bob_client.post("/settings/appearance/", {"theme": "light"})
    assert {each.user_id: each.theme for each in UserDefaults.objects.all()} == {alice.pk: "dark", bob.pk: "light"}


def test_model_is_not_offered_to_who_may_not_choose_it(alice_client: Client, carol_client: Client):
    Settings.load()
    Settings.objects.update(may_choose_model=False)
    assert 'name="model"' not in alice_client.get("/settings/").text
    assert 'name="model"' in carol_client.get("/settings/").text
    alice_client.post("/settings/transcription/", GOOD["transcription"])
    assert UserDefaults.objects.get().model == ""


def test_section_that_is_none_is_not_found(carol_client: Client):
    assert carol_client.post("/settings/everything/", {}).status_code == 404


def test_page_of_settings_costs_few_queries(alice_client: Client, django_assert_max_num_queries):
    Settings.load()
    with django_assert_max_num_queries(14):
        alice_client.get("/settings/")


@pytest.mark.parametrize("days", ["36501", "999999", "99999999999"])
def test_days_beyond_a_century_are_refused_beside_the_field(carol_client, days):
    response = carol_client.post(
        "/settings/keeping/", {"upload_limit_megabytes": "1", "keep_media_days": "0", "keep_days": days}
    )
    assert response.status_code == 422
    assert "36500" in response.text.replace(",", "")


def test_days_of_media_are_not_measured_by_days_that_cannot_be(carol_client: Client):
    sent = {"upload_limit_megabytes": "1", "keep_media_days": "99999", "keep_days": "40000"}
    response = carol_client.post("/settings/keeping/", sent)
    assert (response.status_code, response.text.count("36500"), "Set at most 40000" in response.text) == (422, 2, False)


def test_new_name_of_the_installation_is_at_the_head_and_in_the_title_at_once(carol_client: Client):
    text = carol_client.post("/settings/site/", {"site_name": "Moon & Co"}, headers=_target("site")).text
    assert "<title>Installation · Settings · Moon &amp; Co</title>" in text
    assert '<span id="site-name" hx-swap-oob="true">Moon &amp; Co</span>' in text
    page = carol_client.get("/settings/installation/").text
    assert "<title>Installation · Settings · Moon &amp; Co</title>" in " ".join(page.split())
    assert '<span id="site-name">Moon &amp; Co</span>' in page
    other = carol_client.post("/settings/queue/", GOOD["queue"], headers=_target("queue")).text
    assert "<title>" not in other
    assert "site-name" not in other


@pytest.mark.parametrize(("name", "data"), BAD)
def test_reset_is_not_offered_for_what_was_typed_and_refused(carol_client: Client, name: str, data: dict[str, str]):
    response = carol_client.post(f"/settings/{name}/", data, headers=_target(name))
    assert response.status_code == 422
    assert f'id="reset-{name}"' not in response.text


@pytest.mark.parametrize(("identify", "word"), [(True, "yes"), (False, "no")])
def test_own_settings_name_whether_the_installation_identifies_speakers(
    alice_client: Client, identify: bool, word: str
):
    Settings.load()
    Settings.objects.update(identify_speakers=identify)
    text = alice_client.get("/settings/").text
    assert f">As the installation has it: {word}</option>" in text
    assert "switched off for the installation" not in text


def test_own_settings_say_where_no_speakers_are_identified(alice_client: Client):
    Settings.load()
    Settings.objects.update(diarization=False, identify_speakers=True)
    text = alice_client.get("/settings/").text
    assert ">As the installation has it: no</option>" in text
    assert text.count("Identifying speakers is switched off for the installation") == 2
