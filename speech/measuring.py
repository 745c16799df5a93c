"""Benchmarks of recognition: Selenite's way and the libraries called directly, on the same files and weights.

Each variant runs in an engine process of its own, so that its peak memory is its own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from speech import asr, audio, planning
from speech.asr.tuning import TEMPERATURES, Tuning
from speech.process import peak_memory_bytes
from speech.types import SAMPLE_RATE, EngineSpec, Json, Options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

PAUSE_SECONDS = 0.7
"""Silence between two clips that are joined."""


def join(clips: Sequence[Path], target: Path, *, seconds: float) -> int:
    """Write clips one after the other into a WAV file until it is this long, and return how many were taken."""
    import wave

    pause = bytes(int(PAUSE_SECONDS * SAMPLE_RATE) * audio.BYTES_PER_SAMPLE)
    taken, length = 0, 0
    with TemporaryDirectory() as folder, wave.open(str(target), "wb") as file:
        file.setparams((1, audio.BYTES_PER_SAMPLE, SAMPLE_RATE, 0, "NONE", ""))
        while length < seconds * audio.BYTES_PER_SECOND:
            work = Path(folder) / "clip.pcm"
            audio.decode(clips[taken % len(clips)], work, on_progress=_ignore)
            data = work.read_bytes() + pause
            file.writeframes(data)
            taken, length = taken + 1, length + len(data)
    return taken


def measure(
    variant: str, files: Sequence[Path], spec: EngineSpec, options: Options, on_progress: Callable[[], None]
) -> Json:
    """Return the texts of the files, the seconds of audio and of work (without loading the weights), memory and versions."""
    began = time.monotonic()
    transcribe, versions = VARIANTS[variant](spec, options)
    load_seconds = time.monotonic() - began
    texts, audio_seconds, seconds = [], 0.0, 0.0
    for file in files:
        on_progress()
        began = time.monotonic()
        text, duration = transcribe(file, on_progress)
        seconds += time.monotonic() - began
        texts.append(text)
        audio_seconds += duration
    return {
        "variant": variant,
        "texts": texts,
        "audio_seconds": audio_seconds,
        "seconds": seconds,
        "load_seconds": load_seconds,
        "peak_memory_bytes": peak_memory_bytes(),
        "versions": versions,
    }


Transcribe = Callable[[Path, Callable[[], None]], tuple[str, float]]


def _selenite(spec: EngineSpec, options: Options) -> tuple[Transcribe, Json]:
    engine = asr.load(spec)

    def transcribe(file: Path, on_progress: Callable[[], None]) -> tuple[str, float]:
        with _work_file() as work:
            decoded = audio.decode(file, work, on_progress=_ignore)
            pieces = engine.find_pieces(work, on_progress=_ignore)
            places = [audio.read(work, piece.start, piece.end) for piece in asr.places_to_listen(pieces)]
            language = options.language or (engine.detect_language(places)[0] if places else "")
            texts = []
            for first, last in planning.group_batches(pieces, size=engine.batch_size):
                samples = [audio.read(work, piece.start, piece.end) for piece in pieces[first:last]]
                batch = dict(zip(range(first, last), pieces[first:last], strict=True))
                for result in engine.transcribe(batch, samples, options, language=language, on_progress=on_progress):
                    texts += [segment.text for segment in result.segments]
        return "".join(texts), decoded.duration

    return transcribe, engine.pins


def _openai_whisper(spec: EngineSpec, options: Options) -> tuple[Transcribe, Json]:
    from speech.asr.whisper import OpenAIWhisper

    engine = OpenAIWhisper(spec)

    def transcribe(file: Path, on_progress: Callable[[], None]) -> tuple[str, float]:
        samples = _samples(file)
        result: Any = engine._model.transcribe(
            samples,
            language=options.language,
            task=options.task,
            beam_size=options.beam_size,
            best_of=Tuning().best_of,
            temperature=TEMPERATURES,
            word_timestamps=options.word_times,
            fp16=engine.pins["device"] == "cuda",
        )
        return result["text"], len(samples) / SAMPLE_RATE

    return transcribe, engine.pins


def _faster_whisper(spec: EngineSpec, options: Options, *, batched: bool) -> tuple[Transcribe, Json]:
    from faster_whisper import BatchedInferencePipeline

    from speech.asr.faster_whisper import FasterWhisper

    engine = FasterWhisper(spec)
    model: Any = BatchedInferencePipeline(engine.model) if batched else engine.model
    extra = {"batch_size": engine.batch_size} if batched else {}

    def transcribe(file: Path, on_progress: Callable[[], None]) -> tuple[str, float]:
        samples = _samples(file)
        segments, _ = model.transcribe(
            samples,
            language=options.language,
            task=options.task,
            beam_size=options.beam_size,
            word_timestamps=options.word_times,
            **extra,
        )
        texts = []
        for segment in segments:
            on_progress()
            texts.append(segment.text)
        return "".join(texts), len(samples) / SAMPLE_RATE

    return transcribe, engine.pins


VARIANTS: dict[str, Callable[[EngineSpec, Options], tuple[Transcribe, Json]]] = {
    "selenite": _selenite,
    "openai-whisper": _openai_whisper,
    "faster-whisper": lambda spec, options: _faster_whisper(spec, options, batched=False),
    "faster-whisper batched": lambda spec, options: _faster_whisper(spec, options, batched=True),
}
"""Selenite with the engine of the spec, and the libraries called directly with their own defaults and the same options."""


def _samples(file: Path) -> "Samples":
    """Return a whole file's samples, as the libraries want them."""
    with _work_file() as work:
        decoded = audio.decode(file, work, on_progress=_ignore)
        return audio.read(work, 0.0, decoded.duration)


@contextmanager
def _work_file() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder) / "work.pcm"


def _ignore(seconds: float, total: float) -> None:
    return
