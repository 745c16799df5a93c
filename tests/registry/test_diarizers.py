import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest
from pytest_django import Settings

from preferences.models import Settings as Preferences
from registry import viability as module
from registry.diarizers import DiarizerAvailability, DiarizerChoice, diarizers, resolve_diarizer
from registry.resolver import NothingRunnable
from speech.types import DiarizerSpec
from tests.conftest import PutWeights

SEGMENTATION, ENCODER, COMMUNITY = "pyannote-segmentation", "ge2e", "pyannote-community-1"


@pytest.fixture(autouse=True)
def _without_whisperx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make whisperx look as if nobody had installed it: it need not be there."""
    hide(monkeypatch, "whisperx")


def hide(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    find_spec = module.find_spec

    def find(name: str) -> ModuleSpec | None:
        return None if name in libraries else find_spec(name)

    monkeypatch.setattr(module, "find_spec", find)


def put_open_weights(put_weights: PutWeights) -> dict[str, str]:
    places = {name: put_weights("diarization", name) for name in (SEGMENTATION, ENCODER)}
    return {name: str(place / f"{name}.pt") for name, place in places.items()}


def test_resolve_takes_pyannote_on_the_open_weights(put_weights: PutWeights):
    paths = put_open_weights(put_weights)

    assert resolve_diarizer() == DiarizerChoice(
        DiarizerSpec("pyannote", paths, device="auto", threads=2),
        {SEGMENTATION: f"sha256 of diarization/{SEGMENTATION}", ENCODER: f"sha256 of diarization/{ENCODER}"},
        (),
    )


def test_resolve_takes_community_1_alone_where_it_is_installed(put_weights: PutWeights):
    put_open_weights(put_weights)
    place = put_weights("diarization", COMMUNITY)

    choice = resolve_diarizer()

    assert choice.spec.weights == {COMMUNITY: str(place)}
    assert choice.warnings == ()


def test_resolve_takes_what_was_asked(put_weights: PutWeights):
    paths = put_open_weights(put_weights)

    choice = resolve_diarizer("vad")

    assert choice.spec == DiarizerSpec("vad", {ENCODER: paths[ENCODER]}, threads=2)
    assert choice.warnings == ()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("whisperx", "whisperx is not installed; pyannote was used instead."),
        ("cloud", "There is no diarizer “cloud”; pyannote was used instead."),
        ("fake", "There is no diarizer “fake”; pyannote was used instead."),
    ],
)
def test_resolve_says_why_something_else_was_used(put_weights: PutWeights, asked: str, reason: str):
    put_open_weights(put_weights)

    assert resolve_diarizer(asked).warnings == (reason,)


def test_resolve_goes_on_where_weights_or_a_library_are_missing(
    put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch
):
    put_weights("diarization", ENCODER)

    assert resolve_diarizer().spec.diarizer == "vad"
    assert resolve_diarizer().warnings == (
        "The weights pyannote-segmentation of pyannote are not installed; vad was used instead.",
    )

    put_weights("diarization", SEGMENTATION)
    hide(monkeypatch, "pyannote")

    assert resolve_diarizer().warnings == ("The library of pyannote is not installed; vad was used instead.",)


def test_resolve_passes_over_what_failed_a_moment_ago(put_weights: PutWeights):
    put_open_weights(put_weights)

    choice = resolve_diarizer("pyannote", excluded={"pyannote": "pyannote ran out of memory"})

    assert choice.spec.diarizer == "vad"
    assert choice.warnings == ("pyannote ran out of memory; vad was used instead.",)


def test_resolve_says_what_to_do_where_nothing_can_run():
    with pytest.raises(NothingRunnable) as refusal:
        resolve_diarizer()

    assert str(refusal.value) == (
        "Speakers cannot be told apart here. The weights pyannote-segmentation and ge2e of pyannote are not installed. "
        "The weights ge2e of vad are not installed. Run: .venv/bin/python manage.py weights install pyannote-segmentation ge2e"
    )


def test_diarizers_lists_each_with_what_hinders_it(put_weights: PutWeights):
    put_weights("diarization", ENCODER)

    assert diarizers() == [
        DiarizerAvailability(
            "pyannote",
            available=False,
            reason="The weights pyannote-segmentation of pyannote are not installed.",
            fix="Run: .venv/bin/python manage.py weights install pyannote-segmentation",
        ),
        DiarizerAvailability(
            "whisperx",
            available=False,
            reason="whisperx is not installed.",
            fix="Run: .venv/bin/python -m pip install --no-deps -r requirements-whisperx.txt",
        ),
        DiarizerAvailability("vad", available=True, reason=""),
    ]


def test_fake_is_known_where_the_settings_say_so(put_weights: PutWeights, settings: Settings):
    put_open_weights(put_weights)
    settings.FAKE_ENGINE = True

    assert diarizers()[-1] == DiarizerAvailability("fake", available=True, reason="")
    assert resolve_diarizer("fake").spec == DiarizerSpec("fake", {}, threads=2)
    assert resolve_diarizer().spec.diarizer == "pyannote"

    settings.DEFAULT_ENGINE = "fake"

    assert resolve_diarizer().spec.diarizer == "fake"


def test_looking_loads_no_heavy_library():
    code = (
        "import sys, django; django.setup(); from registry.diarizers import diarizers; diarizers();"
        "print(sorted({'torch', 'numpy', 'scipy', 'pyannote', 'whisperx', 'webrtcvad'} & set(sys.modules)))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def test_what_may_not_be_chosen_may_still_be_the_best_that_can_run(put_weights: PutWeights):
    put_open_weights(put_weights)
    Preferences.objects.update_or_create(pk=1, defaults={"may_choose_diarizer": False})

    choice = resolve_diarizer("pyannote", by_staff=False)

    assert choice.spec.diarizer == "pyannote"
    assert choice.warnings == (
        "Only administrators may choose how speakers are told apart here; pyannote was used instead.",
    )
