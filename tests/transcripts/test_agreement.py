"""The address for programs, the upload form, the resolver (which the administration shows) and the worker agree on what can run.

An engine and a diarizer of an administrator's own stand for all: their code is that of the ones for tests.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import product
from pathlib import Path

import pytest
from django.urls import reverse

from preferences.models import Settings
from registry import diarizers, resolver
from registry.models import Provider, SpeechModel
from speech.weights.manifest import Manifest, Stored
from transcripts import lease
from transcripts.engine import EngineHost
from transcripts.models import Job
from transcripts.worker import run

pytestmark = pytest.mark.django_db

ABSENT = "nobody_has_this"
DAY = "2026-01-02T03:04:05+00:00"


@dataclass(frozen=True)
class Situation:
    """What there is, what an administrator decided, and who asks."""

    installed: bool = True
    enabled: bool = True
    library: bool = True
    for_people: bool = True
    may_choose: bool = True
    by_staff: bool = False

    def __str__(self) -> str:
        off = [
            name for name in ("installed", "enabled", "library", "for_people", "may_choose") if not getattr(self, name)
        ]
        return f"{'staff' if self.by_staff else 'person'}-{'-'.join(f'not {name}' for name in off) or 'all'}"

    @property
    def is_allowed(self) -> bool:
        return self.by_staff or (self.for_people and self.may_choose)

    @property
    def has_model(self) -> bool:
        return self.is_allowed and self.installed and self.enabled and self.library

    @property
    def has_diarizer(self) -> bool:
        """Return the same of the diarizer, which needs no weights."""
        return self.is_allowed and self.enabled and self.library


SWITCHES = ("installed", "enabled", "library", "for_people", "may_choose")
PAIRS = (("installed", "for_people"), ("enabled", "library"), ("library", "may_choose"), ("for_people", "may_choose"))
OFF: list[tuple[str, ...]] = [(), *((name,) for name in SWITCHES), *PAIRS]
SITUATIONS = [
    Situation(**dict.fromkeys(off, False), by_staff=by_staff) for off, by_staff in product(OFF, (False, True))
]


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineHost]:
    host = EngineHost()
    yield host
    host.close()


@pytest.fixture
def arrange(settings, weights_folder: Path):
    """Return a function that brings a situation about."""

    def arrange(situation: Situation) -> None:
        settings.FAKE_ENGINE, settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = True, "fake", "fake"
        current = Settings.load()
        current.may_choose_model = current.may_choose_diarizer = situation.may_choose
        current.save()
        kinds = {
            "own": (Provider.Kind.ASR, "speech.asr.fake"),
            "mine": (Provider.Kind.DIARIZER, "speech.diarization.fake"),
        }
        for key, (kind, module) in kinds.items():
            Provider.objects.create(
                key=key,
                kind=kind,
                name=key,
                module=module if situation.library else f"{ABSENT}.engine",
                enabled=situation.enabled,
                for_people=situation.for_people,
            )
        SpeechModel.objects.create(provider=Provider.objects.get(key="own"), store="own", key="model", name="model")
        if situation.installed:
            place = weights_folder / "own" / "model"
            place.mkdir(parents=True)
            (place / "model.bin").write_bytes(b"weights")
            files = (Stored("model.bin", 7, "9" * 64),)
            Manifest("own", "model", "model.bin", "9" * 64, files, "a test", DAY, DAY).write(place)

    return arrange


def _offered(page: str, name: str) -> dict[str, bool]:
    """Return the choices of a field, and whether each may be taken; none where the field is not there."""
    fields = re.findall(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    options = re.findall(r'<option value="([^"]*)"([^>]*)>', "".join(fields))
    return {unescape(value): "disabled" not in rest for value, rest in options}


def test_there_are_twenty_situations():
    assert len(set(SITUATIONS)) == 20
    assert {situation.has_model for situation in SITUATIONS} == {True, False}


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_all_agree_on_a_model(situation, arrange, alice, carol, client, make_job, engine):
    arrange(situation)
    person = carol if situation.by_staff else alice
    client.force_login(person)

    told = client.get(reverse("registry:available"), headers={"accept": "application/json"}).json()
    [offer] = [model for model in told["models"] if (model["engine"], model["key"]) == ("own", "model")]
    form = _offered(client.get(reverse("transcripts:upload")).content.decode(), "model")
    reason = resolver.hindrance(engine="own", model="model", by_staff=situation.by_staff)
    job = _run(make_job(owner=person, asked_engine="own", asked_model="model"), engine)

    is_taken = job.engine == "own"
    found = (offer["available"], form.get("own/model", False), not reason, is_taken)
    assert found == (situation.has_model,) * 4
    assert offer["reason"] == reason
    assert job.warnings == ([] if is_taken else [f"{reason.rstrip('.')}; fake (fake) was used instead."])


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_all_agree_on_a_diarizer(situation, arrange, alice, carol, client, make_job, engine):
    arrange(situation)
    person = carol if situation.by_staff else alice
    client.force_login(person)

    told = client.get(reverse("registry:available"), headers={"accept": "application/json"}).json()
    [offer] = [found for found in told["diarizers"] if found["key"] == "mine"]
    form = _offered(client.get(reverse("transcripts:upload")).content.decode(), "diarizer")
    [found] = [one for one in diarizers.diarizers(by_staff=situation.by_staff) if one.diarizer == "mine"]
    job = _run(make_job(owner=person, asked_engine="fake", asked_diarizer="mine", diarize=True), engine)

    is_taken = not job.warnings
    assert (offer["available"], form.get("mine", False), found.available, is_taken) == (situation.has_diarizer,) * 4
    assert offer["reason"] == found.reason
    assert job.warnings == ([] if is_taken else [f"{found.reason.rstrip('.')}; fake was used instead."])


def _run(job: Job, engine: EngineHost) -> Job:
    token = lease.start_directly(job)
    assert run(job.pk, token, engine=engine, should_stop=str) == Job.State.COMPLETED
    job.refresh_from_db()
    return job
