"""Delete a recording with all that was made of it."""

import logging

from django.db import transaction

from transcripts import workfile
from transcripts.models import Recording

log = logging.getLogger(__name__)


def delete_recording(recording: Recording) -> None:
    """Delete the rows, then the files. A worker that is running one of its jobs finds no row to write to, and stops."""
    storage, name, sha256, pk = recording.media.storage, recording.media.name, recording.sha256, recording.pk
    with transaction.atomic(durable=True):
        # Waits for a worker's transaction in flight, so that its segments are there to be deleted too.
        list(recording.jobs.select_for_update())
        recording.delete()
    if name:
        storage.delete(name)
    workfile.discard(sha256)
    log.info("deleted recording %s", pk)
