"""What a job does where what was asked for cannot run, at its start and in the middle: every row of the fallback matrix.

What fails is the real faster-whisper or a diarizer in a folder of the test, or the recogniser for tests; what takes over is the
recogniser or the diarizer for tests. Real weights are broken in `test_breaking`.
"""

import json
import os
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from preferences.models import Settings
from registry import machine, resolver, scan, viability
from registry.models import Provider, SpeechModel, Work
from speech.types import EngineError, Plan
from speech.weights import check
from speech.weights.manifest import Manifest
from speech.weights.store import sha256_of
from tests.registry.test_working import do
from tests.speech.weights.test_by_hand import lay
from transcripts import crashes, failed, lease
from transcripts.engine import EngineHost
from transcripts.exports import render
from transcripts.models import Job
from transcripts.services import gaps
from transcripts.worker import run

pytestmark = pytest.mark.django_db

State = Job.State
SECONDS = 12
"""Six pieces of the recogniser for tests, in batches of 1, 2, 2 and 1."""
PIECES = SECONDS // 2
INSTEAD = "; fake (fake) was used instead."
DIARIZER_INSTEAD = "; fake was used instead."
KILLED = "the engine was killed, probably for want of memory"


@pytest.fixture(autouse=True)
def installation(settings, weights_folder: Path) -> Settings:
    """Have the recogniser and the diarizer for tests as what is taken where nobody chooses."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = True, "fake", "fake"
    return Settings.load()


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * (SECONDS * 32000 // 250))
    return (tmp_path / "hum.wav").read_bytes()


@pytest.fixture
def make(make_job, make_recording, sound: bytes) -> Callable[..., Job]:
    """Return a function that makes a job of Alice, who is no administrator."""
    return lambda **asked: make_job(make_recording(sound, duration_seconds=None), **asked)


@pytest.fixture
def go() -> Iterator[Callable[..., str]]:
    """Return a function that runs a job as a worker with an engine of its own does."""
    hosts = []

    def go(job: Job, *, on_progress=None, should_stop=lambda: "") -> str:
        hosts.append(EngineHost())
        token = lease.start_directly(job)
        run(job.pk, token, engine=hosts[-1], should_stop=should_stop, on_progress=on_progress)
        job.refresh_from_db()
        return job.state

    yield go
    for host in hosts:
        host.close()


def _is_whole(job: Job) -> bool:
    """Say whether every piece is there once; the recogniser's words depend on the piece alone."""
    return list(job.segments.order_by("piece").values_list("piece", flat=True)) == list(range(PIECES))


def _pause(job: Job, go, monkeypatch) -> None:
    """Run a job up to its third batch, and let it be queued again."""
    wishes: list[str] = []
    with monkeypatch.context() as patch:
        patch.setenv("SELENITE_FAKE_SECONDS", "0.3")
        assert (
            go(
                job,
                on_progress=lambda job: wishes.append("pause") if job.batches_done == 2 else None,
                should_stop=lambda: "".join(wishes[:1]),
            )
            == State.PAUSED
        )
    assert job.batches_done == 2
    lease.resume(job.pk)


def _speakers(job: Job) -> set[int | None]:
    return {segment.speaker and segment.speaker.number for segment in job.segments.select_related("speaker")}


def _hide(monkeypatch, *libraries: str) -> None:
    find_spec = viability.find_spec

    def find(name: str) -> ModuleSpec | None:
        return None if name in libraries else find_spec(name)

    monkeypatch.setattr(viability, "find_spec", find)


def _disable_engine(put_weights, monkeypatch):
    Provider.objects.filter(key="faster-whisper").update(enabled=False, disabled_reason="it is being tried out.")


def _disable_model(put_weights, monkeypatch):
    put_weights("faster-whisper", "base")
    SpeechModel.objects.filter(key="base").update(enabled=False)


def _keep_engine_for_staff(put_weights, monkeypatch):
    put_weights("faster-whisper", "base")
    Provider.objects.filter(key="faster-whisper").update(for_people=False)


def _keep_model_for_staff(put_weights, monkeypatch):
    put_weights("faster-whisper", "base")
    SpeechModel.objects.filter(key="base").update(for_people=False)


def _keep_choice_for_staff(put_weights, monkeypatch):
    put_weights("faster-whisper", "base")
    Settings.objects.update(may_choose_model=False, may_choose_diarizer=False)


def _break(put_weights, monkeypatch):
    SpeechModel.objects.filter(store="faster-whisper", key="base").update(
        status=SpeechModel.Status.BROKEN, status_detail="model.bin is not what was installed."
    )


