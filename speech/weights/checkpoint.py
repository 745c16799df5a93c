"""Rebuild openai-whisper's checkpoint from the CTranslate2 file, which holds the same numbers.

Run apart, in a process of its own, for it loads torch. `rebuild CTRANSLATE2_FOLDER CHECKPOINT` prints the hash of the tensors
in the file that it wrote, `tensors CHECKPOINT` that of a checkpoint, `vocabulary CHECKPOINT` how many words it knows; on failure
there is a sentence on stderr.

The layout of model.bin is that of CTranslate2 (`src/models/model.cc`, binary version 6), the names are those of its
converter for Whisper.
"""

import hashlib
import os
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speech.weights.types import WeightsError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

VERSION = 6
SPECIFICATION = "WhisperSpec"
TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
AUDIO_POSITIONS = 1500
TEXT_POSITIONS = 448
FIRST_WORDS_BYTES = 1 << 16
LAYER = re.compile(r"(encoder|decoder)/layer_(\d+)/(.+)")

OUTSIDE_LAYERS = {
    "encoder/conv1/weight": "encoder.conv1.weight",
    "encoder/conv1/bias": "encoder.conv1.bias",
    "encoder/conv2/weight": "encoder.conv2.weight",
    "encoder/conv2/bias": "encoder.conv2.bias",
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "encoder/layer_norm/gamma": "encoder.ln_post.weight",
    "encoder/layer_norm/beta": "encoder.ln_post.bias",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/layer_norm/gamma": "decoder.ln.weight",
    "decoder/layer_norm/beta": "decoder.ln.bias",
}
# The tensors that each variable of a layer holds, stacked on axis 0.
IN_LAYER = {
    "self_attention/layer_norm": ("attn_ln",),
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/layer_norm": ("cross_attn_ln",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
    "ffn/layer_norm": ("mlp_ln",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
}
KINDS = {"weight": "weight", "gamma": "weight", "bias": "bias", "beta": "bias"}


class _Reader:
    """Reads the fields of model.bin one after another."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def number(self, layout: str) -> int:
        value: int = struct.unpack(layout, self.block(struct.calcsize(layout)))[0]
        return value

    def text(self) -> str:
        return self.block(self.number("<H")).rstrip(b"\0").decode(errors="replace")

    def block(self, size: int) -> bytearray:
        block = bytearray(size)
        if self._file.readinto(block) != size:
            raise WeightsError("model.bin is cut short.")
        return block

    def variable(self) -> "Array":
        import numpy as np

        shape = [self.number("<I") for _ in range(self.number("<B"))]
        kind = TYPES.get(self.number("<B"))
        if kind is None:
            raise WeightsError("model.bin holds numbers of an unknown type.")
        return np.frombuffer(self.block(self.number("<I")), dtype=kind).reshape(shape)


def read_variables(path: Path) -> dict[str, "Array"]:
    """Return the variables of a CTranslate2 file by name. Raises WeightsError for another format."""
    with path.open("rb") as file:
        reader = _Reader(file)
        version, specification = reader.number("<I"), reader.text()
        if (version, specification) != (VERSION, SPECIFICATION):
            raise WeightsError(f"model.bin is of an unknown format ({specification}, version {version}).")
        reader.number("<I")  # The specification's revision: what matters of it are the names.
        return {reader.text(): reader.variable() for _ in range(reader.number("<I"))}


def rebuild(folder: Path, target: Path) -> str:
    """Write openai-whisper's checkpoint from a CTranslate2 folder and return the hash of the tensors in the new file.

    The file appears only when it is complete. Takes the memory of the model once. Raises WeightsError where model.bin
    is not a Whisper model as the converter writes it.
    """
    import torch

    variables = read_variables(folder / "model.bin")
    state = {name: torch.from_numpy(array) for name, array in _renamed(variables)}
    part = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            torch.save({"dims": _dimensions(variables), "model_state_dict": state}, file)
            file.flush()
            os.fsync(file.fileno())
        digest = tensors_sha256(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return digest


def tensors_sha256(checkpoint: Path) -> str:
    """Return what identifies a checkpoint whatever wrote it: SHA-256 over its tensors in the order of their names.

    Of each tensor it takes a line `name dtype shape` (`encoder.conv1.weight float16 512x80x3`) and the little-endian
    values in row-major order.
    """
    import torch

    state = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["model_state_dict"]
    digest = hashlib.sha256()
    for name in sorted(state):
        values = state[name].contiguous().numpy()
        shape = "x".join(str(size) for size in values.shape)
        digest.update(f"{name} {values.dtype.name} {shape}\n".encode())
        digest.update(values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _dimensions(variables: dict[str, "Array"]) -> dict[str, int]:
    """Return the `dims` of a checkpoint, from the shapes."""
    states, mels, _ = variables["encoder/conv1/weight"].shape
    vocabulary, text_states = variables["decoder/embeddings/weight"].shape
    return {
        "n_mels": mels,
        "n_audio_ctx": AUDIO_POSITIONS,
        "n_audio_state": states,
        "n_audio_head": int(variables["encoder/num_heads"]),
        "n_audio_layer": _layers(variables, "encoder"),
        "n_vocab": vocabulary,
        "n_text_ctx": TEXT_POSITIONS,
        "n_text_state": text_states,
        "n_text_head": int(variables["decoder/num_heads"]),
        "n_text_layer": _layers(variables, "decoder"),
    }


def _layers(variables: dict[str, "Array"], side: str) -> int:
    found = (LAYER.fullmatch(name) for name in variables)
    return 1 + max(int(match[2]) for match in found if match and match[1] == side)


def _renamed(variables: dict[str, "Array"]) -> Iterator[tuple[str, "Array"]]:
    """Yield the tensors under openai-whisper's names. Settings of CTranslate2 (no dimensions) are not among them."""
    for name, array in variables.items():
        if array.ndim == 0:
            continue
        if match := LAYER.fullmatch(name):
            side, layer, rest = match.groups()
            yield from ((f"{side}.blocks.{layer}.{inner}", part) for inner, part in _in_layer(rest, array))
        elif name in OUTSIDE_LAYERS:
            yield OUTSIDE_LAYERS[name], array
        else:
            raise WeightsError(f"model.bin holds a variable that no Whisper model has: {name}.")


def _in_layer(name: str, array: "Array") -> Iterator[tuple[str, "Array"]]:
    """Yield the tensors of a layer that one variable holds. Each part has a bias there; Whisper's keys have none."""
    variable, _, last = name.rpartition("/")
    if variable not in IN_LAYER or last not in KINDS:
        raise WeightsError(f"model.bin holds a variable that no Whisper model has: {name}.")
    tensors, kind = IN_LAYER[variable], KINDS[last]
    rows = len(array) // len(tensors)
    for index, tensor in enumerate(tensors):
        part = array[index * rows : (index + 1) * rows]
        if not (tensor.endswith(".key") and kind == "bias"):
            yield f"{tensor}.{kind}", part
        elif part.any():
            raise WeightsError(f"model.bin holds a bias that no Whisper model has: {name}.")


def vocabulary(checkpoint: Path) -> int:
    """Return how many words a checkpoint knows. Runs no code that is in it. Raises WeightsError for another file."""
    import torch

    try:
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        return int(loaded["dims"]["n_vocab"])
    except Exception as err:  # torch raises what it likes for a file that is none of its own.
        raise WeightsError(f"{checkpoint.name} is not a checkpoint of Whisper.") from err


def is_checkpoint(path: Path) -> bool:
    """Return whether a file looks like a checkpoint of Whisper, from its first words. Loads nothing, runs no code that is in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), "")
            with archive.open(name) as words:
                return b"dims" in words.read(FIRST_WORDS_BYTES)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError):
        return False


def specification(path: Path) -> str:
    """Return what kind of model a CTranslate2 file holds, from its first bytes. Raises WeightsError for another file."""
    try:
        with path.open("rb") as file:
            reader = _Reader(file)
            reader.number("<I")
            return reader.text()
    except OSError as err:
        raise WeightsError(f"{path.name} cannot be read: {err.strerror}.") from err


def main(arguments: list[str]) -> int:
    action, *names = arguments
    actions: dict[str, Callable[..., object]] = {
        "rebuild": rebuild,
        "tensors": tensors_sha256,
        "vocabulary": vocabulary,
    }
    try:
        sys.stdout.write(str(actions[action](*map(Path, names))))
    except WeightsError as err:
        sys.stderr.write(err.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
