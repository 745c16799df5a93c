"""The light diarizer: WebRTC's voice activity detector, the speaker encoder and clustering. It imports nothing of pyannote.

It hears no overlap: at any moment one person speaks at the most.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from speech import audio
from speech.asr.devices import usable_cores
from speech.diarization import turns
from speech.diarization.parallel import in_parallel
from speech.failures import UNLOADABLE, of_loading
from speech.types import (
    SAMPLE_RATE,
    DiarizerSpec,
    Json,
    OnProgress,
    ShouldStop,
    SpeakerCount,
    Stopped,
    Turn,
)
from speech.weights import ENCODER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from speech.diarization.clustering import Heard

    Floats = NDArray[np.float32]

Span = tuple[float, float]

AGGRESSIVENESS = 2
"""Of WebRTC's 0 to 3."""
FRAME_SECONDS = 0.03
BLOCK_FRAMES = 2000
"""A minute of sound is in memory at once."""
SMOOTHED_FRAMES = 11
"""Somebody speaks where most of so many frames around say so (0.33 s)."""
BRIDGED_SECONDS = 0.5
"""A shorter pause does not end a stretch of speech."""
SHORTEST_SECONDS = 0.25
"""A shorter stretch is no speech."""
PIECE_SECONDS = 0.5
"""Each piece of speech, at most so long, is given to one person."""
WINDOW_SECONDS = 1.6
"""What the encoder hears around the middle of a piece, and in the same stretch of speech."""
NEIGHBOURS = 1
"""A piece's voice is the mean of its window and of so many on either side."""
LONGEST_SECONDS = 30.0
"""A longer stretch of speech is heard in parts, several at once."""
STAY = 0.1
"""How much more alike, as a cosine, somebody must be to take over from the one who spoke last."""


def load(spec: DiarizerSpec) -> "VadDiarizer":
    """Return the diarizer with its weights loaded. Raises EngineError where that fails."""
    try:
        return VadDiarizer(spec)
    except UNLOADABLE as err:
        raise of_loading(err, what="The weights of the speaker encoder") from err


class VadDiarizer:
    """One speaker encoder on the processor."""

    def __init__(self, spec: DiarizerSpec) -> None:
        import torch

        from speech.diarization.encoder import SpeakerEncoder

        torch.set_num_threads(1)  # Spans are heard side by side.
        self._threads = spec.threads or usable_cores()
        self._encoder = SpeakerEncoder(Path(spec.weights[ENCODER]))
        self.warnings: list[str] = []

    @property
    def pins(self) -> Json:

        return {
            "diarizer": "vad",
            "diarizer_version": version("webrtcvad-wheels"),
            "torch_version": version("torch"),
            "weights": [ENCODER],
            "device": "cpu",
            "threads": self._threads,
        }

    def diarize(
        self, work: Path, *, speakers: SpeakerCount, on_progress: OnProgress, should_stop: ShouldStop
    ) -> tuple[Turn, ...]:
        """Return who speaks when, never two at once."""
        from speech.diarization.clustering import find_people

        duration = audio.duration_of(work)

        def tell(seconds: float) -> None:
            on_progress(seconds, duration)
            if should_stop():
                raise Stopped

        spans = find_speech(work, on_block=lambda: tell(0.0))
        if not spans:
            return ()
        heard = self._listen(work, spans, tell)
        likeness = heard.embeddings @ find_people(heard, speakers=speakers).T
        pieces = [piece for span in spans for piece in _pieces(span)]
        return turns.number(_joined(pieces, _follow(likeness)), duration=duration)

    def _listen(self, work: Path, spans: Sequence[Span], tell: Callable[[float], None]) -> "Heard":
        """Return the voice in each piece of the spans."""
        import numpy as np

        from speech.diarization.clustering import Heard

        found = []
        tasks = in_parallel(lambda span: _with_neighbours(self._windows(work, span)), spans, threads=self._threads)
        for span, voices in zip(spans, tasks, strict=True):
            found.append(voices)
            tell(span[1])
        embeddings, lengths, agreement = (np.concatenate(column) for column in zip(*found, strict=True))
        seconds = np.array([end - start for span in spans for start, end in _pieces(span)], dtype=np.float32)
        return Heard(embeddings, lengths, seconds, agreement)

    def _windows(self, work: Path, span: Span) -> "Floats":
        """Return what the encoder hears around each piece of a span, shape (n, 256)."""
        import numpy as np

        from speech.diarization.encoder import FRAMES_A_SECOND

        sound = self._encoder.listen(audio.read(work, *span))
        edges = [_around((start + end) / 2, span) for start, end in _pieces(span)]
        frames = [
            np.arange(int((start - span[0]) * FRAMES_A_SECOND), int((end - span[0]) * FRAMES_A_SECOND))
            for start, end in edges
        ]
        return self._encoder.embed(sound, frames).embeddings


