"""What jobs get for which nobody chooses a model, and that every page and command says the same of it."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from preferences.models import Settings
from registry import automatic, decisions, scan
from registry import known as tables
from registry.models import SpeechModel, Work
from sysinfo import doctor, health
from sysinfo.health import State
from tests.conftest import PutWeights
from transcripts import alarms

FASTER, WHISPER = ("faster-whisper", "base"), ("whisper", "base")
MISSING = "Model base is not installed for faster-whisper."
INSTEAD = "Jobs for which nobody chooses a model get base (whisper) instead."
RUN = "Run: .venv/bin/python manage.py weights install base"
IN_SETTINGS = '<a href="/settings/speech/">Choose the default model</a>'


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have room on the disk, whatever there is."""
    monkeypatch.setattr("registry.works.lack_of_room", lambda *arguments: "")


@pytest.fixture
def fetches(put_weights: PutWeights) -> None:
    """Have the default missing and whisper's there, where jobs fetch what they need."""
    put_weights(*WHISPER)
    Settings.objects.update_or_create(pk=1, defaults={"fetch_weights": True})


@pytest.fixture
def admin(carol: User, carol_client: Client) -> Client:
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    return carol_client


def _found() -> automatic.Automatic:
    return automatic.find(tables.load())


def _row(pair: tuple[str, str] = FASTER) -> SpeechModel:
    return SpeechModel.objects.get(store=pair[0], key=pair[1])


def _download(**fields: object) -> Work:
    return Work.objects.create(model=_row(), kind=Work.Kind.INSTALL, **fields)


def _alarm() -> alarms.Alarm | None:
    cache.clear()
    return next((alarm for alarm in alarms.current() if alarm.name == "weights"), None)


def _checks() -> dict[str, tuple[State, str, str]]:
    cache.clear()
    told = [check for check in doctor.examine() if check.name in ("weights", "model")]
    return {check.name: (check.state, check.sentence, check.remedy) for check in told}


def _healthz(client: Client) -> tuple[str, str]:
    cache.clear()
    found = client.get("/healthz").json()
    return found["checks"]["weights"], health.current()[-1].state


def _offers(client: Client) -> dict[tuple[str, str], dict[str, object]]:
    found = client.get("/availability", headers={"Accept": "application/json"}).json()["models"]
    return {(model["engine"], model["key"]): model for model in found}


