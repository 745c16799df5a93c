"""Loading once what somebody brought: with the real engine, on numbers that are none and on some that are cut off."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from registry import loading, scan
from registry.models import SpeechModel, Work
from speech.failures import LIBRARY_MISSING, OUT_OF_MEMORY
from speech.types import EngineError, Json
from speech.weights import check, find
from tests.conftest import PutWeights
from tests.registry.test_working import do
from tests.speech.weights.test_by_hand import lay

pytestmark = pytest.mark.django_db

REAL = project.BASE_DIR / "models" / "faster-whisper" / "tiny.en"


def verify() -> tuple[Work, SpeechModel]:
    """Have what was found verified by the queue for long work."""
    scan.rescan()
    row = SpeechModel.objects.get(store="faster-whisper", key="ours")
    return do(row, Work.Kind.VERIFY), row


def test_weights_that_somebody_brought_and_that_cannot_be_loaded_are_broken(weights_folder: Path):
    lay(weights_folder / "faster-whisper" / "ours")

    work, ours = verify()

    assert work.state == Work.State.FAILED
    assert work.message.startswith("The weights of ours could not be loaded: ")
    assert (ours.status, ours.status_detail, ours.verified_at) == (SpeechModel.Status.BROKEN, work.message, None)


@pytest.mark.parametrize("code", [LIBRARY_MISSING, OUT_OF_MEMORY, ""])
def test_what_is_not_the_fault_of_the_weights_leaves_them_as_they_are(weights_folder: Path, code: str):
    def fail(kind: str, **fields: Any) -> Json:
        raise EngineError("It is this machine.", permanent=True, code=code)

    lay(weights_folder / "faster-whisper" / "ours")
    check(weights_folder, engine="faster-whisper", model="ours")

    said = loading.check("faster-whisper", "ours", fail)

    assert said == "Whether it can be loaded is not known: It is this machine."
    assert find(weights_folder, engine="faster-whisper", model="ours")


def test_weights_of_the_catalogue_are_not_loaded(put_weights: PutWeights):
    def fail(kind: str, **fields: Any) -> Json:
        raise AssertionError("loaded")

    put_weights("faster-whisper", "base")

    assert loading.check("faster-whisper", "base", fail) == ""


@pytest.mark.weights
def test_copy_that_is_cut_off_is_broken_until_it_is_whole(weights_folder: Path):
    place = weights_folder / "faster-whisper" / "ours"
    shutil.copytree(REAL, place, ignore=shutil.ignore_patterns("manifest.json"))
    os.truncate(place / "model.bin", (REAL / "model.bin").stat().st_size // 2)
    work, ours = verify()
    assert (work.state, ours.status) == (Work.State.FAILED, SpeechModel.Status.BROKEN)
    assert ours.status_detail.startswith("The weights of ours could not be loaded: ")

    shutil.copy(REAL / "model.bin", place)
    work, ours = verify()

    assert (work.state, work.message) == (Work.State.DONE, "faster-whisper/ours is as it must be.")
    assert (ours.status, ours.status_detail) == (SpeechModel.Status.INSTALLED, scan.AS_FOUND)