def _have_another_size(put_weights, monkeypatch):
    (put_weights("faster-whisper", "base") / "model.bin").write_bytes(b"cut")


def _have_garbage(put_weights, monkeypatch):
    """Nobody has noticed yet: it is found out when it is loaded."""
    put_weights("faster-whisper", "base")


def _hide_library(put_weights, monkeypatch):
    put_weights("faster-whisper", "base")
    _hide(monkeypatch, "ctranslate2")


def _have_little_memory(put_weights, monkeypatch):
    put_weights("faster-whisper", "base")
    monkeypatch.setattr(machine, "memory_bytes", lambda: 1_000_000_000)


DAMAGED = "Model base (faster-whisper) is broken: faster-whisper/base is damaged: model.bin is not what was installed"
ASR = {
    "unknown engine": ({"asked_engine": "cloud"}, None, "There is no engine “cloud”"),
    "unknown model": (
        {"asked_engine": "faster-whisper", "asked_model": "huge"},
        None,
        "There is no model “huge” for faster-whisper",
    ),
    "engine disabled": ({}, _disable_engine, "faster-whisper is disabled: it is being tried out"),
    "model disabled": ({}, _disable_model, "Model base (faster-whisper) is disabled"),
    "engine not allowed": ({}, _keep_engine_for_staff, "Only administrators may choose faster-whisper here"),
    "model not allowed": ({}, _keep_model_for_staff, "Only administrators may choose model base here"),
    "choice not allowed": ({}, _keep_choice_for_staff, "Only administrators may choose the model here"),
    "not installed": ({}, None, "Model base is not installed for faster-whisper"),
    "known to be broken": ({}, _break, "Model base (faster-whisper) is broken: model.bin is not what was installed"),
    "cut short": ({}, _have_another_size, "Model base is not installed for faster-whisper"),
    "found broken when it is loaded": ({}, _have_garbage, DAMAGED),
    "library absent": ({}, _hide_library, "The library of faster-whisper is not installed"),
    "too large for the machine": (
        {},
        _have_little_memory,
        "Model base needs about 1.2 GB of memory, and this machine has 1.0 GB",
    ),
}


@pytest.mark.parametrize("row", ASR)
def test_model_that_cannot_run_makes_way_for_the_default(row: str, make, go, put_weights, monkeypatch):
    asked, prepare, reason = ASR[row]
    if prepare:
        prepare(put_weights, monkeypatch)
    job = make(**{"asked_engine": "faster-whisper", "asked_model": "base"} | asked)

    assert go(job) == State.COMPLETED

    assert (job.engine, job.model, _is_whole(job)) == ("fake", "fake", True)
    assert job.warnings == [f"{reason}{INSTEAD}"]
    assert "made_by" not in job.provenance


def test_administrator_may_choose_what_is_kept_for_them(make, go, put_weights, monkeypatch, carol):
    _keep_model_for_staff(put_weights, monkeypatch)
    job = make(owner=carol, asked_engine="faster-whisper", asked_model="base")

    assert go(job) == State.COMPLETED
    assert job.warnings == [f"{DAMAGED}{INSTEAD}"]  # It was tried.


def test_broken_weights_are_noted_in_the_registry(make, go, put_weights):
    put_weights("faster-whisper", "base")

    go(make(asked_engine="faster-whisper", asked_model="base"))

    row = SpeechModel.objects.get(store="faster-whisper", key="base")
    assert (row.status, row.verified_at) == (SpeechModel.Status.BROKEN, None)
    assert row.status_detail == "faster-whisper/base is damaged: model.bin is not what was installed."


LOADING = {
    "killed": ("loading@fake:kill:always", f"Model fake could not be loaded (fake): {KILLED}"),
    "out of memory": (
        "loading@fake:memory:always",
        "Model fake could not be loaded (fake): the engine ran out of memory",
    ),
    "crashed": ("loading@fake:abort:always", "Model fake could not be loaded (fake): the engine crashed"),
    "weights unreadable": ("loading@fake:error:always", "The weights of fake could not be loaded: poisoned"),
    "library absent": (
        "loading@fake:library:always",
        "The engine fake cannot be loaded: No module named 'poisoned'",
    ),
}


@pytest.mark.parametrize("row", LOADING)
def test_model_that_cannot_be_loaded_makes_way_for_another(row: str, make, go, monkeypatch, settings):
    settings.DEFAULT_MODEL = "base"
    poison, reason = LOADING[row]
    monkeypatch.setenv("SELENITE_FAKE_CRASH", poison)
    job = make(asked_engine="fake", asked_model="fake")

    assert go(job) == State.COMPLETED

    assert (job.engine, job.model, _is_whole(job)) == ("fake", "base", True)
    assert job.warnings == [f"{reason}; base (fake) was used instead."]
    assert (job.crashes, job.deaths) == (0, [])


