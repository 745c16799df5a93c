"""Weights that are installed as far as anybody looks who does not load them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from speech.weights import FASTER_WHISPER
from speech.weights.store import Manifest, Stored, place_of

PutWeights = Callable[..., Path]


@pytest.fixture(autouse=True)
def weights_folder(settings: Settings, tmp_path: Path) -> Path:
    """Keep weights in a folder of this test, with the settings that an installation starts with."""
    settings.WEIGHTS_DIR = tmp_path / "models"
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "faster-whisper", "base"
    settings.FAKE_ENGINE = False
    settings.ENGINE_THREADS = 2
    return settings.WEIGHTS_DIR


@pytest.fixture
def put_weights(weights_folder: Path) -> PutWeights:
    """Return a function that puts a model of a few bytes in its place. Its hash is `sha256 of ENGINE/MODEL`."""

    def put(engine: str, model: str) -> Path:
        place = place_of(weights_folder, engine=engine, model=model)
        place.mkdir(parents=True)
        name = "model.bin" if engine == FASTER_WHISPER else f"{model}.pt"
        (place / name).write_bytes(b"weights")
        files = (Stored(name, 7, "9" * 64),)
        day = "2026-01-02T03:04:05+00:00"
        Manifest(engine, model, name, f"sha256 of {engine}/{model}", files, "a test", day, day).write(place)
        return place

    return put
