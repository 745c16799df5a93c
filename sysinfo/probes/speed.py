"""How fast a disk writes and reads, by a short trial that leaves nothing behind."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sysinfo.probes import storage
from sysinfo.probing import NotKnown
from transcripts import mounts
from transcripts.storage import RESERVE_BYTES

BLOCK = os.urandom(1 << 20)
"""Random, so that a file system that compresses has to write it."""
TRIAL_BYTES = 64 << 20
LONGEST_SECONDS = 3.0
"""A slow disk writes less than all of it."""

NO_FOLDER = "There is no folder on the disk that may be written to."
NO_ROOM = "There is too little room on the disk for a trial."


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured on the disk mounted at `mounted_at`, in bytes a second. `names` are what is kept there."""

    mounted_at: str | None
    names: tuple[str, ...]
    written_per_second: float
    read_per_second: float | None
    """None where the system would only read from its memory."""


def probe() -> tuple[Speed, ...]:
    """Try each disk once. Raises NotKnown where none can be tried."""
    by_device: dict[int, list[tuple[str, Path]]] = {}
    for name, path in storage.folders().items():
        if path is not None:
            place = mounts.existing(path)
            folder = place if place.is_dir() else place.parent
            by_device.setdefault(folder.stat().st_dev, []).append((name, folder))
    return tuple(_try(places) for places in by_device.values())


def _try(places: list[tuple[str, Path]]) -> Speed:
    folder = next((path for _, path in places if os.access(path, os.W_OK)), None)
    if folder is None:
        raise NotKnown(NO_FOLDER)
    space = storage.space_of(folder)
    if space.free_bytes < RESERVE_BYTES + TRIAL_BYTES:
        raise NotKnown(NO_ROOM)
    return Speed(space.mounted_at, tuple(name for name, _ in places), *measure(folder))


def measure(folder: Path) -> tuple[float, float | None]:
    """Return how many bytes a second are written to the disk of a folder, and read from it. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        began, size = time.monotonic(), 0
        while size < TRIAL_BYTES and time.monotonic() - began < LONGEST_SECONDS:
            size += file.write(BLOCK) or 0
        os.fsync(file.fileno())
        written = size / (time.monotonic() - began)
        if not hasattr(os, "posix_fadvise"):
            return written, None
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        began = time.monotonic()
        while file.read(len(BLOCK)):
            continue
        return written, size / (time.monotonic() - began)
