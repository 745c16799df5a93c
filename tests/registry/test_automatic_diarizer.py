"""What tells speakers apart where nobody chooses, and that every page says the same of it."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from preferences.models import Settings
from registry import decisions, fetching, scan
from registry.models import Provider, SpeechModel, Work
from sysinfo import doctor
from sysinfo.health import State
from tests.conftest import PutWeights

LACKING = "The weights pyannote-segmentation of pyannote are not installed."
FETCHED = "The next job that identifies speakers downloads them."
RUN = "Run: .venv/bin/python manage.py weights install pyannote-segmentation"
UNDER_WAY = "The weights pyannote-segmentation are being installed: 15 %. Jobs that identify speakers wait for them."


@pytest.fixture(autouse=True)
def fetches(put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have vad's weights there and pyannote's missing, where jobs fetch what they need and there is room."""
    monkeypatch.setattr("registry.works.lack_of_room", lambda *arguments: "")
    put_weights("faster-whisper", "base")
    put_weights("diarization", "ge2e")
    Settings.objects.update_or_create(pk=1, defaults={"fetch_weights": True})


@pytest.fixture
def admin(carol: User, carol_client: Client) -> Client:
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    return carol_client


def _download(**fields: object) -> Work:
    row = SpeechModel.objects.get(key="pyannote-segmentation")
    return Work.objects.create(model=row, kind=Work.Kind.INSTALL, **fields)


def _check() -> tuple[State, str, str]:
    cache.clear()
    found = next(check for check in doctor.examine() if check.name == "speakers")
    return found.state, found.sentence, found.remedy


def _offer(client: Client) -> tuple[str, str, str, str]:
    """Return what jobs get, and what is said of pyannote."""
    found = client.get("/availability", headers={"Accept": "application/json"}).json()
    offer = next(offer for offer in found["diarizers"] if offer["key"] == "pyannote")
    return found["automatic"]["diarizer"], offer["reason"], offer["fix"], offer["note"]


def _said(client: Client, address: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", client.get(address).text).split())


def test_all_say_that_the_next_job_downloads_what_tells_speakers_apart(carol_client: Client):
    sentence = f"They are told apart by pyannote. {LACKING} {FETCHED}"
    assert _check() == (State.NOTICE, sentence, "")
    assert _offer(carol_client) == ("pyannote", LACKING, "", FETCHED)
    assert f"pyannote {LACKING} {FETCHED}" in _said(carol_client, "/availability")
    assert "Automatic takes pyannote, which is downloaded first." in _said(carol_client, "/upload/")


def test_all_say_how_far_the_download_is(carol_client: Client):
    _download(state=Work.State.RUNNING, done_bytes=30, total_bytes=200)
    assert _check() == (State.NOTICE, f"They are told apart by pyannote. {LACKING} {UNDER_WAY}", "")
    assert _offer(carol_client) == ("pyannote", LACKING, "", UNDER_WAY)


def test_all_say_that_the_download_failed(carol_client: Client):
    _download(state=Work.State.FAILED, message="There was no answer.")
    told = (
        "The weights pyannote-segmentation could not be installed: There was no answer. "
        "The next job that identifies speakers tries again."
    )
    assert _check() == (State.NOTICE, f"They are told apart by pyannote. {LACKING} {told}", RUN)
    assert _offer(carol_client) == ("pyannote", LACKING, RUN, told)


def test_nothing_is_said_of_a_download_where_jobs_fetch_nothing(carol_client: Client):
    Settings.objects.update(fetch_weights=False)
    assert _check() == (State.OK, "They are told apart by vad.", "")
    assert _offer(carol_client) == ("vad", LACKING, RUN, "")
    assert "Automatic takes vad." in _said(carol_client, "/upload/")


def test_form_does_not_say_that_nothing_can_where_weights_are_fetched(alice_client: Client, weights_folder):
    (weights_folder / "diarization" / "ge2e" / "ge2e.pt").unlink()
    text = _said(alice_client, "/upload/")
    assert "Automatic takes pyannote, which is downloaded first." in text
    assert "cannot be told apart" not in text


@pytest.mark.parametrize("table", [Provider, SpeechModel])
def test_disabled_diarizer_or_weights_are_not_fetched(carol_client: Client, table: type):
    key = "pyannote" if table is Provider else "pyannote-segmentation"
    table.objects.filter(key=key).update(enabled=False)
    assert _check() == (State.OK, "They are told apart by vad.", "")
    assert _offer(carol_client)[0] == "vad"


def test_what_is_kept_for_administrators_is_not_fetched_for_others(alice: User):
    Provider.objects.filter(key="pyannote").update(for_people=False)
    assert fetching.missing_of_diarizer("", by_staff=False) == ("", [])


def test_the_next_is_fetched_where_the_first_is_out_of_reach(weights_folder, monkeypatch: pytest.MonkeyPatch):
    (weights_folder / "diarization" / "ge2e" / "ge2e.pt").unlink()
    monkeypatch.setattr("registry.obtaining.is_within_reach", lambda row: row.key == "ge2e")
    name, rows = fetching.missing_of_diarizer("", by_staff=True)
    assert (name, [row.key for row in rows]) == ("vad", ["ge2e"])


def test_list_of_diarizers_says_what_is_downloaded(admin: Client):
    assert f"pyannote {FETCHED}" in _said(admin, "/admin/registry/provider/")


def test_question_says_that_removed_weights_come_back(put_weights: PutWeights):
    put_weights("diarization", "pyannote-segmentation")
    scan.refresh()
    removed = SpeechModel.objects.filter(key="pyannote-segmentation")
    assert decisions.consequence_of_removal(removed) == decisions.SPEAKERS_COME_BACK
    Settings.objects.update(fetch_weights=False)
    by_vad = "Speakers are told apart by vad then, where nobody chooses otherwise."
    assert decisions.consequence_of_removal(removed) == by_vad
