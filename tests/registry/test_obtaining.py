"""Where weights can be had: what no source has that is allowed is offered for a download nowhere, and everybody says what helps."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings as DjangoSettings

from preferences.models import Settings
from registry import availability, decisions, diarizers, fetching, obtaining, resolver, works
from registry.models import SpeechModel, Work
from registry.standing import standings
from registry.viability import NO_TASK
from speech.weights import COMMUNITY, SEGMENTATION
from tests.conftest import PutWeights
from tests.registry.test_admin import MODELS, act, press, shown, words
from tests.speech.weights.test_by_hand import lay

pytestmark = pytest.mark.django_db

SMALL = (
    "No source that is allowed here has small: bring the folder faster-whisper/small by hand into the weights folder and rescan, "
    "or allow the publisher in SELENITE_WEIGHTS_SOURCES (see docs/weights.md)."
)


@pytest.fixture(autouse=True)
def index_only(settings: DjangoSettings) -> None:
    settings.WEIGHTS_SOURCES = ["index"]


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def row(key: str, store: str = "faster-whisper") -> SpeechModel:
    return SpeechModel.objects.get(store=store, key=key)


@pytest.mark.parametrize(
    ("sources", "there"),
    [
        (["publisher"], {"base", "small", "pyannote-community-1", "ge2e"}),
        (["index"], {"base", "ge2e"}),
        (["index", "publisher"], {"base", "small", "pyannote-community-1", "ge2e"}),
        ([], set()),
        (["elsewhere"], set()),
    ],
)
def test_reach_follows_from_the_sources(settings: DjangoSettings, sources: list[str], there: set[str]):
    settings.WEIGHTS_SOURCES = sources
    rows = SpeechModel.objects.filter(key__in=("base", "small", COMMUNITY, "ge2e")).exclude(store="whisper")
    assert {one.key for one in rows if obtaining.is_within_reach(one)} == there


def test_checkpoint_is_rebuilt_from_what_can_be_had_or_is_there(put_weights: PutWeights):
    assert obtaining.is_within_reach(row("base", "whisper"))
    assert not obtaining.is_within_reach(row("small", "whisper"))
    put_weights("faster-whisper", "small")
    assert obtaining.is_within_reach(row("small", "whisper"))


def test_weights_brought_by_hand_are_out_of_reach():
    small = row("base")
    small.install_path = "/elsewhere"
    assert not obtaining.is_within_reach(small)


def test_list_offers_no_install_and_says_what_helps(admin: Client):
    small, base = row("small"), row("base")
    assert [standing.actions for standing in standings([small, base])] == [[], [("install", "Install")]]
    text = shown(admin, MODELS)
    assert f"/{small.pk}/ask/install/" not in text
    assert f"/{base.pk}/ask/install/" in text
    assert f"Not installed No allowed source {SMALL}" in words(text)
    assert SMALL in words(shown(admin, f"{MODELS}{small.pk}/change/"))


def test_broken_weights_say_what_is_wrong_and_what_helps(admin: Client, weights_folder: Path):
    lay(weights_folder / "faster-whisper" / "small")
    SpeechModel.objects.filter(key="small").update(status="broken", status_detail="One byte is wrong.")
    small = row("small")
    text = words(shown(admin, f"{MODELS}{small.pk}/standing/"))
    assert f"Broken One byte is wrong. No allowed source {SMALL}" in text
    assert standings([small])[0].actions == [("verify", "Verify")]


def test_pressing_on_an_old_page_is_refused_with_the_same_sentence(admin: Client):
    small = row("small")
    assert SMALL in words(press(admin, small, "install"))
    assert act(admin, "install", small) == [f"faster-whisper/small was not installed. {SMALL}"]
    assert not Work.objects.exists()
    with pytest.raises(works.Refused, match="No source that is allowed here has small"):
        works.ask(small, Work.Kind.INSTALL)


def test_availability_has_the_same_fix():
    found = availability.current()
    fixes = {(model.engine, model.key): model.fix for model in found.models}
    assert fixes["faster-whisper", "small"] == SMALL
    assert fixes["faster-whisper", "base"] == "Run: .venv/bin/python manage.py weights install base"
    assert [engine.fix for engine in found.engines] == [
        "Run: .venv/bin/python manage.py weights install base",
        "Run: .venv/bin/python manage.py weights install base --engine whisper",
    ]


def test_who_is_no_administrator_is_not_told_how(alice_client: Client):
    assert "SELENITE_WEIGHTS_SOURCES" not in alice_client.get("/availability").text


def test_first_model_is_one_that_can_be_had():
    Settings.objects.update_or_create(pk=1, defaults={"default_model": "small"})
    with pytest.raises(resolver.NothingRunnable) as refusal:
        resolver.resolve()
    assert str(refusal.value) == "No speech model is installed. Run: .venv/bin/python manage.py weights install base"


def test_nothing_is_offered_for_a_download_without_a_source(
    settings: DjangoSettings, carol_client: Client, carol: User
):
    settings.WEIGHTS_SOURCES = []
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    with pytest.raises(resolver.NothingRunnable, match="No source that is allowed here has base: bring the folder"):
        resolver.resolve()
    with pytest.raises(resolver.NothingRunnable, match="has pyannote-segmentation and ge2e: bring the folder"):
        diarizers.resolve_diarizer()
    assert not re.search(r"Run: |weights install", " ".join(model.fix for model in availability.current().models))
    assert "Install a model" not in carol_client.get("/system/info").text
    assert "ask/install/" not in carol_client.get(MODELS).text
    checks = carol_client.get("/system/checks").text
    assert "No source that is allowed here has base" in checks
    assert "weights install" not in checks


def test_diarizer_says_which_weights_are_to_be_brought(settings: DjangoSettings):
    settings.WEIGHTS_SOURCES = []
    found = diarizers.diarizers()[0]
    assert found.fix.startswith(
        f"No source that is allowed here has {SEGMENTATION} and ge2e: bring the folder diarization/{SEGMENTATION} and the "
        "folder diarization/ge2e by hand"
    )


def test_job_waits_for_nothing_that_cannot_be_had(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    Settings.objects.update_or_create(pk=1, defaults={"fetch_weights": True})
    assert fetching.missing_model("faster-whisper", "small", NO_TASK, by_staff=True) is None
    assert fetching.missing_model("faster-whisper", "tiny.en", NO_TASK, by_staff=True) == row("tiny.en")


def test_machine_page_proposes_what_can_be_had_first(put_weights: PutWeights, carol_client: Client, carol: User):
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    put_weights("faster-whisper", "tiny")
    SpeechModel.objects.filter(store="faster-whisper").update(status="absent")
    decisions.scan.refresh(row("tiny"))
    text = carol_client.get("/system/info").text
    assert "Install base…" in text
    put_weights("faster-whisper", "base")
    cache.clear()  # The notice on the missing default stays for some seconds.
    text = carol_client.get("/system/info").text
    assert re.search(r"The model (\S+) makes fewer mistakes and would be quick enough too", text)
    assert "No source that is allowed here has" in text
    assert not re.search(r"Install \S+…|weights install", text)


def test_gated_weights_say_beforehand_that_they_need_a_token(settings: DjangoSettings, monkeypatch: pytest.MonkeyPatch):
    settings.WEIGHTS_SOURCES = ["publisher"]
    monkeypatch.delenv("HF_TOKEN", raising=False)
    community = row(COMMUNITY, "diarization")
    [standing] = standings([community])
    assert standing.condition.startswith("Given for a token only: accept the terms at https://huggingface.co/pyannote/")
    assert standing.actions == [("install", "Install")]  # The worker may have one.
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert standings([community])[0].condition == ""


def test_message_does_not_write_a_name_with_a_capital(admin: Client):
    data = {"action": "make_default", "_selected_action": [row("small").pk]}
    text = admin.post(MODELS, data, follow=True).text
    assert "faster-whisper/small is not installed. No source" in text
    assert "Faster-whisper/small" not in text
