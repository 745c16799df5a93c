"""What a person does to a job."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from transcripts import lease
from transcripts.views.access import visible_job


@require_POST
def resume(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Let a paused job go on, and show its recording. Changes nothing where it is not paused."""
    job = visible_job(request, job_id)
    lease.resume(job.pk)
    return redirect("transcripts:detail", job.recording_id)
