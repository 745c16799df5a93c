"""Which version of a recording's transcript is the one that is shown."""

from django.db import transaction
from django.db.models.functions import Now

from transcripts.models import Job, Recording
from transcripts.search import index


def show(job: Job) -> bool:
    """Make a complete version of a transcript the one that is shown and found; return False where it is not complete."""
    complete = Job.objects.whole().filter(pk=job.pk, state=Job.State.COMPLETED)
    with transaction.atomic():
        if not Recording.objects.filter(pk=job.recording_id, jobs__in=complete).update(
            shown_job=job, shown_since=Now()
        ):
            return False
        index.rebuild(job.recording_id)
    return True
