"""Weights that somebody has put on the disk, good and hostile ones."""

import json
import os
import struct
import zipfile
from pathlib import Path

import pytest

from speech.weights import (
    BY_HAND,
    Weights,
    WeightsError,
    brought,
    check,
    clear,
    find,
    is_there,
    look,
    passed_over,
    resolve,
    unknown,
)
from speech.weights.by_hand import ENGLISH_VOCABULARY
from speech.weights.manifest import Manifest
from speech.weights.types import FASTER_WHISPER, WHISPER
from tests.speech.weights.conftest import CONTENT, sha256

NO_WHOLE_MODEL = "faster-whisper/junk is not a whole model for faster-whisper:"
MODEL_BIN = struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + bytes(1000)


def lay(place: Path, *, words: int = 51865, without: str = "", numbers: bytes = MODEL_BIN) -> Path:
    """Put what looks like a model for faster-whisper somewhere."""
    place.mkdir(parents=True)
    contents = {
        "model.bin": numbers,
        "config.json": b"{}",
        "tokenizer.json": b"{}",
        "vocabulary.json": json.dumps([str(number) for number in range(words)]).encode(),
    }
    for name, content in contents.items():
        if name != without:
            (place / name).write_bytes(content)
    return place


def take(folder: Path, model: str = "ours", path: str = "", engine: str = FASTER_WHISPER):
    return check(folder, engine=engine, model=model, path=path)


def test_catalogue_model_in_its_place_is_compared_and_taken_up(little: Weights, tmp_path: Path):
    place = tmp_path / "faster-whisper" / "base"
    place.mkdir(parents=True)
    for name, content in CONTENT.items():
        (place / name).write_bytes(content)
    assert is_there(tmp_path, engine=FASTER_WHISPER, model="base")
    assert find(tmp_path, engine=FASTER_WHISPER, model="base") is None

    found = take(tmp_path, "base")

    assert (found.sha256, found.source) == (sha256(CONTENT["model.bin"]), BY_HAND)
    assert find(tmp_path, engine=FASTER_WHISPER, model="base") == found


def test_catalogue_model_with_other_content_is_refused_by_its_hash(little: Weights, tmp_path: Path):
    place = tmp_path / "faster-whisper" / "base"
    place.mkdir(parents=True)
    for name, content in CONTENT.items():
        (place / name).write_bytes(bytes(reversed(content)))

    with pytest.raises(WeightsError, match=r"model\.bin of faster-whisper/base is not the file that its publisher has"):
        take(tmp_path, "base")

    assert find(tmp_path, engine=FASTER_WHISPER, model="base") is None


def test_catalogue_model_that_is_cut_is_refused_without_reading_it(little: Weights, tmp_path: Path):
    place = tmp_path / "faster-whisper" / "base"
    place.mkdir(parents=True)
    (place / "model.bin").write_bytes(CONTENT["model.bin"][:-1])
    (place / "config.json").write_bytes(CONTENT["config.json"])

    with pytest.raises(WeightsError, match=r"it is 255,999 bytes long and must be 256,000"):
        take(tmp_path, "base")


def test_forged_manifest_of_a_known_model_does_not_pass_a_verification(little: Weights, tmp_path: Path):
    place = tmp_path / "faster-whisper" / "base"
    place.mkdir(parents=True)
    for name, content in CONTENT.items():
        (place / name).write_bytes(content)
    take(tmp_path, "base")
    forged = bytes(len(CONTENT["model.bin"]))
    (place / "model.bin").write_bytes(forged)
    data = json.loads((place / "manifest.json").read_text())
    data["files"][0]["sha256"] = sha256(forged)
    (place / "manifest.json").write_text(json.dumps(data))

    with pytest.raises(WeightsError, match="base is damaged: model.bin"):
        take(tmp_path, "base")


