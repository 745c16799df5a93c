"""What tests of real clusters need."""

import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transcripts.installation import PREPARE, SECONDS, Installation


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an installation with a job that was transcribed undisturbed, and one on the same recording that waits."""
    folder = tmp_path_factory.mktemp("cluster")
    with wave.open(str(folder / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * (SECONDS * 32000 // 250))
    installation = Installation(folder, {"SELENITE_FAKE_SECONDS": "0"})
    installation.run("migrate", "-v0")
    installation.shell(PREPARE.format(path=str(folder / "hum.wav")))
    return folder


@pytest.fixture
def installation(prepared: Path, tmp_path: Path) -> Iterator[Installation]:
    """Return a copy of the installation. What a test leaves running is killed."""
    shutil.copytree(prepared, tmp_path / "data")
    installation = Installation(tmp_path / "data")
    yield installation
    installation.stop()