def test_reason_is_told_once_where_two_models_make_way(make, go, monkeypatch, settings, put_weights):
    """The second reason is found out after the first was told."""
    settings.DEFAULT_MODEL = "base"
    own = Provider.objects.create(key="own", kind=Provider.Kind.ASR, name="own", module="speech.asr.fake")
    SpeechModel.objects.create(provider=own, store="own", key="model", name="model", languages="en")
    put_weights("own", "model")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "loading@base:error:always")
    failed_to_load = "model base could not be loaded (fake): The weights of base could not be loaded: poisoned"
    job = make(asked_engine="cloud")

    assert go(job) == State.COMPLETED

    assert (job.engine, job.warnings) == (
        "own",
        [
            f"There is no engine “cloud”; {failed_to_load}; model (own) was used instead.",
            "Model model knows English only: speech in another language will come out wrong.",
        ],
    )


@pytest.mark.parametrize("how", ["kill", "memory"])
def test_piece_with_too_little_memory_is_gone_on_with_by_another_model(how: str, make, go, monkeypatch, settings):
    """Down the whole ladder first: halves, then the piece alone, twice."""
    settings.DEFAULT_MODEL = "base"
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"4@fake:{how}:always")
    job = make(asked_engine="fake", asked_model="fake")

    assert go(job) == State.COMPLETED

    reason = {"kill": KILLED, "memory": "the engine ran out of memory"}[how]
    assert (_is_whole(job), job.segments.gaps().count(), job.model) == (True, 0, "base")
    assert job.warnings == [
        "fake fake could not run any more, so the text from 0:08 on was made with fake base.",
        f"Model fake (fake) failed at 0:08: {reason}; base (fake) was used instead.",
    ]
    assert [death["batch"] for death in job.deaths] == [[3, 5], [4, 5], [4, 5]]
    assert [(one["model"], one["first_piece"], one["last_piece"], one["end"]) for one in job.provenance["made_by"]] == [
        ("fake", 0, 3, 8.0),
        ("base", 4, 5, 12.0),
    ]
    assert b'"made_by": [{"first_piece": 0,' in render(job, "json")


def test_job_that_went_on_with_another_model_stays_with_it_after_a_pause(make, go, monkeypatch, settings):
    settings.DEFAULT_MODEL = "base"
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "3@fake:memory:always")
    job = make(asked_engine="fake", asked_model="fake")
    wishes = []

    def pause(job: Job) -> None:
        if job.batches_done and Plan.from_json(job.plan).batches[job.batches_done - 1] == (3, 4):
            wishes.append("pause")

    assert go(job, on_progress=pause, should_stop=lambda: "".join(wishes[:1])) == State.PAUSED
    warnings, made_by = job.warnings, job.provenance["made_by"]
    lease.resume(job.pk)

    assert go(job) == State.COMPLETED
    assert (job.model, job.warnings, job.provenance["made_by"]) == ("base", warnings, made_by)
    assert _is_whole(job)


def test_job_of_which_nothing_was_made_begins_with_the_model_that_is_back(make, go, monkeypatch, settings):
    settings.DEFAULT_MODEL = "base"
    job = make(asked_engine="fake", asked_model="fake")
    with monkeypatch.context() as patch:
        patch.setenv("SELENITE_FAKE_CRASH", "loading@fake:library:always")
        assert go(job, should_stop=lambda: "drain" if Job.objects.get(pk=job.pk).plan else "") == State.QUEUED
    assert (job.model, job.plan["pins"]["model"], job.batches_done) == ("base", "base", 0)
    assert [sentence.endswith("; base (fake) was used instead.") for sentence in job.warnings] == [True]
    cache.clear()  # After some minutes.

    assert go(job) == State.COMPLETED
    assert (job.model, job.warnings) == ("fake", [])


def test_engine_whose_library_goes_missing_in_the_middle_is_replaced_there(make, go, monkeypatch, settings, tmp_path):
    """As where it is taken away while a job is paused."""
    settings.DEFAULT_MODEL = "base"
    job = make(asked_engine="fake", asked_model="fake")
    _pause(job, go, monkeypatch)
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "loading@fake:library:always")

    assert go(job) == State.COMPLETED
    assert job.warnings == [
        "fake fake could not run any more, so the text from 0:06 on was made with fake base.",
        "The engine fake cannot be loaded: No module named 'poisoned'; base (fake) was used instead.",
    ]
    assert [(one["model"], one["first_piece"]) for one in job.provenance["made_by"]] == [("fake", 0), ("base", 3)]


