"""Crashes for tests: what the fake engine and the fake diarizer do to their process where `SELENITE_FAKE_CRASH` says so.

`PIECE:HOW:always`, or `PIECE:HOW:once:/path/of/a/marker` that is written before the first time. PIECE is the number of a piece, `*`
for every piece, `loading` for the loading of a model, `language` for the detection of the language, or `speakers` for the diarizer;
with `@MODEL` after it that model only. HOW is one of

- kill: is killed, as by a kernel that is out of memory; the default, where HOW is left out
- abort: crashes
- memory: takes memory until there is no more, within a limit that the machine does not feel
- hang: never returns, and lets no other thread run
- error: raises what nobody expected; while a model is loaded, that is what damaged weights do
- nan: has it answer with a number that is none
- library: raises what a missing library does
- card, card-memory and card-nan: do what a graphics card does that fails, has no memory left, or gives no number. Not on a
  processor: `SELENITE_FAKE_DEVICE` is what the fake engine and the fake diarizer say that they run on, unless they are told to use
  the processor
"""

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

MEMORY_LIMIT_BYTES = 256 << 20
MEMORY_STEP_BYTES = 16 << 20


class NoNumber(Exception):
    """The fake engine is to answer with a number that is undefined."""


def device_of(asked: str) -> str:
    """Return what the fakes run on: what was asked for, where they have it."""
    there = os.environ.get("SELENITE_FAKE_DEVICE", "cpu")
    return there if asked in ("auto", there) else "cpu"


def crash_if_asked(*names: str, model: str = "", device: str = "cpu") -> None:
    """Do what the variable says, where it names one of these."""
    name, _, poison = os.environ.get("SELENITE_FAKE_CRASH", "").partition(":")
    name, _, only = name.partition("@")
    if name not in names or only not in ("", model):
        return
    how, _, when = poison.partition(":")
    if how not in POISONS:
        how, when = "kill", poison
    if how in OF_CARD and device == "cpu":
        return
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


def _give_no_number() -> None:
    raise NoNumber


def _lack_library() -> None:
    raise ImportError("No module named 'poisoned'")


def _fail_on_card() -> None:
    raise RuntimeError("CUDA failed with error unspecified launch failure")


def _fill_card() -> None:
    raise RuntimeError("CUDA failed with error out of memory")


OF_CARD = ("card", "card-memory", "card-nan")
POISONS: dict[str, Callable[[], None]] = {
    "kill": _kill,
    "abort": os.abort,
    "memory": _take_all_memory,
    "hang": _hang,
    "error": _fail,
    "nan": _give_no_number,
    "library": _lack_library,
    "card": _fail_on_card,
    "card-memory": _fill_card,
    "card-nan": _give_no_number,
}
