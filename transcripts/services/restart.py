"""Transcribe a recording again: a new job beside the earlier ones, whose text is kept."""

import logging

from django.db import transaction

from speech.types import SpeakerCount
from transcripts import lease
from transcripts.models import Job, Recording
from transcripts.models.job import JobQuerySet
from transcripts.models.recording import MEDIA_GONE
from transcripts.services.accept import JobRequest, Refused, Then, check_request, check_track, new_job

log = logging.getLogger(__name__)

CANCEL = Job.StopRequest.CANCEL


def transcribe_again(recording: Recording, request: JobRequest, *, then: Then | None = None) -> Job:
    """Return a job that transcribes a recording as asked.

    Where such a job waits, runs or is paused, it is that one, and it goes on: pressing twice makes one job. With `then`,
    as in `accept_path`, it is always a new one. Raises Refused, and Recording.DoesNotExist where it was deleted.
    """
    check_request(request)
    with transaction.atomic():
        locked = Recording.objects.select_for_update().get(pk=recording.pk)
        if not locked.has_media:
            raise Refused(MEDIA_GONE)
        check_track(request, locked)
        job = None if then else next((job for job in _unfinished(locked) if _serves(job, request)), None)
        if job is None:
            job = new_job(locked, request)
            log.info("recording %s is transcribed again as job %s", locked.pk, job.pk)
        if then is not None:
            then(job)
    lease.resume(job.pk)
    return job


def start_over(recording: Recording, request: JobRequest) -> Job:
    """Transcribe a recording again in place of what is under way, which is cancelled. Raises as `transcribe_again` does."""
    job = transcribe_again(recording, request)
    for other in _unfinished(recording).exclude(pk=job.pk):
        lease.request_stop(other.pk, CANCEL)
    return job


def request_of(job: Job) -> JobRequest:
    """Return what was asked of a job."""
    return JobRequest(
        engine=job.asked_engine,
        model=job.asked_model,
        language=job.asked_language,
        task=job.task,
        prompt=job.prompt,
        audio_track=job.audio_track,
        diarize=job.diarize,
        diarizer=job.asked_diarizer,
        speakers=count_of(job),
        by_channel=job.by_channel,
        extra_options=job.extra_options,
    )


def count_of(job: Job) -> SpeakerCount | None:
    """Return how many speakers were asked for, None for as many as are heard."""
    if job.least_speakers is None or job.most_speakers is None:
        return None
    return SpeakerCount(job.least_speakers, job.most_speakers)


def _unfinished(recording: Recording) -> JobQuerySet:
    return Job.objects.whole().unfinished().filter(recording=recording).defer("plan")


def _serves(job: Job, request: JobRequest) -> bool:
    """Return whether an unfinished job will do what is asked."""
    return job.stop_request != CANCEL and request_of(job).columns() == request.columns()
