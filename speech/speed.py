"""How fast this machine recognises speech and tells speakers apart: a short recording again and again, for a given time.

Runs in an engine process of its own, so that the peak of its memory is that of the weights. Loading them is not counted.
"""

import time
from collections.abc import Callable
from pathlib import Path

from speech import audio
from speech.asr.engine import Engine
from speech.diarization.diarizer import Diarizer
from speech.failures import encoded
from speech.process import peak_memory_bytes
from speech.types import (
    SAMPLE_RATE,
    Json,
    OnProgress,
    Options,
    Piece,
    ShouldStop,
    SpeakerCount,
    to_json,
)

CLIP = Path(__file__).parent / "samples" / "two_voices.opus"
LANGUAGE = "en"
"""That of the clip."""
LONGEST_SECONDS = 600.0
"""Of sound: a graphics card recognises it in a few seconds."""
FIRST_SECONDS = 60.0
"""Of sound, by which a diarizer is tried: on less it spends most of the time on what it does once."""
PAUSE_SECONDS = 0.7


def of_recogniser(engine: Engine, folder: Path, *, seconds: float, on_progress: OnProgress) -> Json:
    """Return how much sound is recognised in how much time, and the peak memory. Takes about so many `seconds`.

    The first piece is not counted, by which everything is set up, unless it takes so long alone that it has to be enough.
    `on_progress` gets the seconds that went by and those that it will take. Raises EngineError where the figures of the
    text are infinite or undefined.
    """
    work = _recording(folder, LONGEST_SECONDS)
    began = time.monotonic()

    def report() -> None:
        on_progress(min(time.monotonic() - began, seconds), seconds)

    pieces = engine.find_pieces(work, on_progress=lambda *_: report())
    finding = (time.monotonic() - began) / LONGEST_SECONDS
    first = _recognise(engine, work, pieces, 0, 1, report)
    if 2 * first > seconds:
        return _figures(_between(pieces, 0, 1), first, finding)
    size, position, spent = min(engine.batch_size, max(1, int(seconds / max(first, 1e-3)))), 1, 0.0
    while spent < seconds and position < len(pieces):
        last = min(position + size, len(pieces))
        spent += _recognise(engine, work, pieces, position, last, report)
        position = last
    return _figures(_between(pieces, 1, position), spent, finding)


def of_diarizer(
    diarizer: Diarizer, folder: Path, *, seconds: float, on_progress: OnProgress, should_stop: ShouldStop
) -> Json:
    """Return in how much time speakers are told apart in how much sound, and the peak memory. Takes about so many `seconds`."""
    began = time.monotonic()

    def diarize(sound_seconds: float) -> float:
        work, start = _recording(folder, sound_seconds), time.monotonic()
        diarizer.diarize(
            work,
            speakers=SpeakerCount(),
            on_progress=lambda *_: on_progress(min(time.monotonic() - began, seconds), seconds),
            should_stop=should_stop,
        )
        return max(time.monotonic() - start, 1e-3)

    first = diarize(FIRST_SECONDS)
    longer = min(LONGEST_SECONDS, FIRST_SECONDS * (seconds - first) / first)
    if longer < 2 * FIRST_SECONDS:
        return _figures(FIRST_SECONDS, first)
    return _figures(longer, diarize(longer))


def _recording(folder: Path, seconds: float) -> Path:
    """Write the clip again and again into a work file of this length, and return it."""
    clip, work = folder / "clip.pcm", folder / "work.pcm"
    audio.decode(CLIP, clip, on_progress=lambda *_: None)
    once = clip.read_bytes() + bytes(int(PAUSE_SECONDS * SAMPLE_RATE) * audio.BYTES_PER_SAMPLE)
    length = int(seconds * SAMPLE_RATE) * audio.BYTES_PER_SAMPLE
    work.write_bytes((once * (length // len(once) + 1))[:length])
    return work


def _recognise(
    engine: Engine, work: Path, pieces: list[Piece], first: int, last: int, report: Callable[[], None]
) -> float:
    """Recognise some pieces as a job does, and return how long it took."""
    report()
    began = time.monotonic()
    samples = [audio.read(work, piece.start, piece.end) for piece in pieces[first:last]]
    batch = dict(zip(range(first, last), pieces[first:last], strict=True))
    results = engine.transcribe(batch, samples, Options(), language=LANGUAGE, on_progress=report)
    encoded([to_json(result) for result in results])  # As a job would: weights whose figures are none have no speed.
    return time.monotonic() - began


def _between(pieces: list[Piece], first: int, last: int) -> float:
    """Return how much of the recording some pieces cover, with the silence after each."""
    end = pieces[last].start if last < len(pieces) else pieces[-1].end
    return end - pieces[first].start


def _figures(audio_seconds: float, work_seconds: float, finding: float = 0.0) -> Json:
    """Return the figures; `finding` is how long it takes to find the speech in a second of sound."""
    return {
        "audio_seconds": audio_seconds,
        "seconds": work_seconds + finding * audio_seconds,
        "peak_memory_bytes": peak_memory_bytes(),
    }
