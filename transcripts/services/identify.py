"""Identify the speakers of a text that is there: a job of its own, without transcribing again."""

import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction

from speech.types import Json, SpeakerCount, Turn
from transcripts import lease
from transcripts.estimates import identifying_pace
from transcripts.models import Job
from transcripts.models.recording import MEDIA_GONE
from transcripts.services.labelled import work_out
from transcripts.services.speakers import apply_labelling

log = logging.getLogger(__name__)

NOT_OVER = "This transcription is not over yet. Identify the speakers when it is."
NOT_IDENTIFIED = "The speakers could not be identified."
CANCELLED = "Identifying the speakers was cancelled. The text is complete. “Identify speakers” does it later."
UNDER_WAY = "The speakers of this text are being identified already. The queue shows how far that is."
NO_TEXT = "There is no text in which speakers could be identified."


class NotIdentifiable(Exception):
    """A text cannot be given speakers. The message is a sentence for the person; nothing was started."""


def identify_again(
    source_id: UUID,
    *,
    diarizer: str = "",
    speakers: SpeakerCount | None = None,
    then: Callable[[Job], object] | None = None,
) -> Job:
    """Return the queued job that identifies the speakers of a job's text, or the one that does so already, which goes on.

    `speakers` None: as many as are heard. With `then`, as in `accept_path`, it is always a new one. Safe to call by two at once.
    Raises NotIdentifiable.
    """
    with transaction.atomic():
        source = Job.objects.select_for_update().defer("plan").get(pk=source_id)
        _check(source)
        under_way = source.retries.unfinished().filter(kind=Job.Kind.SPEAKERS).first()
        if under_way and then:
            raise NotIdentifiable(UNDER_WAY)
        job = under_way or _create(source, diarizer, speakers)
        if then:
            then(job)
    lease.resume(job.pk)
    return job


def complete(job: Job, lease_token: UUID, turns: Sequence[Turn], *, provenance: Json) -> None:
    """End a job that identified speakers and give them to the text of its source, as one edit of the owner. Raises LeaseLost."""
    text = Job.objects.filter(retries=job).first()
    ahead = work_out(text, turns, diarizer=provenance["diarizer"]) if text else None
    with transaction.atomic():
        lease.release(job.pk, lease_token, Job.State.COMPLETED, identified=Job.Identified.DONE)
        source = Job.objects.select_for_update().defer("plan").get(retries=job)
        kept = _other_warnings(source)
        apply_labelling(source, turns, provenance=provenance, author=job.owner, ahead=ahead)
        Job.objects.filter(pk=source.pk).update(
            identified=Job.Identified.DONE, warnings=list(dict.fromkeys([*kept, *job.warnings]))
        )


def _other_warnings(source: Job) -> list[str]:
    """Return the warnings of a job that do not tell of how its speakers were identified before."""
    old = source.labelling.provenance.get("warnings", []) if source.labelling else []
    return [
        sentence
        for sentence in source.warnings
        if sentence not in old and sentence != CANCELLED and not sentence.startswith(NOT_IDENTIFIED)
    ]


def _check(source: Job) -> None:
    """Raise NotIdentifiable where there is no text of its own that nobody writes to."""
    if source.kind != Job.Kind.WHOLE or not source.is_over:
        raise NotIdentifiable(NOT_OVER)
    if not source.recording.has_media:
        raise NotIdentifiable(MEDIA_GONE)
    if not source.segments.words().exists():
        raise NotIdentifiable(NO_TEXT)


def _create(source: Job, diarizer: str, speakers: SpeakerCount | None) -> Job:
    job = Job.objects.create(
        recording_id=source.recording_id,
        owner_id=source.owner_id,
        kind=Job.Kind.SPEAKERS,
        source=source,
        diarize=True,
        asked_diarizer=diarizer,
        least_speakers=speakers.least if speakers else None,
        most_speakers=speakers.most if speakers else None,
        audio_track=source.audio_track,
        extra_options={name: value for name, value in source.extra_options.items() if name == "device"},
        prepared_seconds=source.prepared_seconds,
        identifying_share=1.0,
        expected_pace=identifying_pace(diarizer),
    )
    log.info("the speakers of job %s are identified by job %s", source.pk, job.pk)
    return job
