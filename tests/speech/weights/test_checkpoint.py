import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speech.weights import CATALOGUE, FASTER_WHISPER, WHISPER, Weights, WeightsError, catalogue, check, find, install
from speech.weights.checkpoint import IN_LAYER, KINDS, OUTSIDE_LAYERS, main, read_variables, rebuild, tensors_sha256
from speech.weights.types import INDEX, File
from tests.speech.weights.conftest import CONTENT, sha256

DIMENSIONS = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": 16,
    "n_audio_head": 2,
    "n_audio_layer": 2,
    "n_vocab": 50,
    "n_text_ctx": 448,
    "n_text_state": 16,
    "n_text_head": 4,
    "n_text_layer": 1,
}
State = dict[str, Any]
Variables = dict[str, Any]


@pytest.fixture
def state() -> State:
    """Return the tensors of a small Whisper with random weights, in half precision as they are published."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    torch.manual_seed(1)
    model = Whisper(ModelDimensions(**DIMENSIONS))
    return {name: torch.randn_like(tensor).half() for name, tensor in model.state_dict().items()}


@pytest.fixture
def variables(state: State) -> Variables:
    """Return the same as CTranslate2 keeps it: other names, stacked attention, a bias of zeros for every key."""
    import numpy as np

    found: Variables = {name: state[theirs].numpy() for name, theirs in OUTSIDE_LAYERS.items()}
    for side, layers in (("encoder", 2), ("decoder", 1)):
        heads = DIMENSIONS["n_audio_head" if side == "encoder" else "n_text_head"]
        found[f"{side}/num_heads"] = np.array(heads, dtype="<i2")
        for layer in range(layers):
            for variable, tensors in IN_LAYER.items():
                for last, kind in KINDS.items():
                    names = [f"{side}.blocks.{layer}.{tensor}.{kind}" for tensor in tensors]
                    if state.keys().isdisjoint(names) or ("norm" in variable) != (last in ("gamma", "beta")):
                        continue
                    zeros = np.zeros(16, dtype="<f2")
                    parts = [state[name].numpy() if name in state else zeros for name in names]
                    found[f"{side}/layer_{layer}/{variable}/{last}"] = np.concatenate(parts)
    return found


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def model_bin(variables: Variables, *, version: int = 6, specification: str = "WhisperSpec") -> bytes:
    kinds = {"<f4": 0, "|i1": 1, "<i2": 2, "<i4": 3, "<f2": 4}
    content = struct.pack("<I", version) + text(specification) + struct.pack("<II", 3, len(variables))
    for name, array in variables.items():
        content += text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        content += struct.pack("<BI", kinds[array.dtype.str], array.nbytes) + array.tobytes()
    return content + struct.pack("<I", 0)


@pytest.fixture
def folder(tmp_path: Path, variables: Variables) -> Path:
    """Return a CTranslate2 folder."""
    folder = tmp_path / "ctranslate2"
    folder.mkdir()
    (folder / "model.bin").write_bytes(model_bin(variables))
    return folder


def test_rebuild_loses_nothing(folder: Path, state: State, tmp_path: Path) -> None:
    import torch

    rebuild(folder, tmp_path / "base.pt")

    checkpoint = torch.load(tmp_path / "base.pt", weights_only=True)
    assert checkpoint["dims"] == DIMENSIONS
    assert checkpoint["model_state_dict"].keys() == state.keys()
    for name, tensor in checkpoint["model_state_dict"].items():
        assert tensor.dtype == torch.float16, name
        assert torch.equal(tensor, state[name]), name


def test_rebuilt_checkpoint_is_one_that_the_library_loads(folder: Path, state: State, tmp_path: Path) -> None:
    import torch
    import whisper

    rebuild(folder, tmp_path / "base.pt")

    model = whisper.load_model(str(tmp_path / "base.pt"), device="cpu")

    assert torch.equal(model.encoder.conv1.weight, state["encoder.conv1.weight"].float())


def test_rebuild_returns_the_hash_of_the_tensors(folder: Path, state: State, tmp_path: Path) -> None:
    import torch

    digest = rebuild(folder, tmp_path / "base.pt")

    shuffled = dict(reversed(state.items()))
    torch.save({"dims": {}, "model_state_dict": shuffled}, tmp_path / "shuffled.pt")
    assert tensors_sha256(tmp_path / "shuffled.pt") == digest
    shuffled["decoder.ln.bias"][3] += 0.5
    torch.save({"dims": {}, "model_state_dict": shuffled}, tmp_path / "other.pt")
    assert tensors_sha256(tmp_path / "other.pt") != digest


def _other_version(variables: Variables) -> bytes:
    return model_bin(variables, version=7)


def _other_model(variables: Variables) -> bytes:
    return model_bin(variables, specification="TransformerSpec")


def _cut(variables: Variables) -> bytes:
    return model_bin(variables)[:-100]


def _unknown_variable(variables: Variables) -> bytes:
    return model_bin(variables | {"encoder/layer_0/rotary/weight": variables["encoder/conv1/bias"]})


def _unknown_outside_layers(variables: Variables) -> bytes:
    return model_bin(variables | {"encoder/extra": variables["encoder/conv1/bias"]})


def _key_with_a_bias(variables: Variables) -> bytes:
    variables["encoder/layer_0/self_attention/linear_0/bias"][20] = 1
    return model_bin(variables)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_other_version, r"unknown format \(WhisperSpec, version 7\)"),
        (_other_model, r"unknown format \(TransformerSpec, version 6\)"),
        (_cut, "cut short"),
        (lambda _: b"", "cut short"),
        (_unknown_variable, "no Whisper model has: rotary/weight"),
        (_unknown_outside_layers, "no Whisper model has: encoder/extra"),
        (_key_with_a_bias, "a bias that no Whisper model has"),
    ],
)
def test_rebuild_refuses_what_it_does_not_know(
    folder: Path, variables: Variables, tmp_path: Path, spoil: Callable[[Variables], bytes], reason: str
) -> None:
    (folder / "model.bin").write_bytes(spoil(variables))

    with pytest.raises(WeightsError, match=reason):
        rebuild(folder, tmp_path / "base.pt")

    assert list(tmp_path.glob("*.pt*")) == []


def test_command_says_on_stderr_why_it_failed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "model.bin").write_bytes(b"")

    assert main(["rebuild", str(folder), str(tmp_path / "base.pt")]) == 1
    assert capsys.readouterr() == ("", "model.bin is cut short.")


@pytest.fixture
def small_pair(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes base the only model: as CTranslate2 files that are installed, and as a checkpoint."""

    def make(digest: str) -> None:
        contents = {"model.bin": (folder / "model.bin").read_bytes(), "config.json": CONTENT["config.json"]}
        files = tuple(File(name, len(content), sha256(content)) for name, content in contents.items())
        pair = (Weights(FASTER_WHISPER, "base", files), Weights(WHISPER, "base", (), tensors_sha256=digest))
        monkeypatch.setattr(catalogue, "CATALOGUE", pair)
        place = tmp_path / ".incoming" / FASTER_WHISPER / "base"
        place.mkdir(parents=True)
        for name, content in contents.items():
            (place / f"{name}.part").write_bytes(content)
        install("base", engine=FASTER_WHISPER, folder=tmp_path, sources=("publisher",))

    return make