CARD = {
    "card": "The graphics card failed: CUDA failed with error unspecified launch failure",
    "card-memory": "The graphics card had not enough memory for this",
}


@pytest.mark.parametrize("how", CARD)
def test_graphics_card_that_fails_makes_way_for_the_processor(how: str, make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_DEVICE", "cuda")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"4:{how}:always")
    job = make(asked_engine="fake")

    assert go(job) == State.COMPLETED

    assert (_is_whole(job), job.segments.gaps().count(), job.model) == (True, 0, "fake")
    others = [warning for warning in job.warnings if "smaller batches" not in warning]
    start = {"card": "0:06", "card-memory": "0:08"}[how]
    assert others == [
        f"{CARD[how]}; the text from {start} on was made on the processor with the same model, which is slower."
    ]
    assert [(one["model"], one["device"], one["start"]) for one in job.provenance["made_by"]] == [
        ("fake", "cuda", 0.0),
        ("fake", "cpu", {"card": 6.0, "card-memory": 8.0}[how]),
    ]
    assert job.plan["pins"]["device"] == "cpu"


def test_graphics_card_that_fails_once_is_used_again(make, go, monkeypatch, tmp_path):
    monkeypatch.setenv("SELENITE_FAKE_DEVICE", "cuda")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"4:card:once:{tmp_path / 'failed'}")
    job = make(asked_engine="fake")

    assert go(job) == State.COMPLETED
    assert (job.warnings, job.provenance["device"], _is_whole(job)) == ([], "cuda", True)


def test_graphics_card_on_which_nothing_can_be_loaded_makes_way_for_the_processor(make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_DEVICE", "cuda")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "loading:card:always")
    job = make(asked_engine="fake")

    assert go(job) == State.COMPLETED
    assert job.warnings == [f"{CARD['card']}; the text was made on the processor with the same model, which is slower."]
    assert (job.provenance["device"], "made_by" in job.provenance) == ("cpu", False)


@pytest.mark.parametrize("how", CARD)
def test_graphics_card_that_fails_at_the_language_makes_way_for_the_processor(how: str, make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_DEVICE", "cuda")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"language:{how}:always")
    job = make(asked_engine="fake")

    assert go(job) == State.COMPLETED
    assert job.warnings == [f"{CARD[how]}; the text was made on the processor with the same model, which is slower."]
    assert (job.provenance["device"], job.model, _is_whole(job)) == ("cpu", "fake", True)


@pytest.mark.parametrize("phase", crashes.Phase)
@pytest.mark.parametrize("code", crashes.OF_CARD)
def test_graphics_card_never_ends_a_job(code: str, phase: crashes.Phase):
    assert crashes.is_survivable(EngineError("The card failed.", permanent=False, code=code), phase)


def test_model_that_fails_at_the_language_makes_way_for_another(make, go, monkeypatch, settings):
    settings.DEFAULT_MODEL = "base"
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "language@fake:error:always")
    job = make(asked_engine="fake", asked_model="fake")

    assert go(job) == State.COMPLETED
    assert (job.model, job.crashes, _is_whole(job)) == ("base", 0, True)
    assert job.warnings == ["Model fake could not be loaded (fake): the engine failed; base (fake) was used instead."]


def test_model_that_goes_on_after_a_gap_is_not_noted_as_failed(make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "4@fake:memory:always")
    job = make(asked_engine="fake", asked_model="fake")

    assert go(job) == State.COMPLETED
    assert (job.segments.gaps().count(), job.model) == (1, "fake")
    assert failed.kept(job.pk) == failed.Failed()


def test_graphics_card_that_is_gone_is_told_of(make, go, monkeypatch):
    job = make(asked_engine="fake")
    with monkeypatch.context() as patch:
        patch.setenv("SELENITE_FAKE_DEVICE", "cuda")
        _pause(job, go, monkeypatch)

    assert go(job) == State.COMPLETED
    assert job.warnings == [
        "This job went on with another device (cpu instead of cuda), so its text may differ slightly from an undisturbed run."
    ]
    assert [(one["device"], one["first_piece"]) for one in job.provenance["made_by"]] == [("cuda", 0), ("cpu", 3)]


def test_gap_that_another_model_fills_is_told_of_in_the_text(make, go, monkeypatch, settings):
    settings.DEFAULT_MODEL = "base"
    job = make(asked_engine="fake", asked_model="fake")
    with monkeypatch.context() as patch:
        patch.setenv("SELENITE_FAKE_CRASH", "4@fake:abort:always")
        go(job)
    assert job.segments.gaps().count() == 1
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "loading@fake:library:always")

    assert go(gaps.retry(job.pk)) == State.COMPLETED

    job.refresh_from_db()
    assert (_is_whole(job), job.model) == (True, "fake")
    made_by = [(one["model"], one["first_piece"], one["last_piece"]) for one in job.provenance["made_by"]]
    assert made_by == [("fake", 0, 3), ("base", 4, 4), ("fake", 5, 5)]
    assert (
        job.warnings[0] == "fake fake could not run any more, so what was missing in the text was made with fake base."
    )


