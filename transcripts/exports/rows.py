"""From the rows of the database to the document that the formats write."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from speech.types import Json
from transcripts import models
from transcripts.correcting import Word
from transcripts.exports.document import Document, Run, Segment, Source, Speaker, Turn
from transcripts.makers import ACCEPTED, IMPORTED, IMPORTED_FROM, stretch_made

ROWS_AT_ONCE = 200
UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
"""Control characters, halves of characters and what is none: XML refuses them, and they mean nothing in a text."""
SPACE = re.compile(r"\s+")


def read_document(job: models.Job) -> Document:
    """Return a job's transcript. Reads its segments once, a few hundred at a time."""
    people = {person.pk: person for person in job.speakers.all()}
    speakers = {pk: _speaker(person, people) for pk, person in people.items()}
    rows = job.segments.iterator(chunk_size=ROWS_AT_ONCE)
    segments = (_segment(row, speakers) for row in rows)
    return Document(
        source=_source(job.recording),
        run=_run(job),
        segments=tuple(segment for segment in segments if segment.text or segment.gap),
        turns=tuple(
            _turns(job, {person.number: speakers[pk] for pk, person in people.items() if _is_heard(person, job)})
        ),
    )


def _speaker(person: models.Speaker, people: Mapping[int, models.Speaker]) -> Speaker:
    """Return somebody with their name; whoever was found to be somebody else is that one."""
    while person.merged_into_id:
        person = people[person.merged_into_id]
    return Speaker(
        person.pk if person.exported_id is None else person.exported_id, printable(person.shown_name).strip()
    )


def _is_heard(person: models.Speaker, job: models.Job) -> bool:
    """Return whether the labelling in use heard somebody."""
    return person.labelling_id is not None and person.labelling_id == job.labelling_id


def _turns(job: models.Job, speakers: Mapping[int, Speaker]) -> list[Turn]:
    """Return what the labelling in use heard, each turn with who its speaker is now."""
    turns = sorted(job.labelling.turns) if job.labelling else []
    return [Turn(start, end, speakers[number]) for start, end, number in turns]


def _source(recording: models.Recording) -> Source:
    return Source(
        title=printable(recording.title).strip(),
        original_filename=printable(recording.original_filename),
        duration=recording.duration_seconds,
        sha256=recording.sha256,
        clipped_share=recording.clipped_share,
    )


def _provenance(job: models.Job) -> Json:
    """Return what produced a text, with the stretches of it that were made again and accepted.

    Without the name of the file that it was imported from, so that what was exported once comes out the same again.
    """
    columns = ("stretch_start", "stretch_end", "provenance")
    stretches = job.retries.accepted().order_by("stretch_start").values_list(*columns)
    accepted = [*job.provenance.get(ACCEPTED, []), *(stretch_made(*stretch) for stretch in stretches)]
    made: Json = {name: value for name, value in job.provenance.items() if name not in (IMPORTED, IMPORTED_FROM)}
    if IMPORTED_FROM in job.provenance and not job.engine:
        made[IMPORTED] = True
    return made | {ACCEPTED: accepted} if accepted else made


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
        provenance=_provenance(job),
        language_probability=job.language_probability,
    )


def _wall_seconds(job: models.Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def _segment(row: models.Segment, speakers: Mapping[int, Speaker]) -> Segment:
    return Segment(
        start=row.start,
        end=row.end,
        speaker=speakers.get(row.speaker_id or 0),
        text=printable(row.text).strip(),
        words=tuple(_word(word) for word in row.words),
        mean_log_probability=_finite(row.mean_log_probability),
        no_speech_probability=_finite(row.no_speech_probability),
        compression_ratio=_finite(row.compression_ratio),
        temperature=_finite(row.temperature),
        doubts=tuple(row.doubts),
        gap=row.gap,
        also=tuple(speakers[pk] for pk in row.also if pk in speakers),
    )


def _word(row: Sequence[Any]) -> Word:
    start, end, text, chance, *estimated = row
    return Word(start, end, printable(text), chance, *estimated)


def printable(text: str) -> str:
    """Return a text on one line, without characters that no format can carry; single spaces stay where they are."""
    return SPACE.sub(" ", UNPRINTABLE.sub("", text))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
