"""Put a transcript from a file on a recording: a new version beside those that are there."""

import logging
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from transcripts.imports import Imported, Passage
from transcripts.imports.placing import with_ends, within
from transcripts.imports.timing import timed
from transcripts.imports.transcript import Row
from transcripts.makers import IMPORTED_FROM
from transcripts.models import Job, Recording, Segment, Speaker
from transcripts.models.recording import Playback
from transcripts.names import clean_file_name
from transcripts.search import index

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 500
UNNAMED = re.compile(r"Speaker (\d{1,4})")
ESTIMATED = "The times of words are estimated where the imported text differs from what was recognised, or nothing was."
NOT_THE_SAME = "The imported transcript was made of another file than this recording: its times may not fit."
TAKEN = "Names before a colon were taken as speakers: {}."
METRICS = {"mean_log_probability": 0.0, "no_speech_probability": 0.0, "compression_ratio": 0.0, "temperature": 0.0}


def import_transcript(recording: Recording, imported: Imported, *, author: User, file_name: str) -> Job:
    """Add a version with an imported text, which is shown from now on, and return it.

    Raises BadTranscript where its times are those of another recording.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = Recording.objects.select_for_update().get(pk=recording.pk)
        known = _known(locked)
        imported = _placed(imported, locked, is_known=bool(known))
        job = _make_job(locked, imported, author, file_name)
        speakers = _make_speakers(job, imported.speakers, is_ours=bool(imported.job_id))
        for row in _batches(_segments(job, imported, speakers, known)):
            Segment.objects.bulk_create(row)
        # Nothing decodes the media for an imported text: the waveform is drawn where copies for the player are made.
        undrawn = (
            {"playback_state": Playback.WAITING} if locked.has_media and not (locked.peaks or locked.playback) else {}
        )
        Recording.objects.filter(pk=locked.pk).update(shown_job=job, shown_since=now, **undrawn)
        index.rebuild(locked.pk)
    log.info("imported job %s for recording %s", job.pk, locked.pk)
    return job


def start_with(job: Job, *, imported: Imported, file_name: str) -> None:
    """Put an imported text in place of the job that a new recording has got. Call it in the transaction that makes both."""
    recording, author = job.recording, job.owner
    facts = dict(imported.recording)
    if facts.pop("sha256", None) == recording.sha256:
        Recording.objects.filter(pk=recording.pk).update(**facts)
    job.delete()
    import_transcript(recording, imported, author=author, file_name=file_name)


def _placed(imported: Imported, recording: Recording, *, is_known: bool) -> Imported:
    """Return what was imported with times that lie within the recording, and with the warnings that it takes."""
    end = recording.duration_seconds or 0.0
    passages, warnings = with_ends(imported.passages, is_known=is_known, end=end), list[str]()
    if end and not _is_of(imported, recording):
        passages, warnings = within(passages, end)
    if imported.labels and not imported.is_ours:
        warnings.append(TAKEN.format(", ".join(imported.labels)))
    job = {**imported.job, "warnings": [*imported.job.get("warnings", ()), *warnings]}
    return replace(imported, passages=tuple(passages), job=job)


def _is_of(imported: Imported, recording: Recording) -> bool:
    """Return whether a file says that it was made of this very recording."""
    return imported.recording.get("sha256") == recording.sha256


def _make_job(recording: Recording, imported: Imported, author: User, file_name: str) -> Job:
    now = timezone.now()
    facts: dict[str, Any] = {"started_at": now, "finished_at": now} | dict(imported.job)
    provenance = facts.pop("provenance", {"program_version": settings.VERSION})
    created = facts.pop("created_at", now)
    is_other = bool(imported.recording) and not _is_of(imported, recording)
    warnings = [*facts.pop("warnings"), *([NOT_THE_SAME] if is_other else [])]
    if any(not passage.words and passage.text for passage in imported.passages):
        warnings.append(ESTIMATED)
    job = Job.objects.create(
        pk=_free_id(imported.job_id),
        recording=recording,
        owner=recording.owner,
        state=Job.State.COMPLETED,
        prepared_seconds=recording.duration_seconds or 0.0,
        warnings=warnings,
        provenance=provenance | {IMPORTED_FROM: clean_file_name(file_name)},
        **facts,
    )
    job.created_at = created  # Making it has set this moment.
    job.save(update_fields=["created_at"])
    return job


def _free_id(asked: str) -> uuid.UUID:
    """Return the id that a job had when it was exported, or another one where that is taken."""
    return uuid.UUID(asked) if asked and not Job.objects.filter(pk=asked).exists() else uuid.uuid4()


def _make_speakers(job: Job, names: Mapping[str, str], *, is_ours: bool) -> dict[str, Speaker]:
    """Make the speakers by their keys, which are their ids in a file of ours. One that has no name but a number gets that one."""
    numbers = {key: int(match.group(1)) for key, name in names.items() if (match := UNNAMED.fullmatch(name))}
    taken, found = set(numbers.values()), {}
    for key, name in names.items():
        number = numbers.get(key) or next(each for each in range(1, len(names) + len(taken) + 2) if each not in taken)
        taken.add(number)
        own_id = int(key) if is_ours else None
        found[key] = Speaker(job=job, number=number, name="" if key in numbers else name[:100], exported_id=own_id)
    for speaker in found.values():
        speaker.save()
    return found


def _segments(job: Job, imported: Imported, speakers: Mapping[str, Speaker], known: Sequence[Row]) -> Iterator[Segment]:
    passages = imported.passages
    needed = [passage for passage in passages if passage.text and not passage.words]
    words = iter(timed(needed, known, end=job.recording.duration_seconds or 0.0) if needed else ())
    for number, passage in enumerate(passages):
        rows: Sequence[Row] = passage.words or (next(words) if passage.text else ())
        yield _segment(job, number, passage, rows, speakers)


def _known(recording: Recording) -> list[Row]:
    """Return the words of the text that the recording has now, in order of time."""
    rows = Segment.objects.filter(job=recording.shown_job_id).values_list("words", flat=True)
    return sorted((tuple(word) for word in chain.from_iterable(rows)), key=lambda word: word[0])


def _segment(job: Job, number: int, passage: Passage, words: Sequence[Row], speakers: Mapping[str, Speaker]) -> Segment:
    start = passage.start if passage.start is not None else words[0][0]
    end = passage.end if passage.end is not None else max(start, words[-1][1])
    return Segment(
        job=job,
        piece=0,
        index=number,
        start=start,
        end=end,
        text="".join(word[2] for word in words) if words and not passage.words else passage.text,
        words=[list(word) for word in words],
        speaker=speakers.get(passage.speaker),
        also=[speakers[key].pk for key in passage.also],
        **METRICS | dict(passage.columns),
    )


def _batches(rows: Iterator[Segment]) -> Iterator[list[Segment]]:
    batch: list[Segment] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    yield batch
