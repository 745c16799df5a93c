import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from registry import scan
from registry.models import Provider, SpeechModel
from speech.weights import Weights, check, install
from tests.conftest import PutWeights
from tests.speech.weights.conftest import CONTENT, Publisher, little, publisher
from tests.speech.weights.test_by_hand import lay

__all__ = ["little", "publisher"]

pytestmark = pytest.mark.django_db


def weights(*arguments: str) -> list[str]:
    """Run the command and return the lines that it wrote."""
    output = StringIO()
    call_command("weights", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_list_shows_what_is_installed_and_where_the_rest_can_be_had(put_weights: PutWeights) -> None:
    put_weights("faster-whisper", "base")

    lines = {tuple(line.split()[:2]): " ".join(line.split()[2:]) for line in weights("list")}

    assert len(lines) == 26
    assert lines["ge2e", "diarization"] == "17.1 MB - publisher, package index"
    assert lines["pyannote-community-1", "diarization"] == "32.8 MB - publisher, with a token"
    assert lines["base", "faster-whisper"] == "0.0 MB verified 2026-01-02 publisher, package index"
    assert lines["base", "whisper"] == "145.3 MB - publisher, rebuilt from faster-whisper"
    assert lines["distil-large-v3", "whisper"] == "- - rebuilt from faster-whisper"


def test_list_says_which_sources_are_not_allowed(settings: Settings, weights_folder: Path) -> None:
    settings.WEIGHTS_SOURCES = ["index"]
    lines = {tuple(line.split()[:2]): " ".join(line.split()[2:]) for line in weights("list")}
    assert lines["base", "faster-whisper"] == "147.9 MB - publisher (not allowed), package index"
    assert lines["base", "whisper"] == "145.3 MB - publisher (not allowed), rebuilt from faster-whisper"
    assert lines["tiny", "whisper"] == "75.6 MB - publisher (not allowed), rebuilt from faster-whisper (not allowed)"


def test_list_says_what_was_changed_since_it_was_verified(little: Weights, weights_folder: Path) -> None:
    weights("install", "base")
    brought = lay(weights_folder / "faster-whisper" / "kanzlei")
    check(weights_folder, engine="faster-whisper", model="kanzlei")
    for place in (weights_folder / "faster-whisper" / "base", brought):
        os.utime(place / "model.bin", (1e9, 1e9))

    lines = {tuple(line.split()[:2]): line for line in weights("list")}

    assert "changed: verify it" in lines["base", "faster-whisper"]
    assert "changed: verify it" in lines["kanzlei", "faster-whisper"]


def test_list_says_below_a_line_why_weights_are_broken(half: SpeechModel, put_weights: PutWeights) -> None:
    place = put_weights("faster-whisper", "base")
    scan.refresh()
    (place / "model.bin").write_bytes(b"cut")

    lines = weights("list")

    sources = lines[0].index("SOURCES")
    for model, source, why in (
        ("base ", "publisher, package index", "Files are missing or cut short."),
        ("half ", "brought by hand", half.status_detail),
    ):
        [index] = [index for index, line in enumerate(lines) if line.startswith(model) and " broken " in line]
        assert lines[index][sources:] == source
        assert lines[index + 1] == f"  {why}"


def test_list_ends_quietly_where_nobody_reads_on(settings: Settings) -> None:
    command = f"{sys.executable} manage.py weights list | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert (done.stdout.split()[0], done.stderr) == ("MODEL", "")
    assert done.returncode in (0, 141)  # It may have written all before.


def test_install_says_what_it_did_and_the_second_time_that_it_was_there(
    little: Weights, weights_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = weights("install", "base"), weights("install", "base")

    assert first[0].startswith("faster-whisper/base is installed and verified (0.3 MB, http://127.0.0.1:")
    assert second == [f"faster-whisper/base is already installed in {weights_folder / 'faster-whisper' / 'base'}."]
    assert capsys.readouterr().err.splitlines() == [
        "faster-whisper/base: Downloading from 127.0.0.1",
        "faster-whisper/base: Checking",
    ]


def test_install_fails_with_a_sentence(little: Weights, publisher: Publisher, settings: Settings) -> None:
    settings.WEIGHTS_SOURCES = ["publisher"]
    publisher.files.clear()

    with pytest.raises(CommandError, match=r"faster-whisper/base could not be installed\. The publisher .* 404"):
        weights("install", "base")


def test_install_refuses_sources_that_nobody_knows(little: Weights, settings: Settings) -> None:
    settings.WEIGHTS_SOURCES = ["index", "elsewhere"]

    with pytest.raises(CommandError, match="SELENITE_WEIGHTS_SOURCES may name publisher and index, not 'elsewhere'"):
        weights("install", "base")


@pytest.mark.parametrize("action", ["install", "verify", "remove", "path"])
def test_unknown_names_are_refused(action: str) -> None:
    usual = "" if action == "verify" else " for faster-whisper"
    with pytest.raises(CommandError, match=f"There is no model 'huge'{usual}. Known models: tiny, "):
        weights(action, "huge")
    with pytest.raises(CommandError, match="There is no model 'huge' for whisper"):
        weights(action, "huge", "--engine", "whisper")


@pytest.mark.parametrize("action", ["verify", "path"])
def test_missing_models_are_refused_with_the_command_that_helps(action: str) -> None:
    with pytest.raises(
        CommandError,
        match="faster-whisper/tiny is not installed. Run: .venv/bin/python manage.py weights install tiny$",
    ):
        weights(action, "tiny")


def test_verify_reads_everything_and_names_all_that_is_damaged(little: Weights, weights_folder: Path) -> None:
    found = install("base", engine="faster-whisper", folder=weights_folder)
    assert weights("verify") == weights("verify", "base") == ["faster-whisper/base is as it was installed."]
    (found.path / "model.bin").write_bytes(bytes(reversed(CONTENT["model.bin"])))

    with pytest.raises(
        CommandError, match=r"base is damaged: model.bin is not what was installed\. Run: .* install base"
    ):
        weights("verify")
    with pytest.raises(
        CommandError, match=r"model.bin of .*/base is not the file that its publisher has.* install base"
    ):
        weights("verify")


def test_verify_of_nothing_says_so() -> None:
    assert weights("verify") == ["No weights are installed."]


def test_path_prints_what_the_engine_loads(put_weights: PutWeights) -> None:
    folder, checkpoint = put_weights("faster-whisper", "base"), put_weights("whisper", "base") / "base.pt"

    assert weights("path", "base") == [str(folder)]
    assert weights("path", "base", "--engine", "all") == [str(folder), str(checkpoint)]


def test_remove_deletes_the_model_and_what_was_downloaded_of_it(put_weights: PutWeights, weights_folder: Path) -> None:
    place = put_weights("whisper", "base")
    kept = put_weights("faster-whisper", "base")
    part = weights_folder / ".incoming" / "whisper" / "base" / "base.pt.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")

    assert weights("remove", "base", "--engine", "whisper") == ["whisper/base is removed."]

    assert (place.exists(), part.exists(), kept.exists()) == (False, False, True)
    with pytest.raises(CommandError, match="base is not installed for whisper"):
        weights("remove", "base", "--engine", "whisper")


@pytest.mark.parametrize("action", ["install", "verify", "remove", "path"])
@pytest.mark.parametrize("name", ["", " "])
def test_empty_name_is_refused(action: str, name: str) -> None:
    with pytest.raises(CommandError, match="Name a model. Run: .venv/bin/python manage.py weights list"):
        weights(action, name)


@pytest.mark.parametrize("action", ["install", "verify", "remove", "path"])
def test_engine_that_does_not_fit_is_refused(action: str, put_weights: PutWeights) -> None:
    place = put_weights("diarization", "ge2e")
    with pytest.raises(CommandError, match="ge2e is not for whisper. Leave out --engine."):
        weights(action, "ge2e", "--engine", "whisper")
    assert place.exists()


def test_what_tells_speakers_apart_is_missed_in_its_own_place() -> None:
    with pytest.raises(
        CommandError, match="diarization/ge2e is not installed. Run: .venv/bin/python manage.py weights install ge2e$"
    ):
        weights("verify", "ge2e")


@pytest.mark.parametrize("action", ["install", "path", "verify"])
def test_what_no_allowed_source_has_is_brought_by_hand(action: str, settings: Settings) -> None:
    settings.WEIGHTS_SOURCES = ["index"]
    with pytest.raises(
        CommandError,
        match="faster-whisper/small is not installed. No source that is allowed here has small: bring the folder "
        "faster-whisper/small by hand into the weights folder and rescan, or allow the publisher",
    ) as refusal:
        weights(action, "small")
    assert "weights install" not in str(refusal.value)


@pytest.fixture
def half(weights_folder: Path) -> SpeechModel:
    """A model that somebody brought by half."""
    lay(weights_folder / "faster-whisper" / "half", without="tokenizer.json")
    with pytest.raises(CommandError, match="tokenizer.json is missing"):
        weights("rescan")
    return SpeechModel.objects.get(key="half")


def test_broken_weights_that_somebody_brought_are_verified(half: SpeechModel, weights_folder: Path) -> None:
    with pytest.raises(CommandError, match="tokenizer.json is missing.$"):
        weights("verify", "half")
    (weights_folder / "faster-whisper" / "half" / "tokenizer.json").write_text("{}")

    with pytest.raises(CommandError, match="The weights of half could not be loaded: "):
        weights("verify", "half")
    half.refresh_from_db()
    assert half.status == SpeechModel.Status.BROKEN
    assert half.status_detail.startswith("The weights of half could not be loaded: ")


def test_broken_weights_that_somebody_brought_are_removed(half: SpeechModel, weights_folder: Path) -> None:
    assert weights("remove", "half") == ["faster-whisper/half is removed."]

    assert not (weights_folder / "faster-whisper" / "half").exists()
    assert not SpeechModel.objects.filter(key="half").exists()
    assert not [line for line in weights("list") if line.startswith("half ")]


def test_file_that_was_brought_and_is_no_checkpoint_is_removed(weights_folder: Path) -> None:
    file = weights_folder / "whisper" / "noise.pt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"noise")
    SpeechModel.objects.create(
        provider=Provider.objects.get(key="whisper"),
        store="whisper",
        key="noise",
        name="noise",
        install_path="whisper/noise.pt",
        status=SpeechModel.Status.BROKEN,
        status_detail="noise.pt is not a checkpoint of Whisper.",
    )

    assert weights("remove", "noise", "--engine", "whisper") == ["whisper/noise is removed."]

    assert not file.exists()


def test_weights_that_somebody_brought_and_lost_are_forgotten(half: SpeechModel, weights_folder: Path) -> None:
    SpeechModel.objects.filter(pk=half.pk).update(install_path="elsewhere/half")
    scan.refresh()
    with pytest.raises(CommandError, match="elsewhere/half"):
        weights("verify", "half")
    assert weights("remove", "half") == ["faster-whisper/half is removed."]
    assert not SpeechModel.objects.filter(key="half").exists()


def test_known_names_are_told_with_those_that_somebody_brought(half: SpeechModel) -> None:
    with pytest.raises(CommandError, match="Known models: tiny, .*, ge2e, pyannote-community-1, half."):
        weights("verify", "huge")
    with pytest.raises(CommandError, match="There is no model 'half' for whisper. Write: --engine faster-whisper"):
        weights("path", "half", "--engine", "whisper")
