"""Transcribe a stretch of a recording again: a job of its own, whose text is a suggestion for the text that is there."""

import logging
from collections.abc import Callable, Iterable

from django.db import transaction

from transcripts import lease
from transcripts.correcting import Span
from transcripts.models import Job
from transcripts.models.recording import MEDIA_GONE
from transcripts.services.accept import JobRequest, Refused, check_request

log = logging.getLogger(__name__)

AROUND_SECONDS = 0.5
"""So much of the silence on either side is heard too: what begins a sentence may have been left out."""
LEAST_SECONDS = 0.3

NOT_OVER = "This transcription is not over yet. Transcribe a part of it again when it is."
NO_STRETCH = "There is nothing to transcribe between these two times. Choose a longer stretch."
NO_VERSION = "Only a part of a transcript can be transcribed again."


def transcribe_stretch(
    source: Job, start: float, end: float, request: JobRequest, *, then: Callable[[Job], object] | None = None
) -> Job:
    """Return the queued job that transcribes a stretch of a text again, or one that does the same already, which goes on.

    The stretch is widened to whole segments. With `then`, as in `accept_path`, it is always a new job. Raises Refused.
    """
    check_request(request)
    with transaction.atomic():
        locked = Job.objects.select_for_update().defer("plan").get(pk=source.pk)
        _check(locked)
        span = widened(locked, start, end)
        columns = request.columns() | {"audio_track": locked.audio_track}
        asked = columns | {"stretch_start": span[0], "stretch_end": span[1], "kind": Job.Kind.STRETCH}
        same = (
            None if then else locked.retries.unfinished().exclude(stop_request=Job.StopRequest.CANCEL).filter(**asked)
        )
        job = same.first() if same is not None else None
        if job is None:
            job = Job.objects.create(recording_id=locked.recording_id, owner_id=locked.owner_id, source=locked, **asked)
            log.info("%.1f s of job %s are transcribed again by job %s", span[1] - span[0], locked.pk, job.pk)
        if then is not None:
            then(job)
    lease.resume(job.pk)
    return job


def widened(job: Job, start: float, end: float) -> Span:
    """Return the stretch from the start of the first segment that lies in two times to the end of the last, and some silence.

    Raises Refused where hardly anything is left of it.
    """
    spans = list(job.segments.values_list("start", "end"))
    duration = job.recording.duration_seconds or max((last for _, last in spans), default=end)
    start, end = max(0.0, start), min(end, max(duration, *(last for _, last in spans), 0.0))
    if not start < end:
        raise Refused(NO_STRETCH)
    touched = [one for one in _unbroken(spans) if one[0] < end and one[1] > start]
    start, end = min([start, *(first for first, _ in touched)]), max([end, *(last for _, last in touched)])
    before = max((last for _, last in spans if last <= start), default=0.0)
    after = min((first for first, _ in spans if first >= end), default=max(end, duration))
    start, end = max(before, start - AROUND_SECONDS), min(after, end + AROUND_SECONDS)
    if end - start < LEAST_SECONDS:
        raise Refused(NO_STRETCH)
    return start, end


def _unbroken(spans: Iterable[Span]) -> list[Span]:
    """Return the stretches in which somebody always speaks: segments that overlap are one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _check(source: Job) -> None:
    """Raise Refused where there is no text of its own that nobody writes to, or nothing to hear."""
    if source.kind != Job.Kind.WHOLE:
        raise Refused(NO_VERSION)
    if not source.is_over:
        raise Refused(NOT_OVER)
    if not source.recording.has_media:
        raise Refused(MEDIA_GONE)
