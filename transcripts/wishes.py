"""How the pages ask the supervisor that they run under to stop or to start anew: through a pipe that only its parts are given.

Nobody else can write to it, it outlives no process, and no process has to be found by its number.
"""

import os
import stat
from enum import StrEnum

VARIABLE = "SELENITE_SUPERVISOR"
"""The environment variable that tells a part which of its files is the pipe: DESCRIPTOR:INODE."""
READ_BYTES = 4096


class Wish(StrEnum):
    STOP = "stop"
    RESTART = "restart"


class Ear:
    """The supervisor's end. The parts are given `descriptor` and `environment`."""

    def __init__(self) -> None:
        self._listening, self.descriptor = os.pipe()
        os.set_blocking(self._listening, False)

    @property
    def environment(self) -> dict[str, str]:
        return {VARIABLE: f"{self.descriptor}:{os.fstat(self.descriptor).st_ino}"}

    def heard(self) -> Wish | None:
        """Return the last wish since this was asked before; None where there was none."""
        try:
            said = os.read(self._listening, READ_BYTES).decode("ascii", "replace").split()
        except BlockingIOError:
            return None
        return next((Wish(word) for word in reversed(said) if word in tuple(Wish)), None)


def can_ask() -> bool:
    """Return whether this process runs under a supervisor that listens."""
    return _descriptor() is not None


def ask(wish: Wish) -> bool:
    """Tell the supervisor a wish; return whether there is one that listens."""
    descriptor = _descriptor()
    if descriptor is None:
        return False
    try:
        os.write(descriptor, f"{wish}\n".encode("ascii"))
    except OSError:
        return False
    return True


def _descriptor() -> int | None:
    """Return the pipe, where it is the one that the variable means: a program that was started without it may have its number."""
    number, _, inode = os.environ.get(VARIABLE, "").partition(":")
    if not number.isdigit():
        return None
    try:
        found = os.fstat(int(number))
    except OSError:
        return None
    return int(number) if stat.S_ISFIFO(found.st_mode) and str(found.st_ino) == inode else None
