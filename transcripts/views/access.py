"""Who may see what: the one place where a view gets its recording or job from."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from transcripts.models import Job, Recording

BULKY = ("plan", "recording__peaks")
"""Columns of up to a hundred kilobytes that only a worker, or the player, needs."""


def visible_recording(request: HttpRequest, recording_id: UUID) -> Recording:
    """Return the recording, or raise Http404 where there is none that this person may see."""
    return get_object_or_404(Recording.objects.visible_to(request.user), pk=recording_id)


def visible_job(request: HttpRequest, job_id: UUID) -> Job:
    """Return the job with its recording (without plan and waveform), or raise Http404 where this person may see none."""
    jobs = Job.objects.visible_to(request.user).with_words().with_worker().select_related("recording").defer(*BULKY)
    return get_object_or_404(jobs, pk=job_id)
