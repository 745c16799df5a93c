"""What a job that nothing can run is told to do: the easiest of all that would let this very job go on."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings as DjangoSettings

from preferences.models import Settings
from registry import availability, machine, scan
from registry.diarizers import resolve_diarizer
from registry.models import Provider, SpeechModel
from registry.resolver import NothingRunnable, resolve
from registry.standing import standings
from sysinfo import health
from tests.conftest import PutWeights
from tests.registry.test_resolver import hide
from transcripts import alarms

NOTHING = "No installed speech model can serve this."
INSTALL_BASE = "Run: .venv/bin/python manage.py weights install base"
DAMAGE = "faster-whisper/base is damaged: model.bin is not what was installed"
BROKEN = f"Model base (faster-whisper) is broken: {DAMAGE}."


@pytest.fixture(autouse=True)
def index_only(settings: DjangoSettings) -> None:
    """Have base and tiny.en within reach, and nothing else that transcribes."""
    settings.WEIGHTS_SOURCES = ["index"]


@pytest.fixture
def own(db: None) -> SpeechModel:
    """A model of somebody's own that knows English only and is the default. Its folder is gone."""
    provider = Provider.objects.get(key="faster-whisper")
    row = SpeechModel.objects.create(
        provider=provider, store="faster-whisper", key="my-own", name="my-own", languages="en"
    )
    Settings.objects.update_or_create(pk=1, defaults={"default_model": "my-own"})
    return row


def disable(**which: str) -> None:
    SpeechModel.objects.filter(**which).update(enabled=False)


def damage(*names: str) -> None:
    """Have it known that files are not what they were: they do not count as installed then."""
    SpeechModel.objects.filter(store="faster-whisper", key__in=names).update(
        status=SpeechModel.Status.BROKEN, status_detail=f"{DAMAGE}."
    )


def told(**asked: object) -> str:
    with pytest.raises(NothingRunnable) as refusal:
        resolve(**asked)
    return str(refusal.value)


def test_what_is_disabled_is_enabled_where_nothing_else_knows_the_language(put_weights: PutWeights, own: SpeechModel):
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "tiny.en")
    disable(store="faster-whisper", key="base")

    assert told(language="fr") == (
        f"{NOTHING} Model my-own knows English only. Model base (faster-whisper) is disabled. Enable base in the administration."
    )


def test_what_is_installed_or_cannot_do_it_is_never_to_be_installed(put_weights: PutWeights, own: SpeechModel):
    put_weights("faster-whisper", "tiny.en")

    assert told(language="fr") == f"{NOTHING} Model my-own knows English only. {INSTALL_BASE}"
    assert told(model="tiny.en", task="translate") == f"{NOTHING} Model tiny.en cannot translate. {INSTALL_BASE}"