@pytest.mark.parametrize("how", ["library", "error", "kill"])
def test_job_with_nothing_left_waits_and_starts_by_itself(how: str, make, go, monkeypatch, settings):
    """What failed is not tried again at once, but what is there from now on is."""
    settings.FAKE_ENGINE = True
    job = make(asked_engine="fake", asked_model="fake")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"loading@fake:{how}:always")

    assert go(job) == State.QUEUED
    reason = job.blocked_reason
    assert ("Model fake could not be loaded" in reason) == (how == "kill")
    assert (job.error, job.crashes, job.started_at is None) == ("", 0, False)
    assert (go(job), job.blocked_reason) == (State.QUEUED, reason)

    settings.DEFAULT_MODEL = "base"  # As where somebody has just installed it.
    assert (go(job), job.blocked_reason, job.model) == (State.COMPLETED, "", "base")


def test_what_failed_is_tried_again_after_some_minutes(make, go, monkeypatch):
    job = make(asked_engine="fake", asked_model="fake")
    with monkeypatch.context() as patch:
        patch.setenv("SELENITE_FAKE_CRASH", "loading@fake:library:always")
        assert go(job) == State.QUEUED
    cache.clear()
    assert (go(job), job.warnings) == (State.COMPLETED, [])


def test_job_waits_where_everything_is_disabled_and_starts_when_it_is_not(make, go, settings, put_weights):
    settings.FAKE_ENGINE = False
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "faster-whisper", "base"
    put_weights("faster-whisper", "base")
    Provider.objects.update(enabled=False, disabled_reason="Maintenance.")
    job = make()

    assert go(job) == State.QUEUED
    assert job.blocked_reason == (
        "No installed speech model can serve this. faster-whisper is disabled: Maintenance. whisper is disabled: Maintenance. "
        "What an administrator can do: Enable faster-whisper in the administration."
    )
    Provider.objects.update(enabled=True)
    settings.FAKE_ENGINE = True
    Settings.objects.update(default_engine="fake", default_model="fake")
    assert (go(job), job.blocked_reason) == (State.COMPLETED, "")


def _disable_diarizer(put_weights, monkeypatch):
    Provider.objects.filter(key="vad").update(enabled=False, disabled_reason="too coarse")


def _keep_diarizer_for_staff(put_weights, monkeypatch):
    Provider.objects.filter(key="vad").update(for_people=False)


def _hide_diarizer(put_weights, monkeypatch):
    put_weights("diarization", "ge2e")
    _hide(monkeypatch, "webrtcvad")


def _break_encoder(put_weights, monkeypatch):
    put_weights("diarization", "ge2e")
    SpeechModel.objects.filter(key="ge2e").update(status=SpeechModel.Status.BROKEN, status_detail="ge2e.pt is cut.")
    (settings.WEIGHTS_DIR / "diarization" / "ge2e" / "ge2e.pt").unlink()


def _have_a_garbage_encoder(put_weights, monkeypatch):
    put_weights("diarization", "ge2e")


DIARIZERS = {
    "unknown": ("cloud", None, "There is no diarizer “cloud”"),
    "disabled": ("vad", _disable_diarizer, "vad is disabled: too coarse"),
    "not allowed": ("vad", _keep_diarizer_for_staff, "Only administrators may choose vad here"),
    "choice not allowed": (
        "vad",
        _keep_choice_for_staff,
        "Only administrators may choose how speakers are told apart here",
    ),
    "not installed": ("vad", None, "The weights ge2e of vad are not installed"),
    "known to be broken": ("vad", _break_encoder, "The weights ge2e of vad are broken: ge2e.pt is cut"),
    "found broken when it is loaded": (
        "vad",
        _have_a_garbage_encoder,
        "The weights ge2e of vad are broken: diarization/ge2e is damaged: ge2e.pt is not what was installed",
    ),
    "library absent": ("vad", _hide_diarizer, "The library of vad is not installed"),
}


