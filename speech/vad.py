"""Where somebody speaks: Silero VAD (the ONNX file that faster-whisper ships), run over a work file by streaming.

Where it is not there, all that can be heard counts as speech: whisper does without faster-whisper.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from speech import audio
from speech.seclusion import switch_telemetry_off
from speech.types import SAMPLE_RATE, OnProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Span = tuple[float, float]

WINDOW = 512
"""Samples that the model judges at once, 32 ms."""
CONTEXT = 64
"""Samples of the window before that it sees too."""
WINDOW_SECONDS = WINDOW / SAMPLE_RATE
BLOCK_SECONDS = 64.0
"""Audio read at once: memory does not grow with the length of a recording."""

ONSET = 0.5
OFFSET = 0.35
"""Speech begins above ONSET and ends below OFFSET: Silero's own defaults."""
SHORTEST_SILENCE = 0.3
SHORTEST_SPEECH = 0.1
PADDING = 0.3
"""Seconds kept on either side: consonants at the edges are quiet."""
LOUDNESS = 1e-3
"""What is quieter (-60 dBFS) cannot be heard."""
WITHOUT_DETECTOR = (
    "Pauses and noises were not told from speech: the library for that, faster-whisper, cannot be loaded."
)
LONGEST_SPAN = 24.0
"""A span that is longer is cut at its least speech-like point. Less than the longest piece, because padding comes on top."""


def find_speech(work: Path, *, on_progress: OnProgress) -> list[Span]:
    """Return the stretches of a work file in which somebody speaks, in seconds, in order, none longer than 25 s."""
    import numpy as np

    duration = audio.duration_of(work)
    judge = _loudness if warnings() else _probabilities
    probabilities = np.concatenate([*judge(work, duration, on_progress), np.zeros(1, dtype=np.float32)])
    return _padded(_split(_spans(probabilities), probabilities), duration)


def warnings() -> list[str]:
    """Return a sentence for the person where speech cannot be told from other sounds."""
    is_there = _model_path() is not None and importlib.util.find_spec("onnxruntime") is not None
    return [] if is_there else [WITHOUT_DETECTOR]


def _model_path() -> Path | None:
    """Return where faster-whisper keeps the model, without importing it; None where it is not."""
    spec = importlib.util.find_spec("faster_whisper")
    folders = spec.submodule_search_locations or [] if spec else []
    found = [path for folder in folders for path in Path(folder).glob("assets/silero_vad_v6.onnx")]
    return found[0] if found else None


def _probabilities(work: Path, duration: float, on_progress: OnProgress) -> Iterator["NDArray[np.float32]"]:
    """Yield the probability of speech for each window of 32 ms."""
    import numpy as np

    switch_telemetry_off()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(_model_path()), sess_options=options, providers=["CPUExecutionProvider"])
    h = c = np.zeros((1, 1, 128), dtype=np.float32)
    tail = np.zeros(CONTEXT, dtype=np.float32)
    start = 0.0
    while start < duration:
        samples = audio.read(work, start, start + BLOCK_SECONDS)
        samples = np.pad(samples, (0, -len(samples) % WINDOW))
        windows = samples.reshape(-1, WINDOW)
        before = np.vstack([tail, windows[:-1, -CONTEXT:]])
        output, h, c = session.run(None, {"input": np.hstack([before, windows]), "h": h, "c": c})
        tail = windows[-1, -CONTEXT:]
        start += BLOCK_SECONDS
        on_progress(min(start, duration), duration)
        yield output.reshape(-1)


def _loudness(work: Path, duration: float, on_progress: OnProgress) -> Iterator["NDArray[np.float32]"]:
    """Yield for each window of 32 ms 0 where nothing can be heard, else what is the higher the louder it is."""
    import numpy as np

    start = 0.0
    while start < duration:
        samples = audio.read(work, start, start + BLOCK_SECONDS)
        windows = np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)
        loudness = np.sqrt((windows**2).mean(axis=1))
        start += BLOCK_SECONDS
        on_progress(min(start, duration), duration)
        yield np.where(loudness < LOUDNESS, 0.0, ONSET + (1 - ONSET) * loudness).astype(np.float32)


def _spans(probabilities: "NDArray[np.float32]") -> list[tuple[int, int]]:
    """Return the speech as (first window, one past the last): hysteresis, short silences bridged, short clicks left out."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for index, probability in enumerate(probabilities):
        if start is None and probability >= ONSET:
            start = index
        elif start is not None and (probability < OFFSET or index == len(probabilities) - 1):
            if spans and (start - spans[-1][1]) * WINDOW_SECONDS < SHORTEST_SILENCE:
                start = spans.pop()[0]
            spans.append((start, index))
            start = None
    return [(first, last) for first, last in spans if (last - first) * WINDOW_SECONDS >= SHORTEST_SPEECH]


def _split(spans: list[tuple[int, int]], probabilities: "NDArray[np.float32]") -> Iterator[tuple[int, int]]:
    """Yield the spans, the long ones cut in their later half where speech is least probable."""
    longest = int(LONGEST_SPAN / WINDOW_SECONDS)
    for start, last in spans:
        first = start
        while last - first > longest:
            half = first + longest // 2
            cut = half + int(probabilities[half : first + longest].argmin())
            yield first, cut
            first = cut
        yield first, last


def _padded(spans: Iterator[tuple[int, int]], duration: float) -> list[Span]:
    """Return the spans in seconds with padding, neighbours sharing the silence between them."""
    padded: list[Span] = []
    for first, last in spans:
        start, end = first * WINDOW_SECONDS, last * WINDOW_SECONDS
        padded_start = max(0.0, start - PADDING)
        if padded and padded_start < padded[-1][1]:
            middle = max((padded[-1][1] - PADDING + start) / 2, padded[-1][0])
            padded[-1] = (padded[-1][0], middle)
            padded_start = middle
        padded.append((padded_start, min(duration, end + PADDING)))
    return [(round(start, 3), round(end, 3)) for start, end in padded]
