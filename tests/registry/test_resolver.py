import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest
from pytest_django import Settings

from preferences.models import Settings as Preferences
from registry import scan, viability
from registry.diarizers import diarizers
from registry.models import SpeechModel
from registry.resolver import Availability, Choice, NothingRunnable, available, resolve
from speech.types import EngineSpec
from tests.conftest import PutWeights


def chosen(choice: Choice) -> tuple[str, str]:
    return choice.spec.engine, choice.spec.model


def hide(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    """Make these libraries look as if nobody had installed them."""
    find_spec = viability.find_spec

    def find(name: str) -> ModuleSpec | None:
        return None if name in libraries else find_spec(name)

    monkeypatch.setattr(viability, "find_spec", find)


def test_resolve_takes_the_defaults(put_weights: PutWeights) -> None:
    place = put_weights("faster-whisper", "base")

    assert resolve() == Choice(
        EngineSpec("faster-whisper", "base", str(place), device="auto", compute_type="auto", threads=2),
        "sha256 of faster-whisper/base",
        (),
    )


def test_resolve_takes_what_was_asked(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "base")
    place = put_weights("whisper", "tiny")

    choice = resolve(engine="whisper", model="tiny")

    assert chosen(choice) == ("whisper", "tiny")
    assert choice.spec.weights == str(place / "tiny.pt")
    assert choice.weights_sha256 == "sha256 of whisper/tiny"
    assert choice.warnings == ()


def test_resolve_takes_the_defaults_of_the_installation(put_weights: PutWeights, settings: Settings) -> None:
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "whisper", "small"
    put_weights("faster-whisper", "base")
    put_weights("whisper", "small")

    assert chosen(resolve()) == ("whisper", "small")


def test_resolve_falls_back_to_the_default_model_first(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "base")
    put_weights("whisper", "small")

    choice = resolve(model="small")

    assert chosen(choice) == ("faster-whisper", "base")
    assert choice.warnings == (
        "Model small is not installed for faster-whisper; base (faster-whisper) was used instead.",
    )


def test_resolve_falls_back_to_the_other_engine_next(put_weights: PutWeights) -> None:
    put_weights("whisper", "small")
    put_weights("faster-whisper", "tiny")

    choice = resolve(model="small")

    assert chosen(choice) == ("whisper", "small")
    assert choice.warnings == (
        (
            "Model small is not installed for faster-whisper; model base is not installed for faster-whisper; "
            "small (whisper) was used instead."
        ),
    )


def test_resolve_falls_back_to_what_was_measured_to_be_fastest(put_weights: PutWeights) -> None:
    for name, speed in (("whisper/small", 2.0), ("faster-whisper/tiny", 20.0), ("faster-whisper/medium", None)):
        engine, key = name.split("/")
        put_weights(engine, key)
        SpeechModel.objects.filter(provider__key=engine, key=key).update(speed=speed)

    assert "/".join(chosen(resolve(model="small"))) == "faster-whisper/tiny"


@pytest.mark.parametrize(
    ("language", "there", "expected"),
    [
        ("de", ["faster-whisper/tiny", "faster-whisper/medium"], "faster-whisper/tiny"),
        ("de", ["faster-whisper/large-v3", "faster-whisper/medium"], "faster-whisper/medium"),
        ("de", ["whisper/tiny", "faster-whisper/medium"], "faster-whisper/medium"),
        ("de", ["faster-whisper/tiny.en", "whisper/large-v3"], "whisper/large-v3"),
        ("", ["faster-whisper/tiny.en", "whisper/large-v3"], "whisper/large-v3"),
        ("en", ["faster-whisper/tiny.en", "whisper/large-v3"], "faster-whisper/tiny.en"),
    ],
)
def test_resolve_falls_back_to_what_is_most_alike(
    put_weights: PutWeights, language: str, there: list[str], expected: str
) -> None:
    for name in there:
        put_weights(*name.split("/"))

    assert "/".join(chosen(resolve(model="small", language=language))) == expected


def test_resolve_passes_over_what_failed_a_moment_ago(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", "small")
    failed = {("faster-whisper", "small"): "Model small could not be loaded"}

    choice = resolve(model="small", excluded=failed)

    assert chosen(choice) == ("faster-whisper", "base")
    assert choice.warnings == ("Model small could not be loaded; base (faster-whisper) was used instead.",)
    with pytest.raises(NothingRunnable, match="Model small could not be loaded"):
        resolve(model="small", excluded=failed | {("faster-whisper", "base"): "Model base could not be loaded"})


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"model": "tiny.en", "language": "de"}, "Model tiny.en knows English only"),
        ({"model": "tiny.en", "task": "translate"}, "Model tiny.en cannot translate"),
        ({"model": "distil-large-v3", "language": "fr"}, "Model distil-large-v3 knows English only"),
        ({"model": "large-v3-turbo", "language": "de", "task": "translate"}, "Model large-v3-turbo cannot translate"),
        ({"model": "huge"}, "There is no model “huge” for faster-whisper"),
        ({"model": "../../etc"}, "There is no model “../../etc” for faster-whisper"),
        ({"engine": "cloud"}, "There is no engine “cloud”"),
        ({"engine": "fake"}, "There is no engine “fake”"),
    ],
)
def test_resolve_says_why_the_asked_model_cannot_serve(
    put_weights: PutWeights, asked: dict[str, str], reason: str
) -> None:
    for model in ("tiny.en", "base", "distil-large-v3", "large-v3-turbo"):
        put_weights("faster-whisper", model)

    choice = resolve(**asked)

    assert chosen(choice) == ("faster-whisper", "base")
    assert choice.warnings == (f"{reason}; base (faster-whisper) was used instead.",)