def _rows(client: Client, address: str) -> list[str]:
    """Return the rows of a page of offers or of a list in the administration, in words."""
    parts = re.findall(r'<li class="offer.*?</li>|<tr>.*?</tr>', client.get(address).text, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", part).split()) for part in parts]


def test_default_that_can_run_is_what_jobs_get(put_weights: PutWeights):
    put_weights(*FASTER)
    assert _found() == automatic.Automatic(taken=FASTER)


def test_missing_default_is_replaced_where_nobody_fetches_it(put_weights: PutWeights):
    put_weights(*WHISPER)
    found = _found()
    assert (found.taken, found.is_worry) == (WHISPER, True)
    assert (found.consequence, found.remedy) == (INSTEAD, RUN)


def test_lists_say_that_jobs_wait_where_no_model_is_left(admin: Client, weights_folder: Path):
    left = "No model is left: jobs wait until one is installed or enabled."
    assert (_found().taken, _found().consequence) == (None, left)
    told = {page: _rows(admin, f"/admin/registry/{page}/") for page in ("speechmodel", "provider")}
    assert {page: [left in row for row in rows if "Default" in row] for page, rows in told.items()} == {
        "speechmodel": [True],
        "provider": [True],
    }
    assert f"base faster-whisper {MISSING} {left} {RUN}" in _rows(admin, "/availability")


@pytest.mark.usefixtures("fetches")
def test_missing_default_is_what_jobs_get_that_fetch_it():
    found = _found()
    assert (found.taken, found.is_fetched, found.is_worry) == (FASTER, True, False)
    assert (found.consequence, found.remedy) == (automatic.FETCHED, "")


@pytest.mark.usefixtures("fetches")
def test_default_that_could_not_be_downloaded_is_a_worry():
    _download(state=Work.State.FAILED, message="The publisher could not be reached.")
    found = _found()
    assert (found.taken, found.is_worry) == (FASTER, True)
    assert found.consequence.startswith("It could not be downloaded: The publisher could not be reached. The next job")
    assert found.remedy == RUN


@pytest.mark.usefixtures("fetches")
def test_default_for_which_there_is_no_room_is_a_worry(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("registry.works.lack_of_room", lambda *arguments: "There is too little room.")
    assert _found().consequence.startswith("It could not be downloaded: There is too little room.")


@pytest.mark.usefixtures("fetches")
def test_default_that_could_not_run_is_not_fetched():
    SpeechModel.objects.filter(pk=_row().pk).update(enabled=False)
    assert (_found().taken, _found().is_fetched, _found().consequence) == (WHISPER, False, INSTEAD)


def test_default_under_way_is_told_with_what_jobs_get_until_then(put_weights: PutWeights):
    _download(state=Work.State.RUNNING, done_bytes=30, total_bytes=200)
    waits = "It is being installed: 15 %. Jobs for which nobody chooses a model wait for it."
    assert (_found().taken, _found().nothing) == (None, f"{MISSING} {waits}")
    put_weights(*WHISPER)
    assert (_found().taken, _found().remedy) == (WHISPER, "")
    assert _found().consequence == f"It is being installed: 15 %. {INSTEAD}"
    Settings.objects.update_or_create(pk=1, defaults={"fetch_weights": True})
    assert (_found().taken, _found().consequence) == (FASTER, waits)


@pytest.mark.usefixtures("fetches")
def test_all_say_that_the_next_job_downloads_the_default(admin: Client):
    alarm = _alarm()
    assert alarm is not None
    assert (alarm.sentence, alarm.remedy, alarm.is_notice) == (f"{MISSING} {automatic.FETCHED}", "", True)
    assert _healthz(admin) == ("ok", State.NOTICE)
    assert _checks() == {
        "weights": (State.NOTICE, alarm.sentence, ""),
        "model": (State.NOTICE, f"Jobs are transcribed with faster-whisper, base. {automatic.FETCHED}", ""),
    }
    default = _offers(admin)[FASTER]
    assert (default["is_automatic"], default["fix"], default["note"]) == (True, "", automatic.FETCHED)
    assert f"base faster-whisper {MISSING} {automatic.FETCHED}" in _rows(admin, "/availability")
    assert "Automatic takes base with faster-whisper, which is downloaded first." in admin.get("/upload/").text
    assert [automatic.FETCHED in row for row in _rows(admin, "/admin/registry/speechmodel/") if "Default" in row] == [
        True
    ]


@pytest.mark.usefixtures("fetches")
def test_row_says_what_becomes_of_jobs_once_nothing_is_done_with_it(admin: Client, put_weights: PutWeights):
    address = f"/admin/registry/speechmodel/{_row().pk}/"
    told = automatic.FETCHED
    assert (told in admin.get(f"{address}change/").text, told in admin.get(f"{address}standing/").text) == (True, True)
    work = _download(state=Work.State.QUEUED)
    assert not any(told in row for row in _rows(admin, "/admin/registry/speechmodel/"))
    assert told not in admin.get(f"{address}standing/").text
    Work.objects.filter(pk=work.pk).update(state=Work.State.FAILED, message="There was no answer.")
    assert "It could not be downloaded: There was no answer." in admin.get(f"{address}standing/").text
    put_weights(*FASTER)
    assert "nobody chooses" not in admin.get(f"{address}standing/").text


@pytest.mark.usefixtures("fetches")
@pytest.mark.parametrize("page", ["/", "/availability", "/system/checks", "/upload/"])
def test_no_page_says_that_something_else_is_used_where_the_default_is_fetched(admin: Client, page: str):
    _download(state=Work.State.RUNNING, done_bytes=30, total_bytes=200)
    cache.clear()
    text = admin.get(page).text
    assert "It is being installed: 15 %." in text
    assert not re.search("whisper\\) instead|Run: .venv/bin/python manage.py weights install base(?!\\.|\\w| --)", text)


def test_default_that_is_gone_is_told_with_where_to_choose_another(admin: Client, put_weights: PutWeights):
    put_weights(*WHISPER)
    Settings.objects.update_or_create(pk=1, defaults={"default_engine": "faster-whisper", "default_model": "mytiny"})
    gone = "There is no model “mytiny” for faster-whisper."
    alarm = _alarm()
    assert alarm is not None
    assert (alarm.sentence, alarm.remedy) == (f"{gone} {INSTEAD}", automatic.CHOOSE_ANOTHER)
    assert not alarm.is_notice
    assert _healthz(admin) == ("degraded", State.DEGRADED)
    sentence = f"Jobs are transcribed with whisper, base. {gone}"
    assert _checks()["model"] == (State.NOTICE, sentence, automatic.CHOOSE_ANOTHER)
    assert IN_SETTINGS in admin.get("/").text
    assert admin.get("/system/checks").text.count(IN_SETTINGS) == 3  # The alarm, the weights and the model.
    assert admin.get("/settings/speech/").headers["Location"] == "/settings/installation/#settings-speech"
    assert any("base whisper Can run, and is what jobs get" in row for row in _rows(admin, "/availability"))


def test_disabled_default_says_what_jobs_get(admin: Client, put_weights: PutWeights):
    put_weights(*FASTER)
    put_weights(*WHISPER)
    scan.refresh()
    decisions.disable(SpeechModel.objects.filter(pk=_row().pk), reason="Kept for the night.")
    assert _alarm() is None
    offers = _offers(admin)
    assert [pair for pair, offer in offers.items() if offer["is_automatic"]] == [WHISPER]
    assert (offers[FASTER]["is_default"], offers[FASTER]["note"]) == (True, INSTEAD)
    rows = _rows(admin, "/availability")
    assert "base whisper Can run, and is what jobs get" in rows
    assert any(row.endswith(f"Kept for the night. {INSTEAD} Enable it in the administration.") for row in rows)
    models = _rows(admin, "/admin/registry/speechmodel/")
    assert [INSTEAD in row for row in models if "Default" in row] == [True]
    assert ["whisper" in row for row in models if "Used instead" in row] == [True]
    engines = _rows(admin, "/admin/registry/provider/")
    assert [INSTEAD in row for row in engines if "Default" in row] == [True]
    assert sum("Used instead" in row for row in engines) == 1


@pytest.mark.parametrize("is_broken", [True, False])
def test_missing_or_broken_default_is_not_folded_away(admin: Client, put_weights: PutWeights, is_broken: bool):
    put_weights(*WHISPER)
    scan.refresh()
    if is_broken:
        SpeechModel.objects.filter(pk=_row().pk).update(status=SpeechModel.Status.BROKEN, status_detail="Cut short.")
    text = admin.get("/availability").text
    assert 0 < text.index(INSTEAD, text.index("Speech models</h2>")) < text.index("not installed</summary>")
    assert "and is what jobs get" in text


def test_removed_default_comes_back_only_where_it_is_fetched(put_weights: PutWeights):
    for pair in (FASTER, WHISPER):
        put_weights(*pair)
    Settings.objects.update_or_create(pk=1, defaults={"fetch_weights": True})
    assert decisions.consequence_of_removal([_row()]) == decisions.COMES_BACK
    SpeechModel.objects.filter(pk=_row().pk).update(enabled=False)
    assert decisions.consequence_of_removal([_row()]) == ""
