"""What a person does to one job."""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from transcripts import lease
from transcripts.forms import RestartForm
from transcripts.models import Job
from transcripts.services.accept import JobRequest, Refused
from transcripts.services.restart import request_of, start_over
from transcripts.views.access import visible_job
from transcripts.views.answers import Question, ask, calm, done, gone_on, show, wants_json
from transcripts.views.standing import Standing

Wish = Job.StopRequest

OVER = "This transcription is over already: {}."
ENDING = "This transcription is being cancelled already."
CANCEL_KEEPS = "The recording and the text recognised so far are kept."
CANCEL_STAYS = "The text stays as it is."
CANCEL_FORGOES = "The text is complete and stays. Its speakers can be identified later."
CANCEL_ENDS = "It cannot go on from there later. If you want that, pause it instead."


@require_safe
@vary_on_headers("HX-Request")
@calm
def menu(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return what can be done with a job of the list: what its menu gets when it is opened, or a page."""
    job = visible_job(request, job_id)
    name = "_job_menu" if "HX-Request" in request.headers else "menu"
    return render(request, f"transcripts/{name}.html", {"row": Standing(job)})


@require_POST
@calm
def pause(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Pause a job that waits or runs. A running one obeys within seconds."""
    job = visible_job(request, job_id)
    if not lease.request_stop(job.pk, Wish.PAUSE):
        _say_over(request, job)
    return _done(request, job)


@require_POST
@calm
def resume(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Let a paused job go on, or take back the wish to pause it. Changes nothing where there is neither."""
    job = visible_job(request, job_id)
    if not lease.resume(job.pk):
        _say_over(request, job)
    return _done(request, job)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask whether to end a job that is not over, then do it."""
    job = visible_job(request, job_id)
    if request.method == "GET":
        return ask(request, _question(job))
    if not lease.request_stop(job.pk, Wish.CANCEL):
        _say_over(request, job)
    return _done(request, job)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target", "Accept")
@calm
def restart(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask how to transcribe a job's recording again, then do it. A post that names no option means: as before."""
    job = visible_job(request, job_id)
    if request.method == "GET":
        return show(request, "again", {"form": RestartForm(job=job, user=request.user), "job": job})
    if set(request.POST).isdisjoint(RestartForm.base_fields):
        return _restart(request, job, request_of(job))
    form = RestartForm(request.POST, job=job, user=request.user)
    if form.is_valid():
        return _restart(request, job, form.job_request())
    if wants_json(request):
        return JsonResponse(
            {"error": str(next(error for errors in form.errors.values() for error in errors))}, status=422
        )
    return show(request, "again", {"form": form, "job": job}, status=422)


def _restart(request: HttpRequest, job: Job, wanted: JobRequest) -> HttpResponse:
    address = reverse("transcripts:detail", args=[job.recording_id])
    try:
        start_over(job.recording, wanted)
    except Refused as err:
        if wants_json(request):
            return JsonResponse({"error": str(err)}, status=422)
        messages.info(request, str(err))
    if wants_json(request):
        return JsonResponse({"url": address, "title": job.recording.title})
    return gone_on(request, job.recording, address=address)


def _question(job: Job) -> Question:
    kept = (CANCEL_KEEPS, CANCEL_ENDS) if job.audio_seconds_done else ("The recording is kept.",)
    question = Question(
        title=f"Cancel the transcription of “{job.recording.title}”?",
        sentences=kept,
        action=reverse("transcripts:cancel", args=[job.pk]),
        button="Cancel the transcription",
        keep=reverse("transcripts:detail", args=[job.recording_id]),
        keep_button="Let it go on",
    )
    if job.kind == Job.Kind.GAPS:
        title = f"Stop trying the missing stretches of “{job.recording.title}” again?"
        return replace(question, title=title, sentences=(CANCEL_STAYS,), button="Stop trying")
    if job.kind == Job.Kind.STRETCH:
        title = f"Stop transcribing a stretch of “{job.recording.title}” again?"
        return replace(question, title=title, sentences=(CANCEL_STAYS,), button="Stop transcribing")
    if job.kind == Job.Kind.SPEAKERS or job.stage == Job.Stage.IDENTIFYING:
        title = f"Stop identifying the speakers of “{job.recording.title}”?"
        sentence = CANCEL_STAYS if job.kind == Job.Kind.SPEAKERS else CANCEL_FORGOES
        return replace(question, title=title, sentences=(sentence,), button="Stop identifying")
    return question


def _say_over(request: HttpRequest, job: Job) -> None:
    """Tell somebody whose page is behind the times why nothing was done; nothing where it is as they wanted it."""
    job.refresh_from_db(fields=["state", "stop_request"])
    if job.is_over:
        messages.info(request, OVER.format(job.get_state_display().lower()))
    elif job.stop_request == Wish.CANCEL:
        messages.info(request, ENDING)


def _done(request: HttpRequest, job: Job) -> HttpResponse:
    return done(request, address=reverse("transcripts:detail", args=[job.recording_id]))