@pytest.mark.parametrize(
    "asked",
    [
        {"model": "tiny.en", "language": "en"},
        {"model": "tiny.en"},
        {"model": "large-v3-turbo", "language": "de"},
    ],
)
def test_resolve_leaves_a_model_what_it_can_do(put_weights: PutWeights, asked: dict[str, str]) -> None:
    put_weights("faster-whisper", "base")
    put_weights("faster-whisper", asked["model"])

    choice = resolve(**asked)

    assert (choice.spec.model, choice.warnings) == (asked["model"], ())


def test_resolve_warns_where_only_english_is_left_and_the_language_is_not_known(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "tiny.en")

    assert resolve().warnings[-1] == (
        "Model tiny.en knows English only: speech in another language will come out wrong."
    )


def test_resolve_says_all_reasons_of_one_step_down_in_one_sentence(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "tiny.en")
    damage = "faster-whisper/base is damaged: model.bin is not what was installed."
    SpeechModel.objects.filter(store="faster-whisper", key="base").update(status="broken", status_detail=damage)

    assert resolve(engine="whisper", model="base").warnings == (
        (
            f"Model base is not installed for whisper; model base (faster-whisper) is broken: {damage.rstrip('.')}; "
            "tiny.en (faster-whisper) was used instead."
        ),
        "Model tiny.en knows English only: speech in another language will come out wrong.",
    )


