"""Values between decoding and segments: windows of sound, what was decoded from them, and what was left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from speech.asr import checks
from speech.types import SAMPLE_RATE, Piece, Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIME_STEP = 0.02
"""Seconds between two of Whisper's timestamp tokens."""
LEFT_OUT_SECONDS = 2.0
"""Speech this long without text was dropped; less may be a breath, or a timestamp that is a little off."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sound to decode at once: of a piece, from `start` seconds of the recording on. `samples` has shape (n_samples,)."""

    piece: int
    start: float
    samples: "NDArray[np.float32]"

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / SAMPLE_RATE

    def part(self, start: float, end: float) -> "Window":
        """Return a stretch of this window."""
        first, last = (int((time - self.start) * SAMPLE_RATE) for time in (start, end))
        return Window(self.piece, start, self.samples[max(0, first) : last])


@dataclass(frozen=True, slots=True)
class Decoded:
    """The tokens that an engine found in a window, with its figures for them."""

    tokens: tuple[int, ...]
    text: str
    mean_log_probability: float
    no_speech_probability: float
    temperature: float
    limits: checks.Limits = checks.LIMITS

    @property
    def doubts(self) -> tuple[str, ...]:
        return checks.doubts(self.text, mean_log_probability=self.mean_log_probability, limits=self.limits)

    def end(self, *, first_timestamp: int) -> float | None:
        """Return the timestamp with which it ends, in seconds from the start of the window; None where text stands last."""
        if not self.tokens or self.tokens[-1] < first_timestamp:
            return None
        return (self.tokens[-1] - first_timestamp) * TIME_STEP

    def cut(self, tokens: tuple[int, ...], *, text: str) -> "Decoded":
        """Return this decoding up to some token."""
        return replace(self, tokens=tokens, text=text)

    def without_text(self) -> "Decoded":
        return self.cut((), text="")

    def followed_by(self, more: "Decoded") -> "Decoded":
        """Return the decoding that went on from this one. Its tokens begin with these, which its mean counts as certain."""
        total = self.mean_log_probability * (len(self.tokens) + 1) + more.mean_log_probability * (len(more.tokens) + 1)
        return replace(self, tokens=more.tokens, text=more.text, mean_log_probability=total / (len(more.tokens) + 1))

    @property
    def is_silence(self) -> bool:
        return not self.text or checks.is_silence(
            no_speech_probability=self.no_speech_probability,
            mean_log_probability=self.mean_log_probability,
            limits=self.limits,
        )


def best(candidates: Sequence[Decoded]) -> Decoded:
    """Return the first candidate without doubts, else the most probable one that is at least no loop."""
    for candidate in candidates:
        if not candidate.doubts:
            return candidate
    no_loops = [candidate for candidate in candidates if not {"compression", "repetition"} & set(candidate.doubts)]
    return max(no_loops or candidates, key=lambda candidate: candidate.mean_log_probability)


def split_at_timestamps(
    tokens: Sequence[int], *, first_timestamp: int, seconds: float
) -> list[tuple[float, float, list[int]]]:
    """Return (start, end, text tokens) of each stretch between two timestamps, in seconds from the start of the window.

    A stretch that the model left open ends with the window. Timestamp tokens are those from `first_timestamp` on.
    """
    stretches: list[tuple[float, float, list[int]]] = []
    start, text = 0.0, list[int]()
    for token in tokens:
        if token < first_timestamp:
            text.append(token)
            continue
        time = min((token - first_timestamp) * TIME_STEP, seconds)
        if text:
            stretches.append((start, max(time, start), text))
            text = []
        start = time
    if text:
        stretches.append((start, seconds, text))
    return stretches


def closed(tokens: Sequence[int], *, first_timestamp: int) -> list[int]:
    """Return tokens that end with a timestamp so that the next stretch begins there: with that timestamp twice."""
    is_open = len(tokens) >= 2 and tokens[-2] >= first_timestamp
    return list(tokens) if is_open else [*tokens, tokens[-1]]


def speech_between(piece: Piece, start: float, end: float) -> float:
    """Return how many seconds of speech lie between two times."""
    return sum(max(0.0, min(last, end) - max(first, start)) for first, last in piece.speech)


def left_out(piece: Piece, window: Window, segments: Iterable[Segment]) -> list[Window]:
    """Return the stretches of a window in which somebody speaks for two seconds or more and no word was found.

    Judged by the words where there are any: a segment may span what Whisper skipped.
    """
    covered = sorted((part.start, part.end) for segment in segments for part in segment.words or (segment,))
    stretches: list[Window] = []
    for start, end in piece.speech:
        position, stop = max(start, window.start), min(end, window.end)
        for covered_start, covered_end in [*covered, (stop, stop)]:
            gap_end = min(covered_start, stop)
            if gap_end - position >= LEFT_OUT_SECONDS:
                stretches.append(window.part(position, gap_end))
            position = max(position, covered_end)
    return stretches