@pytest.mark.parametrize(("words", "is_english"), [(51865, False), (51866, False), (ENGLISH_VOCABULARY, True)])
def test_unknown_model_is_found_and_knows_its_languages(tmp_path: Path, words: int, is_english: bool):
    lay(tmp_path / "faster-whisper" / "ours", words=words)
    assert list(unknown(tmp_path)) == [(FASTER_WHISPER, "ours", "")]

    found = take(tmp_path)

    assert (found.english_only, found.sha256) == (is_english, sha256(MODEL_BIN))
    assert found.path == tmp_path / "faster-whisper" / "ours"
    assert brought(tmp_path) == [found]
    assert take(tmp_path).verified_at >= found.verified_at


def test_text_vocabulary_is_counted_by_its_lines(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours", without="vocabulary.json")
    (place / "vocabulary.txt").write_bytes(b"\n".join([b"word\xe2\x80\xa8"] * ENGLISH_VOCABULARY))

    assert take(tmp_path).english_only


@pytest.mark.parametrize("missing", ["tokenizer.json", "vocabulary.json"])
def test_model_without_all_its_files_is_refused(tmp_path: Path, missing: str):
    lay(tmp_path / "faster-whisper" / "ours", without=missing)

    with pytest.raises(WeightsError, match=f"is not a whole model for faster-whisper: {missing} is missing"):
        take(tmp_path)


def test_all_that_is_missing_is_named(tmp_path: Path):
    (lay(tmp_path / "faster-whisper" / "ours", without="vocabulary.json") / "config.json").unlink()

    with pytest.raises(WeightsError, match=r": config\.json and vocabulary\.json are missing\.$"):
        take(tmp_path)


def test_look_passes_what_a_check_takes(tmp_path: Path):
    import torch

    lay(tmp_path / "faster-whisper" / "ours")
    (tmp_path / "whisper").mkdir()
    content = {"dims": {"n_vocab": ENGLISH_VOCABULARY}, "model_state_dict": {"a": torch.zeros(2)}}
    torch.save(content, tmp_path / "whisper" / "ours.pt")

    look(tmp_path, engine=FASTER_WHISPER, model="ours")
    look(tmp_path, engine=WHISPER, model="ours", path="whisper/ours.pt")

    assert take(tmp_path, path="whisper/ours.pt", engine=WHISPER).english_only
    assert not take(tmp_path).english_only


def test_look_refuses_what_is_no_model_with_what_was_expected(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours")
    (place / "vocabulary.json").write_text("words")
    with pytest.raises(
        WeightsError, match=r"is not a vocabulary\. A model for faster-whisper is a folder with model\.bin"
    ):
        look(tmp_path, engine=FASTER_WHISPER, model="ours")

    (tmp_path / "whisper").mkdir()
    with zipfile.ZipFile(tmp_path / "whisper" / "ours.pt", "w") as archive:
        archive.writestr("holiday.txt", "sun")
    for path in ("whisper/ours.pt", "whisper/none.pt"):
        with pytest.raises(WeightsError, match="A model for whisper is a file that ends in .pt"):
            look(tmp_path, engine=WHISPER, model="ours", path=path)


def test_another_format_is_refused(tmp_path: Path):
    lay(tmp_path / "faster-whisper" / "ours", numbers=b"PK\3\4" + bytes(1000))

    with pytest.raises(WeightsError, match=r"is not a Whisper model of CTranslate2|is cut short"):
        take(tmp_path)


def test_path_that_an_administrator_gave_is_followed_out_of_the_folder(tmp_path: Path):
    elsewhere = lay(tmp_path / "elsewhere")
    (elsewhere / "model.bin").rename(tmp_path / "blob")
    (elsewhere / "model.bin").symlink_to(tmp_path / "blob")
    models = tmp_path / "models"
    models.mkdir()

    found = take(models, path=str(elsewhere))

    assert (found.path, found.given_path) == (elsewhere, str(elsewhere))
    assert find(models, engine=FASTER_WHISPER, model="ours") == found
    assert clear(models, engine=FASTER_WHISPER, model="ours")
    assert (elsewhere / "config.json").exists()
    assert find(models, engine=FASTER_WHISPER, model="ours") is None


def test_link_out_of_the_folder_is_not_followed(tmp_path: Path):
    models, secret = tmp_path / "models", tmp_path / "secret"
    secret.write_bytes(MODEL_BIN)
    place = lay(models / "faster-whisper" / "ours", without="model.bin")
    (place / "model.bin").symlink_to(secret)
    (models / "faster-whisper" / "linked").symlink_to(lay(tmp_path / "elsewhere"))

    assert [name for _, name, _ in unknown(models)] == ["ours"]
    with pytest.raises(WeightsError, match="is a link out of the weights folder"):
        take(models)


@pytest.mark.parametrize("path", ["../elsewhere", "faster-whisper/../../elsewhere", "faster-whisper/linked", ""])
def test_relative_path_stays_inside(tmp_path: Path, path: str):
    models = tmp_path / "models"
    (models / "faster-whisper").mkdir(parents=True)
    (models / "faster-whisper" / "linked").symlink_to(lay(tmp_path / "elsewhere"))

    with pytest.raises(ValueError, match="is not inside the weights folder"):
        resolve(models, path)
    with pytest.raises(WeightsError):
        take(models, path=path)


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../base", "x" * 65, "a\0b", "-rf", "a\n"])
def test_hostile_names_lead_nowhere(tmp_path: Path, name: str):
    models = tmp_path / "models"
    models.mkdir()
    assert find(models, engine=FASTER_WHISPER, model=name) is None
    assert find(models, engine=name, model="base") is None
    assert not is_there(models, engine=FASTER_WHISPER, model=name)
    with pytest.raises(WeightsError, match="is no name"):
        take(models, name)
    with pytest.raises(ValueError, match="is no name"):
        clear(models, engine=FASTER_WHISPER, model=name)
    assert list(models.iterdir()) == []


def test_manifest_whose_path_leads_out_in_disguise_is_none(tmp_path: Path):
    lay(tmp_path / "elsewhere")
    models = tmp_path / "models"
    lay(models / "faster-whisper" / "ours")
    take(models)
    place = models / "faster-whisper" / "ours"
    data = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**data, "path": "../elsewhere"}))

    assert find(models, engine=FASTER_WHISPER, model="ours") is None


