"""Which version of a transcript a recording shows: chosen on its page, or where two are compared, and taken back."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from preferences.dates import full
from transcripts.compare_forms import CompareForm
from transcripts.models import Job
from transcripts.services import versions
from transcripts.views.access import visible_job
from transcripts.views.answers import calm
from transcripts.views.standing import Standing


@require_POST
@calm
def choose(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Make a complete version of a transcript the one that is shown.

    `left` and `right` in the address say that it was chosen where these were compared, `back` that a choice is taken back.
    """
    job = visible_job(request, job_id)
    before = job.recording.shown_job
    compared = _compared(request)
    if not versions.show(job):
        messages.info(request, "Only a complete transcript can be the one that is shown.")
    elif before != job:
        _tell(request, job, before, compared)
    address = reverse("transcripts:compare" if compared else "transcripts:detail", args=[job.recording_id])
    return _lead(request, f"{address}?{urlencode(compared)}" if compared else address)


def _tell(request: HttpRequest, job: Job, before: Job | None, compared: dict[str, str]) -> None:
    """Say which text is shown now, with a button that takes it back, or that chooses it again."""
    is_back = "back" in request.GET
    made_by = Standing(job).origin
    sentence = f"The recording shows the text of {full(job.created_at)} now{made_by and f' ({made_by})'}."
    query = urlencode(compared | ({} if is_back else {"back": "1"}))
    way = ""
    if before is not None and before.state == Job.State.COMPLETED:
        way = f"{reverse('transcripts:show', args=[before.pk])}?{query}"
    messages.add_message(request, messages.INFO if is_back else messages.SUCCESS, sentence, extra_tags=way)


def _compared(request: HttpRequest) -> dict[str, str]:
    """Return what was compared, as the address of the comparison has it; nothing where a text was chosen elsewhere."""
    form = CompareForm(request.GET)
    if not form.is_valid() or not (form.cleaned_data["left"] and form.cleaned_data["right"]):
        return {}
    return {name: "on" if value is True else str(value) for name, value in form.cleaned_data.items() if value}


def _lead(request: HttpRequest, address: str) -> HttpResponse:
    """Open a page anew: most of what it shows is of the text that was chosen."""
    if "HX-Request" not in request.headers:
        return redirect(address)
    response: HttpResponse = HttpResponseClientRedirect(address)
    return response