def find_speech(work: Path, *, on_block: Callable[[], None]) -> list[Span]:
    """Return the stretches of a work file in which somebody speaks, in seconds, in order. Long ones are in parts that touch.

    `on_block` is called for each minute of sound.
    """
    import numpy as np

    flags = np.array(list(_flags(work, on_block)), dtype=np.float32)
    if not len(flags):
        return []
    smooth = np.convolve(flags, np.ones(SMOOTHED_FRAMES) / SMOOTHED_FRAMES, mode="same") > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[False], smooth, [False]]).astype(np.int8)))
    spans: list[Span] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        start, end = first * FRAME_SECONDS, last * FRAME_SECONDS
        if spans and start - spans[-1][1] < BRIDGED_SECONDS:
            start = spans.pop()[0]
        spans.append((start, end))
    return [part for span in spans if span[1] - span[0] >= SHORTEST_SECONDS for part in _cut(span, LONGEST_SECONDS)]


def _flags(work: Path, on_block: Callable[[], None]) -> Iterator[bool]:
    """Yield for each 30 ms whether they sound like speech."""
    import webrtcvad

    detector = webrtcvad.Vad(AGGRESSIVENESS)
    size = int(FRAME_SECONDS * SAMPLE_RATE) * audio.BYTES_PER_SAMPLE
    with work.open("rb") as file:
        while block := file.read(size * BLOCK_FRAMES):
            on_block()
            for first in range(0, len(block) - size + 1, size):
                yield detector.is_speech(block[first : first + size], SAMPLE_RATE)


def _pieces(span: Span) -> list[Span]:
    return _cut(span, PIECE_SECONDS)


def _cut(span: Span, longest: float) -> list[Span]:
    """Return a span in equal parts, none longer than this."""
    start, end = span
    count = max(1, math.ceil((end - start) / longest))
    edges = [start + (end - start) * index / count for index in range(count + 1)]
    return list(pairwise(edges))


def _around(middle: float, span: Span) -> Span:
    """Return the window around a moment, moved to lie within the span; all of a span that is shorter."""
    start = max(span[0], min(middle - WINDOW_SECONDS / 2, span[1] - WINDOW_SECONDS))
    return start, min(span[1], start + WINDOW_SECONDS)


def _with_neighbours(windows: "Floats") -> tuple["Floats", "Floats", "Floats"]:
    """Return the voice of each piece of a span, the seconds it was heard from, and its agreement."""
    import numpy as np

    groups = [windows[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1] for at in range(len(windows))]
    means = np.stack([group.mean(axis=0) for group in groups])
    lengths = np.array([PIECE_SECONDS * len(windows)] * len(windows)).clip(max=WINDOW_SECONDS + PIECE_SECONDS)
    agreement = np.array([(group @ group.T).min() for group in groups], dtype=np.float32)
    return means / np.linalg.norm(means, axis=1, keepdims=True), lengths.astype(np.float32), agreement


def _follow(likeness: "Floats") -> list[int]:
    """Return who speaks in each piece: the likest all in all, where each change of speaker costs STAY (Viterbi)."""
    import numpy as np

    best = likeness[0].astype(np.float64)
    came_from = []
    for scores in likeness[1:]:
        change = int(best.argmax())
        changes = best[change] - STAY > best
        came_from.append(np.where(changes, change, np.arange(len(best))))
        best = np.where(changes, best[change] - STAY, best) + scores
    path = [int(best.argmax())]
    for previous in reversed(came_from):
        path.append(int(previous[path[-1]]))
    return path[::-1]


def _joined(pieces: Sequence[Span], names: Sequence[int]) -> Iterator[tuple[float, float, int]]:
    """Yield the turns: pieces of one person that touch are one."""
    start, end = pieces[0]
    name = names[0]
    for (next_start, next_end), next_name in zip(pieces[1:], names[1:], strict=True):
        if next_name != name or next_start > end:
            yield start, end, name
            start, name = next_start, next_name
        end = next_end
    yield start, end, name
