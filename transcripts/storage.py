"""The folders that the installation writes to: whether they are there, and how much room they have."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

RECORDINGS = "recordings"
"""Where `transcripts.models.recording.media_path` keeps the files, below the media folder."""
RESERVE_BYTES = 1_000_000_000
"""Disk that stays free: for the database, and for the work file (115 MB an hour) of several hours of audio."""

MISSING = "The folder of the recordings is not there: {}."
UNUSABLE = "The folder of the recordings cannot be read and written to by Selenite: {}."


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk by one of the folders on it."""

    folder: Path
    free_bytes: int

    @property
    def free(self) -> str:
        return f"{self.free_bytes / 1e9:.1f} GB" if self.free_bytes >= 1e8 else f"{self.free_bytes // 1_000_000} MB"


def local_path(name: str) -> Path | None:
    """Return where a file of the media lies; None where they are no local files, and their storage answers for them."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def media_problem(*, has_recordings: bool) -> str:
    """Return why recordings cannot be kept and read now, as a sentence; empty where they can.

    With no recordings yet the folder need not be there: the first one makes it. Later its absence means that a disk is not
    mounted, and what was put in its place would be hidden by it.
    """
    folder = local_path(RECORDINGS)
    if folder is None:
        return ""
    try:
        if not folder.is_dir():
            return MISSING.format(folder) if has_recordings else ""
    except OSError:
        return UNUSABLE.format(folder)
    return "" if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else UNUSABLE.format(folder)


def full_disks() -> list[Disk]:
    """Return the disks of data, media and work files that have less free than is needed, each once."""
    found: dict[int, Disk] = {}
    for folder in (settings.MEDIA_ROOT, settings.DATA_DIR, settings.WORK_DIR):
        try:
            device, free = folder.stat().st_dev, shutil.disk_usage(folder).free
        except OSError:  # Not made yet, or not there, which is another matter.
            continue
        if free < RESERVE_BYTES:
            found.setdefault(device, Disk(folder, free))
    return list(found.values())
