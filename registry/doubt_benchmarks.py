"""Benchmark of doubt: whether the words that are shown as perhaps wrong are, on recordings that have a reference text beside them."""

from collections.abc import Sequence
from pathlib import Path

from registry.benchmarks import SILENCE_SECONDS, Sample
from speech import client
from speech.client import EngineProcess
from speech.types import EngineSpec, Json, Options, to_json


def recognise(
    process: EngineProcess, sample: Sample, engine: EngineSpec, options: Options, *, work: Path
) -> list[Json]:
    """Return the segments of a recording, as a job makes them. Raises EngineError."""
    asked = {
        "media": str(sample.media.resolve()),
        "work": str(work),
        "track": 0,
        "engine": to_json(engine),
        "options": to_json(options),
    }
    *_, planned = process.replies(process.send("plan", **asked), timeout_seconds=SILENCE_SECONDS)
    request = process.send("transcribe", plan=planned["plan"], first_batch=0, **asked)
    replies = process.replies(request, timeout_seconds=SILENCE_SECONDS)
    batches = [reply for reply in replies if reply["type"] == "batch"]
    return [segment for batch in batches for result in batch["results"] for segment in result["segments"]]


def judge(found: Sequence[Sample], segments: Sequence[Sequence[Json]], *, language: str) -> Json:
    """Return how well doubt tells the wrong words: each recording judged by a fit to the others. Raises EngineError."""
    files = [(theirs, sample.reference or "") for sample, theirs in zip(found, segments, strict=True)]
    return client.ask("judge", timeout_seconds=SILENCE_SECONDS, files=files, language=language)