def test_resolve_goes_to_the_other_engine_where_a_library_is_missing(
    put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_weights("faster-whisper", "base")
    put_weights("whisper", "base")
    hide(monkeypatch, "ctranslate2")

    choice = resolve()

    assert chosen(choice) == ("whisper", "base")
    assert choice.warnings == ("The library of faster-whisper is not installed; base (whisper) was used instead.",)


def test_resolve_does_not_take_damaged_weights(put_weights: PutWeights) -> None:
    (put_weights("faster-whisper", "base") / "model.bin").write_bytes(b"cut")
    put_weights("whisper", "base")

    assert chosen(resolve()) == ("whisper", "base")


@pytest.mark.parametrize(("name", "content"), [("model.bin", b"cut"), ("manifest.json", b"{")])
def test_resolve_says_of_weights_that_broke_just_now_what_everything_else_will_say(
    put_weights: PutWeights, name: str, content: bytes
) -> None:
    place = put_weights("faster-whisper", "base")
    put_weights("whisper", "base")
    scan.refresh()
    (place / name).write_bytes(content)

    at_once = resolve().warnings
    scan.refresh()

    assert at_once == resolve().warnings
    assert "Model base (faster-whisper) is broken: " in at_once[0]


def test_diarizer_says_of_weights_that_broke_just_now_what_everything_else_will_say(put_weights: PutWeights) -> None:
    put_weights("diarization", "pyannote-segmentation")
    place = put_weights("diarization", "ge2e")
    scan.refresh()
    next(path for path in place.iterdir() if path.name != "manifest.json").write_bytes(b"cut")

    def told() -> set[str]:
        return {one.reason for one in diarizers() if not one.available}

    at_once = told()
    scan.refresh()

    assert at_once == told()
    assert "The weights ge2e of vad are broken: Files are missing or cut short." in at_once


def test_resolve_says_what_to_do_where_nothing_is_installed() -> None:
    with pytest.raises(NothingRunnable) as refusal:
        resolve(model="small")

    assert str(refusal.value) == "No speech model is installed. Run: .venv/bin/python manage.py weights install base"


def test_resolve_says_what_to_do_where_nothing_can_serve(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "tiny.en")

    with pytest.raises(NothingRunnable) as refusal:
        resolve(model="tiny.en", language="de")

    assert str(refusal.value) == (
        "No installed speech model can serve this. Model tiny.en knows English only. "
        "Run: .venv/bin/python manage.py weights install base"
    )


def test_resolve_says_what_to_do_where_no_library_is(put_weights: PutWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    put_weights("faster-whisper", "base")
    hide(monkeypatch, "faster_whisper", "whisper")

    with pytest.raises(NothingRunnable, match=r"^No engine is installed\. Run: make setup$"):
        resolve()


def test_resolve_knows_the_fake_engine_where_the_settings_do(settings: Settings) -> None:
    settings.FAKE_ENGINE = True

    assert resolve(engine="fake", language="de", task="translate") == Choice(
        EngineSpec("fake", "fake", "", threads=2), "", ()
    )
    with pytest.raises(NothingRunnable):
        resolve()


def test_available_lists_every_model_with_what_hinders_it(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "base")

    found = available()

    assert len(found) == 22
    base = Availability("faster-whisper", "base", available=True, reason="", purpose="fast, for clear speech")
    assert [one for one in found if one.available] == [base]
    assert (found[0].model, found[0].available) == ("tiny", False)
    assert found[0].reason == "Model tiny is not installed for faster-whisper."


def test_available_lists_the_fake_engine_where_the_settings_know_it(settings: Settings) -> None:
    assert all(one.engine != "fake" for one in available())

    settings.FAKE_ENGINE = True

    assert available()[-1] == Availability("fake", "fake", available=True, reason="")


def test_resolver_loads_no_heavy_library() -> None:
    code = (
        "import sys, django; django.setup(); from registry.resolver import available; available();"
        "print(sorted({'torch', 'numpy', 'ctranslate2', 'faster_whisper', 'whisper', 'av'} & set(sys.modules)))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def _forbid_choosing() -> None:
    Preferences.objects.update_or_create(pk=1, defaults={"may_choose_model": False, "may_choose_diarizer": False})


def test_resolve_keeps_to_what_a_text_was_begun_with_where_people_may_not_choose(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "tiny")
    _forbid_choosing()

    choice = resolve(engine="faster-whisper", model="tiny", by_staff=False, is_planned=True)

    assert (chosen(choice), choice.warnings) == (("faster-whisper", "tiny"), ())


def test_resolve_may_fall_back_to_what_was_not_allowed_to_be_chosen(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "tiny")
    _forbid_choosing()

    choice = resolve(engine="faster-whisper", model="tiny", by_staff=False)

    assert chosen(choice) == ("faster-whisper", "tiny")
    assert choice.warnings == (
        (
            "Only administrators may choose the model here; model base is not installed for faster-whisper; "
            "tiny (faster-whisper) was used instead."
        ),
    )
