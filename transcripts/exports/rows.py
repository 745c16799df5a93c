"""From the rows of the database to the document that the formats write."""

import math
import re

from django.utils import timezone

from speech.types import Word
from transcripts import models
from transcripts.exports.document import Document, Run, Segment, Source

ROWS_AT_ONCE = 200
UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
"""Control characters, halves of characters and what is none: XML refuses them, and they mean nothing in a text."""
SPACE = re.compile(r"\s+")


def read_document(job: models.Job) -> Document:
    """Return a job's transcript. Reads its segments once, a few hundred at a time."""
    rows = job.segments.iterator(chunk_size=ROWS_AT_ONCE)
    segments = (_segment(row) for row in rows)
    return Document(
        source=_source(job.recording),
        run=_run(job),
        segments=tuple(segment for segment in segments if segment.text or segment.gap),
    )


def _source(recording: models.Recording) -> Source:
    return Source(
        title=printable(recording.title).strip(),
        original_filename=printable(recording.original_filename),
        duration=recording.duration_seconds,
        sha256=recording.sha256,
    )


def _run(job: models.Job) -> Run:
    return Run(
        id=str(job.pk),
        engine=job.engine,
        model=job.model,
        language=job.language,
        task=job.task,
        created_at=timezone.localtime(job.created_at),
        seconds=_wall_seconds(job),
        warnings=tuple(printable(warning).strip() for warning in job.warnings),
        provenance=job.provenance,
    )


def _wall_seconds(job: models.Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def _segment(row: models.Segment) -> Segment:
    return Segment(
        start=row.start,
        end=row.end,
        speaker=None,
        text=printable(row.text).strip(),
        words=tuple(Word(start, end, printable(text), chance) for start, end, text, chance in row.words),
        mean_log_probability=_finite(row.mean_log_probability),
        no_speech_probability=_finite(row.no_speech_probability),
        compression_ratio=_finite(row.compression_ratio),
        temperature=_finite(row.temperature),
        doubts=tuple(row.doubts),
        gap=row.gap,
    )


def printable(text: str) -> str:
    """Return a text on one line, without characters that no format can carry; single spaces stay where they are."""
    return SPACE.sub(" ", UNPRINTABLE.sub("", text))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
