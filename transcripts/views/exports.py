"""The address that a transcript is saved from."""

from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from transcripts import exports
from transcripts.exports.forms import ExportForm
from transcripts.models import Job
from transcripts.services.defaults import export_options_of
from transcripts.views.access import visible_job

PLAIN = "text/plain; charset=utf-8"
WAIT = "This recording is not transcribed yet: its transcript can be exported as soon as it is done."
AGAIN = "Its transcript is not whole and cannot be exported. Open it and press “Transcribe again”."
NOT_COMPLETE: dict[str, str] = {
    Job.State.QUEUED: f"The job is waiting. {WAIT}",
    Job.State.RUNNING: f"The job is running. {WAIT}",
    Job.State.PAUSED: f"The job is paused. {WAIT} Open it and press “Go on”.",
    Job.State.FAILED: f"The job failed. {AGAIN}",
    Job.State.CANCELLED: f"The job was cancelled. {AGAIN}",
}


@require_safe
@cache_control(private=True, no_store=True)
def export(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Answer with a transcript as a file: 400 for what cannot be asked for, 409 while the job is not complete."""
    job = visible_job(request, job_id)
    assert isinstance(request.user, User)
    form = ExportForm(request.GET, defaults=export_options_of(request.user))
    if not form.is_valid():
        return HttpResponse(form.sentence(), status=400, content_type=PLAIN)
    if job.state != Job.State.COMPLETED:
        return HttpResponse(NOT_COMPLETE[job.state], status=409, content_type=PLAIN)
    name = form.cleaned_data["format"]
    return HttpResponse(
        exports.render(job, name, options=form.options()),
        content_type=exports.FORMATS[name].content_type,
        headers={"Content-Disposition": exports.content_disposition(exports.filename(job, name))},
    )
