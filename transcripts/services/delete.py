"""Delete recordings with all that was made of them, or single jobs."""

import logging
from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from transcripts import workfile
from transcripts.models import Job, Recording, Segment

log = logging.getLogger(__name__)


def delete_recording(recording: Recording) -> None:
    """Delete the rows, then the files. A worker that is running one of its jobs finds no row to write to, and stops."""
    with transaction.atomic(durable=True):
        _lock(recording)
        Recording.objects.filter(pk=recording.pk).delete()
    _remove_files(recording)


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
    list(Recording.objects.select_for_update().filter(pk=recording.pk).only("pk"))


def _show_another(recording: Recording) -> None:
    complete = Job.objects.whole().filter(recording=recording, state=Job.State.COMPLETED)
    has_words = Exists(Segment.objects.words().filter(job=OuterRef("pk")))
    newest = complete.order_by(has_words.desc(), "-finished_at").first()
    Recording.objects.filter(pk=recording.pk, shown_job=None).update(shown_job=newest)


def _remove_files(recording: Recording) -> None:
    if recording.media.name:
        recording.media.storage.delete(recording.media.name)
    workfile.discard(recording.sha256)
    log.info("deleted recording %s", recording.pk)