def test_install_rebuilds_the_checkpoint_in_a_process_of_its_own(
    folder: Path, small_pair: Callable[[str], None], tmp_path: Path
) -> None:
    digest = rebuild(folder, tmp_path / "reference.pt")
    small_pair(digest)

    found = install("base", engine=WHISPER, folder=tmp_path, sources=(INDEX,))

    assert found.path == tmp_path / "whisper" / "base" / "base.pt"
    assert (found.sha256, found.source) == (digest, "rebuilt from faster-whisper/base")
    assert tensors_sha256(found.path) == digest
    assert (found.path.parent / "alignment_heads.json").read_text() == "[[0, 1]]"
    assert find(tmp_path, engine=WHISPER, model="base") == found


def test_rebuilt_checkpoint_is_known_by_its_tensors_where_its_manifest_is_damaged(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "whisper" / "base"
    place.mkdir(parents=True)
    digest = rebuild(folder, place / "base.pt")
    (place / "manifest.json").write_text("x")
    published = File("base.pt", 12, "0" * 64)
    monkeypatch.setattr(catalogue, "CATALOGUE", (Weights(WHISPER, "base", (published,), tensors_sha256=digest),))

    found = check(tmp_path, engine=WHISPER, model="base")

    assert (found.sha256, found.source) == (digest, "rebuilt from faster-whisper/base")
    assert check(tmp_path, engine=WHISPER, model="base").sha256 == digest


def test_checkpoint_with_other_tensors_is_neither_published_nor_rebuilt(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "whisper" / "base"
    place.mkdir(parents=True)
    rebuild(folder, place / "base.pt")
    published = File("base.pt", 12, "0" * 64)
    monkeypatch.setattr(catalogue, "CATALOGUE", (Weights(WHISPER, "base", (published,), tensors_sha256="1" * 64),))

    for _ in range(2):
        with pytest.raises(WeightsError, match=r"base\.pt of whisper/base is not the file that its publisher has"):
            check(tmp_path, engine=WHISPER, model="base")
        (place / "base.pt").write_bytes(b"noise")


def test_install_refuses_a_rebuilt_checkpoint_with_other_tensors(
    small_pair: Callable[[str], None], tmp_path: Path
) -> None:
    small_pair("0" * 64)

    with pytest.raises(WeightsError, match="rebuilt from faster-whisper/base is not what it must be"):
        install("base", engine=WHISPER, folder=tmp_path, sources=(INDEX,))

    assert find(tmp_path, engine=WHISPER, model="base") is None
    assert list(tmp_path.rglob("base.pt*")) == []


@pytest.mark.weights
@pytest.mark.parametrize("model", ["base", "tiny.en"])
def test_real_weights_come_to_the_known_tensors(model: str, models: Path, tmp_path: Path) -> None:
    original = find(models, engine=FASTER_WHISPER, model=model)
    assert original, f"Run: .venv/bin/python manage.py weights install {model}"

    digest = rebuild(original.path, tmp_path / "rebuilt.pt")

    expected = next(weights for weights in CATALOGUE if (weights.engine, weights.model) == (WHISPER, model))
    assert digest == expected.tensors_sha256
    assert sum(array.nbytes for array in read_variables(original.path / "model.bin").values()) < original.size_bytes


@pytest.mark.weights
@pytest.mark.parametrize("model", ["base", "tiny.en"])
def test_real_checkpoint_is_loaded_with_its_heads(model: str, models: Path) -> None:
    from speech.asr.whisper import load
    from speech.types import EngineSpec

    found = find(models, engine=WHISPER, model=model)
    assert found, f"Run: .venv/bin/python manage.py weights install {model} --engine whisper"

    engine = load(EngineSpec(WHISPER, model, str(found.path), device="cpu", threads=1))

    heads = engine._model.alignment_heads.indices().T.tolist()
    expected = next(weights for weights in CATALOGUE if (weights.engine, weights.model) == (WHISPER, model))
    assert heads == [list(pair) for pair in expected.alignment_heads]
