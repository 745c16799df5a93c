"""A log file that several processes write to at once: a line is never torn, lost or waited for.

Knows nothing of Django's apps: the logging is set up before they are.
"""

import fcntl
import logging
import os
from pathlib import Path

MOST_BYTES = 10_000_000
PARTS = 5
"""How many full files of one start are kept beside the one that is written to: `.1` is the newest."""
MODE = 0o640
CONTINUED = "\n    "
"""How a line goes on that belongs to the one above it: no message can look like a record of its own."""


class SharedFile(logging.Handler):
    """Appends each record with one write to a file that is made with the first of them.

    The system appends what several processes write one after the other. Where the file is full, whoever sees it first renames
    it; the others notice by its number and open the new one. What one of them wrote meanwhile is in the renamed file.
    """

    def __init__(self, path: str | Path, *, most_bytes: int = MOST_BYTES, parts: int = PARTS) -> None:
        super().__init__()
        self._path = Path(path)
        self._most_bytes, self._parts = most_bytes, parts
        self._file: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).rstrip("\n").replace("\n", CONTINUED) + "\n"
            self._write(line.encode("utf-8", "backslashreplace"))
        except OSError:  # A full disk, or a folder that is away. The terminal has the line.
            return
        except Exception:  # noqa: BLE001 - As every handler of the library does.
            self.handleError(record)

    def close(self) -> None:
        self.acquire()
        try:
            self._close_file()
        finally:
            self.release()
        super().close()

    def _write(self, line: bytes) -> None:
        file = self._open()
        os.write(file, line)
        if os.fstat(file).st_size > self._most_bytes:
            self._rotate()

    def _open(self) -> int:
        """Return the file that has the name now: another process may have renamed the one that was open."""
        if self._file is not None and not self._is_current(self._file):
            self._close_file()
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
        return self._file

    def _is_current(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        """Rename the full file, unless another process is at it: nobody waits for that."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._file is not None and self._is_current(self._file):
                self._rename()
        except BlockingIOError:
            return
        finally:
            os.close(folder)

    def _rename(self) -> None:
        """Make room for a new file. The sixth full file of one start takes the place of the first."""
        for number in range(self._parts, 0, -1):
            part = self._part(number - 1)
            if part.exists():
                part.replace(self._part(number))

    def _part(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = None