def test_manifest_of_another_model_is_none(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours")
    take(tmp_path)
    place.rename(place.with_name("theirs"))

    assert find(tmp_path, engine=FASTER_WHISPER, model="theirs") is None


def test_file_that_is_a_device_or_a_pipe_is_no_file(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours", without="model.bin")
    os.mkfifo(place / "model.bin")

    assert list(unknown(tmp_path)) == []
    with pytest.raises(WeightsError, match="model.bin is missing"):
        take(tmp_path)


def test_change_of_a_file_is_noticed_without_reading_it(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours")
    found = take(tmp_path)
    assert not found.is_changed

    (place / "model.bin").write_bytes(MODEL_BIN[:-1] + b"!")
    os.utime(place / "model.bin", ns=(1, 1))

    assert find(tmp_path, engine=FASTER_WHISPER, model="ours").is_changed
    with pytest.raises(WeightsError, match="ours is damaged"):
        take(tmp_path)


def test_touched_file_is_as_it_was_after_a_verification(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours")
    take(tmp_path)
    os.utime(place / "model.bin", ns=(1, 1))

    take(tmp_path)

    assert not find(tmp_path, engine=FASTER_WHISPER, model="ours").is_changed


def test_manifest_of_an_earlier_version_is_read(little: Weights, tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours")
    take(tmp_path)
    data = json.loads((place / "manifest.json").read_text())
    for name in ("path", "english_only"):
        del data[name]
    data["files"] = [{name: value for name, value in file.items() if name != "modified_ns"} for file in data["files"]]
    (place / "manifest.json").write_text(json.dumps(data))

    assert Manifest.read(place).files[0].modified_ns == 0
    assert not find(tmp_path, engine=FASTER_WHISPER, model="ours").is_changed


def test_checkpoint_beside_the_folders_is_found_and_removed(tmp_path: Path):
    import torch

    (tmp_path / "whisper").mkdir()
    checkpoint = tmp_path / "whisper" / "ours.pt"
    torch.save({"dims": {"n_vocab": ENGLISH_VOCABULARY}, "model_state_dict": {}}, checkpoint)
    assert list(unknown(tmp_path)) == [(WHISPER, "ours", "whisper/ours.pt")]

    found = take(tmp_path, path="whisper/ours.pt", engine=WHISPER)

    assert (found.path, found.english_only) == (checkpoint, True)
    assert clear(tmp_path, engine=WHISPER, model="ours")
    assert not checkpoint.exists()


def test_checkpoint_with_code_in_it_is_refused_and_the_code_not_run(tmp_path: Path):
    import pickle

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "pwned"),)

    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "evil.pt").write_bytes(pickle.dumps({"dims": Evil()}))

    with pytest.raises(WeightsError, match="is not a checkpoint of Whisper"):
        take(tmp_path, "evil", path="whisper/evil.pt", engine=WHISPER)

    assert not (tmp_path / "pwned").exists()


def test_removal_leaves_files_that_another_manifest_names(tmp_path: Path):
    place = lay(tmp_path / "faster-whisper" / "ours")
    take(tmp_path)
    take(tmp_path, "alias", path="faster-whisper/ours")

    assert clear(tmp_path, engine=FASTER_WHISPER, model="alias")

    assert (place / "model.bin").exists()
    assert find(tmp_path, engine=FASTER_WHISPER, model="ours")


@pytest.mark.parametrize(
    "change",
    [
        {"path": 5},
        {"source": None},
        {"english_only": "no"},
        {"verified_at": "yesterday"},
        {"verified_at": "2026-01-02T03:04:05"},
        {"files": 5},
        {"files": [{"name": 5, "size_bytes": 1, "sha256": ""}]},
        {"files": [{"name": "model.bin", "size_bytes": "1", "sha256": ""}]},
        {"files": [{"name": "a\0b", "size_bytes": 1, "sha256": ""}]},
    ],
)
def test_manifest_with_something_of_another_type_is_none(tmp_path: Path, change: dict[str, object]):
    place = lay(tmp_path / "faster-whisper" / "ours")
    take(tmp_path)
    data = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**data, **change}))

    assert find(tmp_path, engine=FASTER_WHISPER, model="ours") is None
    assert brought(tmp_path) == []


