"""Files on their way in: written to disk as they come, hashed and measured, and gone again unless they are accepted."""

import fcntl
import hashlib
import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from transcripts import outage
from transcripts.names import clean_file_name
from transcripts.storage import RESERVE_BYTES

log = logging.getLogger(__name__)

STALLED_SECONDS = 24 * 3600
"""After this nothing comes any more, even if the process that waits for it lives."""
SUFFIX = ".part"
UNITS = ("bytes", "kB", "MB", "GB", "TB")

NO_ROOM = (
    "There is not enough free disk space to keep this file. Nothing was saved. "
    "Free some space where the recordings are kept, then try again."
)
NO_FOLDER = (
    "The folder of the recordings cannot be used now. Nothing was saved. Try again later, or tell an administrator."
)
DATABASE_AWAY = (
    "The database takes no changes now, so nothing was saved. Try again in a minute, or tell an administrator."
)
PASSING = (NO_ROOM, NO_FOLDER, DATABASE_AWAY)
"""Reasons that say nothing of the file: the same one may be taken later."""
TOO_LARGE = (
    "This file is larger than {}, the most that is allowed here. Nothing was saved. "
    "Use a shorter or compressed version, or ask an administrator to raise the limit."
)


class IncomingFile(UploadedFile):  # type: ignore[type-arg]  # Generic in the stubs only.
    """A file that is being received, in the incoming folder until it is accepted or closed.

    `refused` is empty, or the sentence that says why it is not kept: further bytes are then swallowed.
    The file is locked while this process lives, which tells it from the leftovers of a process that died.
    """

    def __init__(self, name: str, *, limit_bytes: int) -> None:
        self.refused = ""
        try:
            self._file: Any = _new_file()
        except OSError as err:
            log.warning("nothing can be written to the incoming folder: %s", err.strerror)
            self.refused = NO_ROOM if outage.is_full_disk(err) else NO_FOLDER
            self._file = Path(os.devnull).open("r+b", buffering=0)  # noqa: SIM115
        # Browsers send a quotation mark in a name so.
        super().__init__(self._file, clean_file_name(name.replace("%22", '"')), size=0)
        self.received_bytes = 0
        self._limit_bytes = limit_bytes
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Return the hex digest of what was received."""
        return self._hash.hexdigest()

    def temporary_file_path(self) -> str:
        """Return where the file lies; Django's storage moves a file that has this method instead of copying it."""
        return str(self._file.name)

    def expect(self, size_bytes: int) -> None:
        """Refuse the file where that many more bytes would be too large or leave too little free disk."""
        if self.refused:
            return
        if self._limit_bytes and self.received_bytes + size_bytes > self._limit_bytes:
            self.refuse(TOO_LARGE.format(size_in_words(self._limit_bytes)))
        elif shutil.disk_usage(settings.INCOMING_DIR).free - size_bytes < RESERVE_BYTES:
            self.refuse(NO_ROOM)

    def receive(self, data: bytes) -> None:
        """Write the next bytes, or swallow them where the file is refused. A full disk refuses the file."""
        if not self.refused:
            self.expect(len(data))
        if not self.refused:
            self._write(data)

    def refuse(self, sentence: str) -> None:
        """Give up on the file and give its disk space back."""
        if not self.refused:
            self.refused = sentence
            os.ftruncate(self._file.fileno(), 0)

    def close(self) -> None:
        """Close and delete the file, unless it was moved to where it is kept."""
        try:
            super().close()
        except FileNotFoundError:
            pass

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as err:
            if not outage.is_of_storage(err):
                raise
            self.refuse(NO_ROOM if outage.is_full_disk(err) else NO_FOLDER)
        self._hash.update(data)
        self.received_bytes += len(data)
        self.size = self.received_bytes


def size_in_words(size_bytes: int) -> str:
    """Return a size as a person would say it: "4 GB", "1.5 MB". Rounded down, so that no limit is overstated; empty for 0."""
    unit = min(len(UNITS) - 1, (len(str(size_bytes)) - 1) // 3)
    tenths = size_bytes * 10 // 1000**unit
    return f"{tenths / 10:g} {UNITS[unit]}" if size_bytes else ""


def remove_leftovers() -> None:
    """Delete what nobody will finish in the incoming folder: files that nobody has locked, and those that stood still for a day."""
    for path in settings.INCOMING_DIR.glob(f"*{SUFFIX}"):
        try:
            is_stalled = time.time() - path.stat().st_mtime > STALLED_SECONDS
            _remove_if_abandoned(path, is_stalled=is_stalled)
        except FileNotFoundError:
            continue


def _new_file() -> Any:
    """Return an empty, locked file in the incoming folder. One that was taken for a leftover before is let go. Raises OSError."""
    remove_leftovers()
    settings.INCOMING_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        # Unbuffered: after a failed write nothing waits in memory to fail again when the file is closed.
        file = NamedTemporaryFile(dir=settings.INCOMING_DIR, suffix=SUFFIX, buffering=0)  # noqa: SIM115
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        with suppress(FileNotFoundError):
            file.close()


def _remove_if_abandoned(path: Path, *, is_stalled: bool) -> None:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not is_stalled:
                return
        path.unlink()
