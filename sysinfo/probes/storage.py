"""The disks that Selenite writes to: how large, how full, and where they are mounted."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from django.conf import settings

from sysinfo.probing import Finding, Look
from transcripts import mounts, storage

LIMIT_SECONDS = 2.0
ELSEWHERE = "It is not kept in files of this machine."


@dataclass(frozen=True, slots=True)
class Space:
    """The disk that a folder lies on. Sizes are in bytes."""

    mounted_at: str | None
    device: str | None
    file_system: str | None
    total_bytes: int
    used_bytes: int
    free_bytes: int

    @property
    def reserved_bytes(self) -> int:
        """Return what is in neither of `used` and `free`: only root may use it, or the file system itself."""
        return max(0, self.total_bytes - self.used_bytes - self.free_bytes)

    @property
    def used_share(self) -> float:
        """Return how full it is for those who are not root, as df says it."""
        return self.used_bytes / ((self.used_bytes + self.free_bytes) or 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Something that is kept, and on which disk. `path` is None where it is kept elsewhere."""

    name: str
    path: Path | None
    space: Finding[Space]


def probe() -> tuple[Place, ...]:
    """Look at the disks, each within a time limit of its own: one that is away shall not hide the others."""
    looks = [(name, path, _look(name, path)) for name, path in folders().items()]
    return tuple(Place(name, path, look()) for name, path, look in looks)


def folders() -> dict[str, Path | None]:
    """Return where everything is kept, by what it is called."""
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"] == "django.db.backends.sqlite3"
    return {
        "Database": Path(database["NAME"]) if is_file else None,
        "Recordings": storage.local_path(""),
        "Weights": Path(settings.WEIGHTS_DIR),
        "Work folder": Path(settings.WORK_DIR),
        "Logs": Path(settings.LOG_DIR),
    }


def _look(name: str, path: Path | None) -> Callable[[], Finding[Space]]:
    if path is None:
        return lambda: Finding(None, ELSEWHERE)
    return Look(f"disk of {name}", partial(space_of, path), limit_seconds=LIMIT_SECONDS).finding


def space_of(path: Path) -> Space:
    """Return the disk that a path lies on, or will lie on once it is made. Raises OSError."""
    folder = mounts.existing(path)
    usage = psutil.disk_usage(str(folder))
    mount = mounts.of(folder)
    return Space(
        mounted_at=str(mount.point) if mount else None,
        device=mount.device if mount else None,
        file_system=mount.kind if mount else None,
        total_bytes=usage.total,
        used_bytes=usage.used,
        free_bytes=usage.free,
    )
