"""Benchmarks of recognition on recordings that have a reference text beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speech import client
from speech.types import EngineSpec, Json, Options, to_json

MEDIA_SUFFIXES = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".webm", ".mp4", ".mkv"}
PSEUDO = ".pseudo"
"""`name.pseudo.txt` is a machine-made transcript, never a reference."""
SILENCE_SECONDS = 3600
"""An engine called directly says nothing while it works on one long file, but the process sends signs of life."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording and what is said in it, None where nobody wrote it down."""

    media: Path
    reference: str | None


def samples(path: Path) -> list[Sample]:
    """Return the recordings below a folder that have a `.txt` beside them, sorted, or the one file."""
    if path.is_file():
        return [_sample(path)]
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in MEDIA_SUFFIXES)
    return [sample for file in files if (sample := _sample(file)).reference is not None]


def _sample(media: Path) -> Sample:
    text = media.with_suffix(".txt")
    return Sample(media, text.read_text(encoding="utf-8") if text.is_file() else None)


def join(found: Sequence[Sample], target: Path, *, seconds: float) -> Sample:
    """Write the recordings one after the other to one WAV file of this length, from the start again where they are too few."""
    clips = [str(sample.media.resolve()) for sample in found]
    reply = client.ask("join", timeout_seconds=SILENCE_SECONDS, clips=clips, target=str(target), seconds=seconds)
    references = [found[index % len(found)].reference for index in range(reply["taken"])]
    text = None if None in references else " ".join(reference or "" for reference in references)
    return Sample(target, text)


def measure(variant: str, found: Sequence[Sample], spec: EngineSpec, options: Options) -> Json:
    """Run one variant over the recordings in a process of its own and return its figures, with errors and words added.

    Speed is seconds of audio by seconds of work, loading the weights not counted. Raises EngineError.
    """
    process = client.EngineProcess()
    try:
        request = process.send(
            "measure",
            variant=variant,
            files=[str(sample.media.resolve()) for sample in found],
            engine=to_json(spec),
            options=to_json(options),
        )
        *_, last = process.replies(request, timeout_seconds=SILENCE_SECONDS)
    finally:
        process.close()
    figures = {name: value for name, value in last.items() if name not in ("id", "type")}
    return figures | {"speed": figures["audio_seconds"] / figures["seconds"]} | _score(found, figures["texts"], options)


def _score(found: Sequence[Sample], texts: Sequence[str], options: Options) -> Json:
    """Return errors and words over all recordings with a reference."""
    pairs = [
        (sample.reference, text) for sample, text in zip(found, texts, strict=True) if sample.reference is not None
    ]
    if not pairs:
        return {"errors": None, "words": None}
    reply = client.ask("score", timeout_seconds=SILENCE_SECONDS, pairs=pairs, language=options.language or "en")
    return {"errors": reply["errors"], "words": reply["words"]}
