"""Crashes for tests: what the fake engine and the fake diarizer do to their process where `SELENITE_FAKE_CRASH` says so.

`PIECE:HOW:always`, or `PIECE:HOW:once:/path/of/a/marker` that is written before the first time. PIECE is the number of a piece, `*`
for every piece, or `speakers` for the diarizer. HOW is one of

- kill: is killed, as by a kernel that is out of memory; the default, where HOW is left out
- abort: crashes
- memory: takes memory until there is no more, within a limit that the machine does not feel
- hang: never returns, and lets no other thread run
- error: raises what nobody expected
"""

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

MEMORY_LIMIT_BYTES = 256 << 20
MEMORY_STEP_BYTES = 16 << 20


def crash_if_asked(*names: str) -> None:
    """Do what the variable says, where it names one of these."""
    name, _, poison = os.environ.get("SELENITE_FAKE_CRASH", "").partition(":")
    if name not in names:
        return
    how, _, when = poison.partition(":")
    if how not in POISONS:
        how, when = "kill", poison
    when, _, marker = when.partition(":")
    if when == "once":
        if Path(marker).exists():
            return
        Path(marker).touch()
    POISONS[how]()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _take_all_memory() -> None:
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_LIMIT_BYTES, hard))
    hoard = []
    while True:
        hoard.append(bytearray(MEMORY_STEP_BYTES))


def _hang() -> None:
    ctypes.PyDLL(None).pause()  # A library that is called like this keeps the interpreter's lock.


def _fail() -> None:
    raise ValueError("poisoned")


POISONS: dict[str, Callable[[], None]] = {
    "kill": _kill,
    "abort": os.abort,
    "memory": _take_all_memory,
    "hang": _hang,
    "error": _fail,
}
