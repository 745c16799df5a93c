"""JSON for programs. Every field is explained in `docs/export-json.md`."""

import json
from datetime import UTC
from typing import Any

from transcripts.correcting import Word
from transcripts.exports.document import Document, Run, Segment, Source
from transcripts.exports.options import ExportOptions
from transcripts.makers import MADE_BY

VERSION = 1
TIME_DECIMALS = 3
VALUE_DECIMALS = 4
PROVENANCE = (
    "program_version",
    "engine_version",
    "weights_sha256",
    "device",
    "compute_type",
    "instruction_set",
    "threads",
    "beam_size",
    "seed",
    "options",
)
"""What every version 1 file has of the provenance, null where it is not known."""


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the whole transcript as one object, UTF-8, with a line for each segment."""
    head = {
        "version": VERSION,
        "recording": _source(document.source),
        "job": _run(document.run),
        "gaps": [_gap(gap) for gap in document.gaps],
        "speakers": [{"name": speaker.name, "id": speaker.id} for speaker in document.speakers],
    }
    # Written one by one: as a tree of dictionaries, the words of a long recording would take tens of megabytes.
    is_labelled = bool(document.speakers)
    segments = ",\n".join(_dump(_segment(segment, is_labelled=is_labelled)) for segment in document.spoken)
    return f'{_dump(head)[:-1]}, "segments": [\n{segments}\n]}}\n'.encode()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _source(source: Source) -> dict[str, Any]:
    return {
        "title": source.title,
        "original_filename": source.original_filename,
        "duration": _rounded(source.duration, TIME_DECIMALS),
        "sha256": source.sha256,
        **_known(clipped_share=source.clipped_share),
    }


def _known(**values: float | None) -> dict[str, float | None]:
    """Return the fields that are there only where they are known."""
    return {name: _rounded(value, VALUE_DECIMALS) for name, value in values.items() if value is not None}


def _run(run: Run) -> dict[str, Any]:
    job = {
        "id": run.id,
        "engine": run.engine,
        "model": run.model,
        "language": run.language,
        "task": run.task,
        "created_at": run.created_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seconds": _rounded(run.seconds, TIME_DECIMALS),
        "warnings": list(run.warnings),
        **_known(language_probability=run.language_probability),
    }
    provenance = {**dict.fromkeys(PROVENANCE), MADE_BY: [], **run.provenance}
    return job | {name: value for name, value in provenance.items() if name not in job}


def _segment(segment: Segment, *, is_labelled: bool) -> dict[str, Any]:
    return {
        "start": round(segment.start, TIME_DECIMALS),
        "end": round(segment.end, TIME_DECIMALS),
        **_speakers(segment, is_labelled=is_labelled),
        "text": segment.text,
        "mean_log_probability": _rounded(segment.mean_log_probability, VALUE_DECIMALS),
        "no_speech_probability": _rounded(segment.no_speech_probability, VALUE_DECIMALS),
        "compression_ratio": _rounded(segment.compression_ratio, VALUE_DECIMALS),
        "temperature": _rounded(segment.temperature, VALUE_DECIMALS),
        "doubts": list(segment.doubts),
        "words": [_word(word) for word in segment.words],
    }


def _speakers(segment: Segment, *, is_labelled: bool) -> dict[str, Any]:
    """Return who says a segment, by name; in a transcript with speakers by id as well."""
    speaker = segment.speaker
    if not is_labelled:
        return {"speaker": None}
    also = [other.id for other in segment.also]
    return {"speaker": speaker.name if speaker else None, "speaker_id": speaker.id if speaker else None, "also": also}


def _gap(gap: Segment) -> dict[str, Any]:
    return {"start": round(gap.start, TIME_DECIMALS), "end": round(gap.end, TIME_DECIMALS), "reason": gap.gap}


def _word(word: Word) -> dict[str, Any]:
    more = ({"estimated": True} if word.is_estimated else {}) | ({"heard": True} if word.is_heard else {})
    return {
        "start": round(word.start, TIME_DECIMALS),
        "end": round(word.end, TIME_DECIMALS),
        "text": word.text,
        "probability": _rounded(word.probability, VALUE_DECIMALS),
        **more,
    }


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