def test_what_is_no_model_is_named_with_the_reason(tmp_path: Path):
    for folder in (
        "faster-whisper/junk",
        "whisper/void",
        "whisper/renamed",
        "diarization/ours",
        "faster-whisper/.cache",
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "faster-whisper" / "junk" / "model.bin").write_bytes(MODEL_BIN)
    for name in ("Bad Name", "line\nbreak"):
        lay(tmp_path / "faster-whisper" / name)
    (tmp_path / "faster-whisper" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "faster-whisper" / "notes.txt").write_text("not meant as a model")
    (tmp_path / "whisper" / "other.pt").touch()
    (tmp_path / "whisper" / "renamed" / "model.pt").write_bytes(b"not a model")

    assert [reason.partition(": a name has")[0] for _, reason in passed_over(tmp_path)] == [
        "faster-whisper/Bad Name is passed over",
        f"{NO_WHOLE_MODEL} config.json, tokenizer.json and vocabulary.json are missing.",
        "faster-whisper/line\ufffdbreak is passed over",
        "faster-whisper/linked is passed over: links are not followed. Add it with the path that it leads to instead.",
        "whisper/other.pt holds no checkpoints (.pt) for whisper.",
        "whisper/renamed/model.pt is not a checkpoint of Whisper.",
        "whisper/void holds no checkpoints (.pt) for whisper.",
        "Nothing is known of the weights diarization/ours.",
    ]


def test_what_is_a_model_or_stands_for_one_is_not_passed_over(little: Weights, tmp_path: Path):
    lay(tmp_path / "faster-whisper" / "ours")
    lay(tmp_path / "faster-whisper" / "base")
    place = lay(tmp_path / "faster-whisper" / "Given Name")
    take(tmp_path, "alias", path="faster-whisper/Given Name")
    assert list(passed_over(tmp_path)) == []

    take(tmp_path)
    (tmp_path / "faster-whisper" / "ours" / "model.bin").unlink()
    place.rename(tmp_path / "elsewhere")
    assert [reason for _, reason in passed_over(tmp_path)] == [
        "faster-whisper/ours is not a whole model for faster-whisper: model.bin is missing."
    ]
