"""Where disks are mounted, as Linux tells it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/mounts")
ESCAPED = re.compile(r"\\([0-7]{3})")
"""Spaces and the like are written by their numbers, see getmntent(3)."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system, and the folder at which it begins."""

    point: Path
    device: str
    kind: str


def of(path: Path) -> Mount | None:
    """Return the file system that a path lies on; None where the system does not tell."""
    found = {mount.point: mount for mount in _read()}  # What is mounted last hides what was there before.
    place = path.absolute()
    return next((found[folder] for folder in (place, *place.parents) if folder in found), None)


def existing(path: Path) -> Path:
    """Return the folder, or the nearest one above it that is there. Links are followed: they lead to other disks."""
    return next(place for place in (path, *path.absolute().parents) if place.exists()).resolve()


def _read() -> Iterator[Mount]:
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        device, point, kind, *_ = (ESCAPED.sub(lambda code: chr(int(code[1], 8)), word) for word in line.split())
        yield Mount(Path(point), device, kind)
