"""A recogniser for tests: deterministic words from the times alone, without weights.

`SELENITE_FAKE_SECONDS` is how long each batch takes, `SELENITE_FAKE_BATCH` how many pieces it has at most.
`SELENITE_FAKE_CRASH` poisons a piece, see `speech.poison`. Of `speech.options` it obeys those that can be seen in what it gives:
it says the hotwords instead of its own words.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from speech import audio, poison
from speech.asr.devices import NO_GPU
from speech.asr.tuning import Tuning
from speech.failures import UNLOADABLE, of_loading
from speech.types import EngineSpec, Json, OnProgress, Options, Piece, PieceResult, Segment, Word

if TYPE_CHECKING:
    from speech.asr.engine import Samples

WORDS = ("calm", "moon", "white", "crystal", "text", "quiet", "words", "clear")
STEP_SECONDS = 0.1
PIECE_SECONDS = 2.0
LOG_PROBABILITY = -0.1
PLAIN = Tuning()


def load(spec: EngineSpec) -> "FakeEngine":
    try:
        return FakeEngine(spec)
    except UNLOADABLE as err:
        raise of_loading(err, what=f"The weights of {spec.model}") from err


class FakeEngine:
    """Says one word for each half second of a piece; the pieces are two seconds long, whatever is heard."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._device = poison.device_of(spec.device)
        poison.crash_if_asked("loading", model=spec.model, device=self._device)
        self.batch_size = int(os.environ.get("SELENITE_FAKE_BATCH", "2"))
        self.warnings: list[str] = [NO_GPU] if spec.device == "cuda" != self._device else []

    @property
    def pins(self) -> Json:
        return {
            "engine": "fake",
            "engine_version": "1",
            "model": self._spec.model,
            "device": self._device,
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

    def detect_language(self, windows: "Sequence[Samples]") -> tuple[str, float | None]:
        poison.crash_if_asked("language", model=self._spec.model, device=self._device)
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
            result = recognise(index, piece, Tuning.of(options))
            try:
                poison.crash_if_asked(str(index), "*", model=self._spec.model, device=self._device)
            except poison.NoNumber:
                result = replace(result, segments=tuple(map(_without_number, result.segments)))
            results.append(result)
        return results


def _without_number(segment: Segment) -> Segment:
    return replace(segment, mean_log_probability=float("nan"))


def recognise(index: int, piece: Piece, tuning: Tuning = PLAIN) -> PieceResult:
    """Return what is said of a piece: it depends on nothing but the options."""
    said = tuple(tuning.hotwords.split()) or WORDS
    count = max(1, int((piece.end - piece.start) * 2))
    step = (piece.end - piece.start) / count
    words = tuple(
        Word(
            start=round(piece.start + step * number, 3),
            end=round(piece.start + step * (number + 1), 3),
            text=f" {said[(index + number) % len(said)]}{'.' if number == count - 1 else ''}",
            probability=0.9,
        )
        for number in range(count)
    )
    text = "".join(word.text for word in words)
    segment = Segment(
        words[0].start,
        words[-1].end,
        text,
        words,
        mean_log_probability=LOG_PROBABILITY,
        temperature=tuning.temperature or 0.0,
        doubts=("probability",) if tuning.log_prob_threshold > LOG_PROBABILITY else (),
    )
    return PieceResult(index, (segment,))
