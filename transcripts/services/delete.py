"""Delete recordings with all that was made of them, or single jobs."""

import logging
from collections.abc import Callable, Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from transcripts import lease, workfile
from transcripts.models import Job, Recording, Segment
from transcripts.models.recording import Playback
from transcripts.search import index

log = logging.getLogger(__name__)


def delete_recording(recording: Recording) -> None:
    """Delete the rows, then the files. A worker that is running one of its jobs finds no row to write to, and stops."""
    with transaction.atomic(durable=True):
        _lock(recording)
        Recording.objects.filter(pk=recording.pk).delete()
    _remove_files(recording)


def expire_recording(recording: Recording, is_due: Callable[[], bool] = lambda: True) -> bool:
    """Delete a recording whose time is over, with all of it; return False where a job of it runs. Raises OSError.

    `is_due` is asked once nothing else can change the recording; where it is not due any more, it stays.
    The file goes before the rows: what a crash leaves between the two is found again, and deleted a minute later.
    """
    with transaction.atomic(durable=True):
        _lock(recording)
        if not is_due() or Job.objects.running().filter(recording=recording).exists():
            return False
        _delete_media(recording)
        Recording.objects.filter(pk=recording.pk).delete()
    workfile.discard(recording.sha256)
    log.info("recording %s has expired and is deleted", recording.pk)
    return True


def expire_media(recording: Recording, is_due: Callable[[], bool] = lambda: True) -> bool:
    """Delete the media of a recording whose time is over and keep its text; return False where a job of it runs. Raises OSError.

    `is_due` is asked as for a whole recording. What waits or is paused is cancelled: it could not go on.
    """
    with transaction.atomic(durable=True):
        _lock(recording)
        if not is_due() or Job.objects.running().filter(recording=recording).exists():
            return False
        _delete_media(recording)
        Recording.objects.filter(pk=recording.pk).update(
            media="", playback="", playback_state=Playback.NONE, playback_token=None
        )
        for job_id in Job.objects.unfinished().filter(recording=recording).values_list("pk", flat=True):
            lease.request_stop(job_id, Job.StopRequest.CANCEL)
    workfile.discard(recording.sha256)
    log.info("the media of recording %s has expired and is deleted", recording.pk)
    return True


def delete_jobs(recording: Recording, jobs: Collection[UUID], *, states: Collection[str]) -> int:
    """Delete those of a recording's jobs that are in one of these states now, and return how many.

    A recording that is left without a version goes with its file. One whose shown text goes then shows the newest complete
    one, with words if any has.
    """
    with transaction.atomic(durable=True):
        _lock(recording)
        doomed = Job.objects.filter(recording=recording, pk__in=jobs, state__in=states)
        count = doomed.count()
        is_emptied = bool(count) and not Job.objects.whole().filter(recording=recording).exclude(pk__in=doomed).exists()
        if is_emptied:
            Recording.objects.filter(pk=recording.pk).delete()
        else:
            doomed.delete()
            _show_another(recording)
    if is_emptied:
        _remove_files(recording)
    workfile.discard(recording.sha256)
    return count


def _lock(recording: Recording) -> None:
    """Wait for a worker's transaction in flight, so that its segments are there to be deleted too, and keep new jobs out.

    Jobs before the recording: in the order in which a worker that completes one locks them.
    """
    list(recording.jobs.select_for_update().defer("plan"))
    for locked in Recording.objects.select_for_update().filter(pk=recording.pk).only("playback"):
        recording.playback = locked.playback  # It may have been made since the row was read.


def _show_another(recording: Recording) -> None:
    complete = Job.objects.whole().filter(recording=recording, state=Job.State.COMPLETED)
    has_words = Exists(Segment.objects.words().filter(job=OuterRef("pk")))
    newest = complete.order_by(has_words.desc(), "-finished_at").first()
    if Recording.objects.filter(pk=recording.pk, shown_job=None).update(shown_job=newest):
        index.rebuild(recording.pk)


def _delete_media(recording: Recording) -> None:
    for file in (recording.media, recording.playback):
        if file.name:
            file.storage.delete(file.name)


def _remove_files(recording: Recording) -> None:
    _delete_media(recording)
    workfile.discard(recording.sha256)
    log.info("deleted recording %s", recording.pk)
