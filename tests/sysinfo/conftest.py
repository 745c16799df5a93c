"""Machines that are not this one: a tree of the small files of Linux, and programs that answer what a test has them say."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

PutProgram = Callable[..., None]
PutFiles = Callable[[dict[str, str]], Path]

DATA = Path(__file__).parent / "data"


@pytest.fixture
def put_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PutProgram:
    """Return a function that puts a program before all others, which prints a text or a file and ends with a status."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def put(name: str, *, says: str = "", file: Path = Path("/dev/null"), status: int = 0, seconds: float = 0) -> None:
        program = folder / name
        program.write_text(f"#!/bin/sh\nsleep {seconds}\ncat '{file}'\nprintf '%s' '{says}'\nexit {status}\n")
        program.chmod(0o755)

    return put


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no program installed."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


@pytest.fixture
def put_files(tmp_path: Path) -> PutFiles:
    """Return a function that makes a tree of files and returns where it begins."""

    def put(files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tmp_path / "root"

    return put