@pytest.mark.parametrize("row", DIARIZERS)
def test_diarizer_that_cannot_run_makes_way_for_the_default(row: str, make, go, put_weights, monkeypatch):
    asked, prepare, reason = DIARIZERS[row]
    if prepare:
        prepare(put_weights, monkeypatch)
    job = make(asked_engine="fake", diarize=True, asked_diarizer=asked)

    assert go(job) == State.COMPLETED

    assert (job.diarizer, _speakers(job)) == ("fake", {1, 2})
    assert job.warnings == [f"{reason}{DIARIZER_INSTEAD}"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("kill", "The engine process was killed, probably for want of memory"),
        ("memory", "There was not enough memory for this"),
        ("error", "The speech engine failed: ValueError: poisoned"),
        ("library", "A library cannot be loaded: No module named 'poisoned'"),
    ],
)
def test_diarizer_that_fails_costs_the_speakers_only_where_no_other_is_left(how, reason, make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"speakers:{how}:always")
    job = make(asked_engine="fake", diarize=True)

    assert go(job) == State.COMPLETED

    assert (_is_whole(job), _speakers(job), job.identified) == (True, {None}, Job.Identified.FAILED)
    assert job.warnings == [
        f"The speakers could not be identified. fake failed ({reason}). The text is complete. “Identify speakers” tries it again."
    ]