def test_engine_is_enabled_that_was_disabled(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    Provider.objects.filter(key="faster-whisper").update(enabled=False)

    assert told() == f"{NOTHING} faster-whisper is disabled. Enable it in the administration."
    assert told(engine="whisper") == (
        f"{NOTHING} Model base is not installed for whisper. faster-whisper is disabled. "
        "Enable faster-whisper in the administration."
    )


def test_every_engine_is_told_of_where_none_may_run(put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch):
    put_weights("faster-whisper", "base")
    Provider.objects.filter(key="faster-whisper").update(enabled=False, disabled_reason="Maintenance.")
    Provider.objects.filter(key="whisper").update(enabled=False)
    enable = "Enable faster-whisper in the administration."
    assert told() == f"{NOTHING} faster-whisper is disabled: Maintenance. whisper is disabled. {enable}"

    Provider.objects.filter(key="whisper").update(enabled=True)
    hide(monkeypatch, "whisper")
    assert told(engine="whisper") == (
        f"{NOTHING} faster-whisper is disabled: Maintenance. whisper is not installed. {enable}"
    )
    [alarm] = [alarm for alarm in alarms.current() if alarm.name == "weights"]
    assert alarm.sentence == told()


def test_both_are_enabled_where_both_are_disabled(put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    disable(store="faster-whisper", key="base")
    Provider.objects.filter(key="faster-whisper").update(enabled=False)

    assert told().endswith("Enable faster-whisper in the administration. Enable base in the administration.")


def test_what_is_broken_and_can_be_had_goes_before_what_must_be_brought(put_weights: PutWeights):
    put_weights("faster-whisper", "tiny.en")
    damage("base")

    assert told(model="small", language="de") == (
        f"{NOTHING} Model small is not installed for faster-whisper. {BROKEN} {INSTALL_BASE}"
    )


def test_what_is_broken_goes_before_what_was_never_there(put_weights: PutWeights, settings: DjangoSettings):
    settings.WEIGHTS_SOURCES = ["publisher"]
    damage("small")

    assert told().endswith("Run: .venv/bin/python manage.py weights install small")


def test_what_is_brought_by_hand_is_the_last_way(settings: DjangoSettings, put_weights: PutWeights):
    settings.WEIGHTS_SOURCES = []
    put_weights("faster-whisper", "tiny.en")

    assert told(language="de").startswith(
        f"{NOTHING} Model base is not installed for faster-whisper. No source that is allowed here has base: bring the folder"
    )


@pytest.mark.parametrize(
    ("path", "place"), [("", "the folder faster-whisper/my-own"), ("/srv/my-own", "…/my-own")], ids=["own", "given"]
)
def test_weights_of_ones_own_have_no_publisher(own: SpeechModel, path: str, place: str):
    SpeechModel.objects.filter(pk=own.pk).update(install_path=path)

    [offer] = [model for model in availability.current().models if model.key == "my-own"]

    bring, remove = f"Bring {place} back and rescan, ", "or remove my-own from the list in the administration."
    assert offer.fix == f"{bring}or choose another default, {remove}"
    Settings.objects.update(default_model="base")
    [offer] = [model for model in availability.current().models if model.key == "my-own"]
    assert offer.fix == f"{bring}{remove}"
    own.refresh_from_db()
    assert standings([own])[0].condition == offer.fix


def test_broken_weights_of_ones_own_are_replaced_where_they_lie(own: SpeechModel, weights_folder: Path):
    (weights_folder / "faster-whisper" / "my-own").mkdir(parents=True)
    (weights_folder / "faster-whisper" / "my-own" / "model.bin").write_bytes(b"noise")
    SpeechModel.objects.filter(pk=own.pk).update(status=SpeechModel.Status.BROKEN, status_detail="It is noise.")
    Settings.objects.update(default_model="base")

    [offer] = [model for model in availability.current().models if model.key == "my-own"]

    assert (offer.reason, offer.fix) == (
        "Model my-own (faster-whisper) is broken: It is noise.",
        "Replace the folder faster-whisper/my-own by a good copy and rescan, or remove my-own in the administration.",
    )
    own.refresh_from_db()
    assert standings([own])[0].condition == offer.fix


def test_weights_of_ones_own_are_brought_back_where_nothing_can_be_had(own: SpeechModel, settings: DjangoSettings):
    settings.WEIGHTS_SOURCES = []
    assert told(language="en").startswith("No speech model is installed. Bring the folder faster-whisper/my-own back")


def test_what_needs_too_much_memory_is_no_way(monkeypatch: pytest.MonkeyPatch, put_weights: PutWeights):
    put_weights("faster-whisper", "large-v3")
    disable(key="large-v3")
    monkeypatch.setattr(machine, "memory_bytes", lambda: 4_000_000_000)

    assert told().endswith(INSTALL_BASE)


def test_person_without_the_right_is_told_of_what_they_would_get(put_weights: PutWeights, settings: DjangoSettings):
    put_weights("faster-whisper", "tiny")
    SpeechModel.objects.filter(key="tiny").update(for_people=False, enabled=False)
    assert told(by_staff=False).endswith(INSTALL_BASE)
    assert told().endswith("Model tiny (faster-whisper) is disabled. Enable tiny in the administration.")

    settings.WEIGHTS_SOURCES = []
    SpeechModel.objects.filter(key="tiny").update(enabled=True)
    assert told(by_staff=False).endswith("Let people choose tiny in the administration.")


def test_only_model_that_is_damaged_is_called_so_everywhere(
    put_weights: PutWeights, carol_client: Client, carol: User, make_job, weights_folder: Path
):
    """As where one byte was changed: the manifest is gone, and the registry knows why."""
    (put_weights("faster-whisper", "base") / "manifest.json").unlink()
    damage("base")
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    scan.refresh()
    sentence = f"{NOTHING} {BROKEN}"

    assert told() == f"{sentence} {INSTALL_BASE}"
    [alarm] = [alarm for alarm in alarms.current() if alarm.name == "weights"]
    assert (alarm.sentence, alarm.remedy) == (sentence, INSTALL_BASE)
    [check] = [check for check in health.look() if check.name == "weights"]
    assert (check.sentence, check.remedy) == (sentence, INSTALL_BASE)
    for page in ("/", "/queue/", "/upload/", "/system/checks", "/availability"):
        text = carol_client.get(page, follow=True).text
        assert DAMAGE in text, page
        assert "No speech model is installed" not in text, page


def test_speakers_are_enabled_where_somebody_disabled_them(put_weights: PutWeights):
    put_weights("diarization", "ge2e")
    put_weights("diarization", "pyannote-segmentation")
    Provider.objects.filter(kind=Provider.Kind.DIARIZER).update(enabled=False)
    with pytest.raises(NothingRunnable, match=r"\. Enable pyannote in the administration\.$"):
        resolve_diarizer()


@pytest.mark.parametrize(
    ("there", "disabled", "fix"),
    [
        (("ge2e",), ("ge2e",), "Enable ge2e in the administration."),
        (("pyannote-community-1",), ("pyannote-community-1",), "Enable pyannote-community-1 in the administration."),
        ((), ("ge2e",), "Enable ge2e in the administration. Run: .venv/bin/python manage.py weights install ge2e"),
    ],
    ids=["of vad", "better ones", "and absent"],
)
def test_weights_of_a_diarizer_are_enabled(put_weights: PutWeights, there, disabled, fix: str):
    for key in there:
        put_weights("diarization", key)
    disable(store="diarization", key__in=disabled)
    Provider.objects.filter(key="pyannote").update(enabled="pyannote" in fix)
    with pytest.raises(NothingRunnable, match=f"{re.escape(fix)}$"):
        resolve_diarizer()


def test_what_lies_there_broken_is_no_way_out_where_memory_was_short(
    put_weights: PutWeights, own: SpeechModel, settings: DjangoSettings
):
    settings.WEIGHTS_SOURCES = []
    put_weights("faster-whisper", "base")
    put_weights("whisper", "base")  # Else it could be made from the other.
    scan.refresh()
    SpeechModel.objects.filter(key="my-own").update(status=SpeechModel.Status.BROKEN, languages="")
    Settings.objects.update(default_model="base")
    why = "Model base could not be loaded (faster-whisper): the engine ran out of memory"
    failed = {pair: f"Model {pair[1]} needs no less memory" for pair in SpeechModel.objects.values_list("store", "key")}
    failed = {pair: clause for pair, clause in failed.items() if pair[1] != "my-own"}

    assert told(excluded={**failed, ("faster-whisper", "base"): why}) == f"{NOTHING} {why}."
    smaller = {pair: clause for pair, clause in failed.items() if pair != ("faster-whisper", "tiny")}
    assert "has tiny: bring the folder" in told(excluded={**smaller, ("faster-whisper", "base"): why})
