"""Identify the speakers of a text that is there: how it is asked for, and how far it is."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, reswap, retarget, trigger_client_event

from transcripts.models import Job
from transcripts.services.defaults import defaults_of
from transcripts.services.history import history, latest_change
from transcripts.services.identify import NotIdentifiable, identify_again
from transcripts.speaker_forms import IdentifyForm, as_chosen
from transcripts.views.access import visible_job
from transcripts.views.answers import calm, polled, show
from transcripts.views.attempts import Attempt, find_attempt
from transcripts.views.edited import page_of, tell
from transcripts.views.page import page_context
from transcripts.views.standing import Standing
from transcripts.views.text import page_paragraphs


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def identify(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask how to identify the speakers of a text, then have it done by a job of its own."""
    job = visible_job(request, job_id)
    assert isinstance(request.user, User)
    initial = as_chosen(defaults_of(request.user).speakers)
    data = request.POST if request.method == "POST" else None
    form = IdentifyForm(data, user=request.user, initial=initial)
    if not form.is_valid():
        context: dict[str, object] = {"form": form, "job": job, "page_url": page_of(job)}
        return show(request, "identify", context, status=422 if form.is_bound else 200)
    try:
        identify_again(job.pk, diarizer=form.cleaned_data["diarizer"], speakers=form.count())
    except NotIdentifiable as err:
        messages.info(request, str(err))
    if "HX-Request" not in request.headers:
        return redirect(page_of(job))
    response = retarget(reswap(_parts(request, "identifying", job), "outerHTML"), "#messages")
    trigger_client_event(response, "queue-changed")
    answer: HttpResponse = trigger_client_event(response, "action-done", after="swap")
    return answer


@require_safe
@vary_on_headers("HX-Request")
@polled
def standing(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return how far it is; at the end the text with its speakers as they are then."""
    job = visible_job(request, job_id)
    attempt = find_attempt(job)
    if attempt.is_under_way or attempt.is_paused:
        return render(request, "transcripts/identifying_now.html", {"attempt": attempt})
    _tell_end(request, attempt)
    response = _parts(request, "identified", job, status=HTMX_STOP_POLLING)
    ended: HttpResponse = trigger_client_event(response, "queue-changed")
    return ended


def _tell_end(request: HttpRequest, attempt: Attempt) -> None:
    """Have the page's notice say what came of it, with the way back while nothing was changed since."""
    job = attempt.source
    if attempt.error:
        messages.info(request, attempt.error)
    if attempt.job is None or attempt.job.state != Job.State.COMPLETED:
        return
    found = job.labellings.values_list("pk", flat=True)
    again = " again" if len(found) > 1 else ""
    speaking = job.speakers.speaking().count()
    sentence = f"The speakers were identified{again}: {speaking} speaker{pluralize(speaking)}."
    assert isinstance(request.user, User)
    latest = latest_change(history(job), request.user.pk)
    if latest and found and job.edits.filter(pk=latest, after__job__labelling_id=found[0]).exists():
        tell(request, job, latest, sentence)
    else:
        messages.success(request, sentence)


def _parts(request: HttpRequest, name: str, job: Job, *, status: int = 200) -> HttpResponse:
    """Return the parts of a page that change when the speakers begin, or end, to be identified."""
    context = page_context(Standing(job), page_paragraphs(job), viewer=request.user)
    return render(request, f"transcripts/{name}.html", context, status=status)