@pytest.mark.parametrize("how", CARD)
def test_diarizer_leaves_a_graphics_card_that_fails(how: str, make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_DEVICE", "cuda")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"speakers:{how}:always")
    job = make(asked_engine="fake", diarize=True)

    assert go(job) == State.COMPLETED

    assert _speakers(job) == {1, 2}
    assert job.warnings == [
        f"fake failed ({CARD[how]}); the processor did it instead of the graphics card, which is slower."
    ]
    assert job.labelling.provenance["device"] == "cpu"


def test_job_that_asked_for_speakers_goes_without_where_that_is_switched_off(make, go):
    Settings.objects.update(diarization=False)
    job = make(asked_engine="fake", diarize=True)

    assert go(job) == State.COMPLETED
    assert (_is_whole(job), _speakers(job)) == (True, {None})
    assert job.warnings == [
        "The speakers could not be identified. Identifying speakers is switched off here. The text is complete."
    ]


@pytest.fixture
def room(monkeypatch):
    """Have room on the disk, whatever there is."""
    monkeypatch.setattr("registry.works.lack_of_room", lambda *arguments: "")


def test_missing_model_is_not_fetched_unless_the_installation_wants_it(make, go):
    job = make(asked_engine="faster-whisper", asked_model="base")
    assert (go(job), Work.objects.count()) == (State.COMPLETED, 0)


def test_job_waits_for_a_model_that_is_being_installed_and_starts_by_itself(make, go, put_weights, room):
    Settings.objects.update(fetch_weights=True)
    job = make(asked_engine="faster-whisper", asked_model="base")

    assert (go(job), job.blocked_reason) == (State.QUEUED, "Model base is being installed.")
    [work] = Work.objects.all()
    assert (str(work.model), work.kind, work.asked_by) == ("faster-whisper/base", Work.Kind.INSTALL, job.owner)

    Work.objects.update(done_bytes=30, total_bytes=200)
    assert (go(job), job.blocked_reason) == (State.QUEUED, "Model base is being installed: 15 %.")

    put_weights("faster-whisper", "base")
    Work.objects.update(state=Work.State.DONE)
    assert go(job) == State.COMPLETED
    assert job.warnings == [f"{DAMAGED}{INSTEAD}"]  # It was loaded: the weights of this test are garbage.


def test_model_that_was_removed_again_is_fetched_again(make, go, room):
    Settings.objects.update(fetch_weights=True)
    job = make(asked_engine="faster-whisper", asked_model="base")
    go(job)
    Work.objects.update(state=Work.State.DONE, finished_at=job.created_at)

    assert (go(job), job.blocked_reason) == (State.QUEUED, "Model base is being installed.")
    assert [work.state for work in Work.objects.all()] == [Work.State.QUEUED, Work.State.DONE]


def test_job_falls_back_where_the_model_could_not_be_installed(make, go, room):
    Settings.objects.update(fetch_weights=True)
    job = make(asked_engine="faster-whisper", asked_model="base")
    go(job)
    Work.objects.update(
        state=Work.State.FAILED, message="The publisher could not be reached.", finished_at=job.created_at
    )

    assert go(job) == State.COMPLETED
    assert job.warnings == [f"Model base could not be installed: The publisher could not be reached{INSTEAD}"]
    assert Work.objects.count() == 1


def test_job_falls_back_at_once_where_there_is_no_room_for_the_model(make, go, monkeypatch):
    monkeypatch.setattr("registry.works.lack_of_room", lambda *arguments: "There is too little room.")
    Settings.objects.update(fetch_weights=True)
    job = make(asked_engine="faster-whisper", asked_model="base")

    assert go(job) == State.COMPLETED
    assert job.warnings == [f"Model base could not be installed: There is too little room{INSTEAD}"]


@pytest.mark.parametrize("prepare", [_disable_engine, _hide_library, _have_little_memory])
def test_nothing_is_fetched_that_could_not_run(prepare, make, go, put_weights, monkeypatch, weights_folder):
    Settings.objects.update(fetch_weights=True)
    prepare(lambda *name: None, monkeypatch)
    job = make(asked_engine="faster-whisper", asked_model="base")
    assert (go(job), Work.objects.count()) == (State.COMPLETED, 0)


def test_nothing_is_fetched_that_a_person_may_not_choose(make, go):
    Settings.objects.update(fetch_weights=True, may_choose_model=False)
    job = make(asked_engine="faster-whisper", asked_model="base")
    assert (go(job), Work.objects.count()) == (State.COMPLETED, 0)


def test_job_with_its_text_waits_for_the_weights_of_a_diarizer(make, go, room):
    Settings.objects.update(fetch_weights=True)
    job = make(asked_engine="fake", diarize=True, asked_diarizer="vad")

    assert (go(job), job.blocked_reason) == (State.QUEUED, "The weights ge2e are being installed.")
    assert _is_whole(job)
    Work.objects.update(state=Work.State.CANCELLED, message="Cancelled.", finished_at=job.created_at)

    assert go(job) == State.COMPLETED
    assert (job.diarizer, job.warnings) == (
        "fake",
        ["The weights ge2e could not be installed: Cancelled; fake was used instead."],
    )


def test_warnings_are_on_the_page_and_in_the_exports(make, go, alice_client):
    job = make(asked_engine="cloud")
    go(job)
    warning = f"There is no engine “cloud”{INSTEAD}"

    page = alice_client.get(reverse("transcripts:detail", args=[job.recording_id])).content.decode()

    assert warning in page
    assert json.loads(render(job, "json"))["job"]["warnings"] == [warning]
    assert warning in render(job, "md").decode()


@pytest.fixture
def cut(weights_folder: Path) -> SpeechModel:
    """A model that somebody brought, whose numbers are cut off: nobody knows what they must be."""
    lay(weights_folder / "faster-whisper" / "ours")
    scan.rescan()
    row = SpeechModel.objects.get(key="ours")
    check(weights_folder, engine=row.store, model=row.key)  # Only a verification also loads them.
    scan.refresh(row)
    assert row.status == SpeechModel.Status.INSTALLED
    return row


def test_model_brought_by_hand_that_cannot_be_loaded_is_broken_until_its_files_change(
    cut: SpeechModel, make, go, weights_folder: Path
):
    job = make(asked_engine="faster-whisper", asked_model="ours")
    assert go(job) == State.COMPLETED
    assert job.warnings[0].startswith(
        "Model ours (faster-whisper) is broken: The weights of ours could not be loaded: "
    )

    cut.refresh_from_db()
    why = cut.status_detail
    assert (cut.status, cut.verified_at) == (SpeechModel.Status.BROKEN, None)
    assert why.startswith("The weights of ours could not be loaded: ")
    assert resolver.hindrance(engine="faster-whisper", model="ours").startswith(
        "Model ours (faster-whisper) is broken: "
    )
    assert scan.rescan().unchecked == [cut]
    assert (do(cut, Work.Kind.VERIFY).message, cut.status, cut.status_detail) == (why, SpeechModel.Status.BROKEN, why)

    os.utime(weights_folder / "faster-whisper" / "ours" / "model.bin", (1, 1))
    check(weights_folder, engine=cut.store, model=cut.key)
    scan.refresh(cut)
    assert (cut.status, cut.status_detail) == (SpeechModel.Status.INSTALLED, scan.AS_FOUND)


NO_NUMBERS = "The model gave numbers that are infinite or undefined"


@pytest.fixture
def brought(put_weights) -> SpeechModel:
    """A model that somebody brought and that can be loaded, whatever its numbers are worth."""
    own = Provider.objects.create(key="own", kind=Provider.Kind.ASR, name="own", module="speech.asr.fake")
    row = SpeechModel.objects.create(provider=own, store="own", key="model", name="model")
    place = put_weights("own", "model")
    manifest = Manifest.read(place)
    files = tuple(replace(file, sha256=sha256_of(place / file.name)) for file in manifest.files)
    replace(manifest, files=files, verified_at="").write(place)
    scan.refresh()
    return row


def test_model_brought_by_hand_that_gives_no_numbers_is_broken(brought: SpeechModel, make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*@model:nan:always")
    job = make(asked_engine="own", asked_model="model")

    assert go(job) == State.COMPLETED

    assert (job.engine, _is_whole(job), job.segments.gaps().count()) == ("fake", True, 0)
    assert job.warnings == [f"Model model (own) is broken: {NO_NUMBERS}{INSTEAD}"]
    assert (job.crashes, job.deaths) == (0, [])
    brought.refresh_from_db()
    assert (brought.status, brought.status_detail) == (SpeechModel.Status.BROKEN, f"{NO_NUMBERS}.")
    assert resolver.hindrance(engine="own", model="model") == f"Model model (own) is broken: {NO_NUMBERS}."


def test_job_waits_where_the_only_model_gives_no_numbers(brought: SpeechModel, make, go, monkeypatch, settings):
    settings.FAKE_ENGINE = False
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*@model:nan:always")
    job = make(asked_engine="own", asked_model="model")
    assert (go(job), job.segments.count(), job.error) == (State.QUEUED, 0, "")


@pytest.mark.parametrize("how", ["nan", "abort"])
def test_piece_that_fails_with_a_model_brought_by_hand_is_held_against_the_recording(
    how: str, brought: SpeechModel, make, go, monkeypatch
):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"3@model:{how}:always")
    job = make(asked_engine="own", asked_model="model")

    assert go(job) == State.COMPLETED

    assert (job.engine, job.segments.gaps().count()) == ("own", 1)
    brought.refresh_from_db()
    assert brought.status != SpeechModel.Status.BROKEN


def test_model_brought_by_hand_that_transcribes_nothing_makes_way_for_another(
    brought: SpeechModel, make, go, monkeypatch
):
    monkeypatch.setattr("transcripts.settling.MOST_FIRST_GAPS", 2)
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*@model:abort:always")
    job = make(asked_engine="own", asked_model="model")

    assert go(job) == State.COMPLETED

    assert (job.engine, _is_whole(job), job.segments.gaps().count()) == ("fake", True, 0)
    assert job.warnings == [f"Model model (own) transcribed nothing: the engine crashed{INSTEAD}"]
    brought.refresh_from_db()
    assert brought.status != SpeechModel.Status.BROKEN


def test_model_as_its_publisher_has_it_that_gives_no_numbers_makes_way_for_another(make, go, monkeypatch, settings):
    settings.DEFAULT_MODEL = "base"
    monkeypatch.setattr("transcripts.settling.MOST_FIRST_GAPS", 2)
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*@fake:nan:always")
    job = make(asked_engine="fake", asked_model="fake")

    assert go(job) == State.COMPLETED

    assert (job.model, _is_whole(job), job.segments.gaps().count()) == ("base", True, 0)
    reason = NO_NUMBERS.replace("The model", "the model")
    assert job.warnings == [f"Model fake (fake) transcribed nothing: {reason}; base (fake) was used instead."]


def test_graphics_card_that_gives_no_numbers_makes_way_for_the_processor(brought: SpeechModel, make, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_DEVICE", "cuda")
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*@model:card-nan:always")
    job = make(asked_engine="own", asked_model="model")

    assert go(job) == State.COMPLETED

    assert (job.engine, _is_whole(job), job.provenance["device"]) == ("own", True, "cpu")
    assert job.warnings == [f"{NO_NUMBERS}; the text was made on the processor with the same model, which is slower."]


def test_model_brought_by_hand_that_gives_no_numbers_is_broken_when_it_is_measured(brought: SpeechModel, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*@model:nan:always")

    work = do(brought, Work.Kind.MEASURE)

    assert (work.state, work.message, brought.speed) == (Work.State.FAILED, f"{NO_NUMBERS}.", None)
    assert (brought.status, brought.status_detail) == (SpeechModel.Status.BROKEN, work.message)


def test_model_brought_by_hand_that_cannot_be_measured_is_broken(cut: SpeechModel):
    work = do(cut, Work.Kind.MEASURE)

    assert (work.state, cut.status, cut.status_detail) == (Work.State.FAILED, SpeechModel.Status.BROKEN, work.message)
    assert work.message.startswith("The weights of ours could not be loaded: ")
