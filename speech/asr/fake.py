"""A recogniser for tests: deterministic words from the times alone, without weights.

`SELENITE_FAKE_SECONDS` is how long each batch takes. `SELENITE_FAKE_CRASH` poisons a piece: `PIECE:HOW:always`, or
`PIECE:HOW:once:/path/of/a/marker` that is written before the first time. PIECE is a number, or `*` for every piece. HOW is one of

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
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speech import audio
from speech.types import EngineSpec, Json, OnProgress, Options, Piece, PieceResult, Segment, Word

if TYPE_CHECKING:
    from speech.asr.engine import Samples

WORDS = ("calm", "moon", "white", "crystal", "text", "quiet", "words", "clear")
STEP_SECONDS = 0.1
PIECE_SECONDS = 2.0
MEMORY_LIMIT_BYTES = 256 << 20
MEMORY_STEP_BYTES = 16 << 20


def load(spec: EngineSpec) -> "FakeEngine":
    return FakeEngine(spec)


class FakeEngine:
    """Says one word for each half second of a piece; the pieces are two seconds long, whatever is heard."""

    batch_size = 2

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self.warnings: list[str] = []

    @property
    def pins(self) -> Json:
        return {
            "engine": "fake",
            "engine_version": "1",
            "model": self._spec.model,
            "device": "cpu",
            "compute_type": "none",
            "instruction_set": "none",
            "threads": 1,
        }

    def find_pieces(self, work: Path, *, on_progress: OnProgress) -> list[Piece]:
        duration = audio.duration_of(work)
        starts = [PIECE_SECONDS * number for number in range(int(-(-duration // PIECE_SECONDS)))]
        ends = [min(start + PIECE_SECONDS, duration) for start in starts]
        return [Piece(start, end, ((start, end),)) for start, end in zip(starts, ends, strict=True)]

    def check_language(self, language: str) -> None:
        return

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float]:
        return "en", 0.9

    def transcribe(
        self,
        pieces: Mapping[int, Piece],
        samples: "Sequence[Samples]",
        options: Options,
        *,
        language: str,
        on_progress: Callable[[], None],
    ) -> list[PieceResult]:
        deadline = time.monotonic() + float(os.environ.get("SELENITE_FAKE_SECONDS", "0"))
        while time.monotonic() < deadline:
            on_progress()
            time.sleep(STEP_SECONDS)
        results = []
        for index, piece in pieces.items():
            _crash_if_asked(index)
            results.append(recognise(index, piece))
        return results


def recognise(index: int, piece: Piece) -> PieceResult:
    """Return what is said of a piece: it depends on nothing else."""
    count = max(1, int((piece.end - piece.start) * 2))
    step = (piece.end - piece.start) / count
    words = tuple(
        Word(
            start=round(piece.start + step * number, 3),
            end=round(piece.start + step * (number + 1), 3),
            text=f" {WORDS[(index + number) % len(WORDS)]}{'.' if number == count - 1 else ''}",
            probability=0.9,
        )
        for number in range(count)
    )
    text = "".join(word.text for word in words)
    return PieceResult(index, (Segment(words[0].start, words[-1].end, text, words, mean_log_probability=-0.1),))


def _crash_if_asked(index: int) -> None:
    piece, _, poison = os.environ.get("SELENITE_FAKE_CRASH", "").partition(":")
    if piece not in (str(index), "*"):
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
