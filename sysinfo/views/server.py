"""Stopping the service and starting it anew, for staff, after a question."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from registry import terminal
from sysinfo import control
from transcripts.models import Job
from transcripts.views.answers import Question, ask, wants_json
from transcripts.views.system import staff_only

RESTARTING = "Selenite is starting anew."
WORKERS_RESTARTING = "The workers are starting anew."
STOPPING = "Selenite is stopping."
STOPPED = "Selenite has stopped."
CANNOT_START = (
    "The program on the disk cannot start as it is: its database is not prepared for it, or it is not whole. "
    f"Run “{terminal.manage('migrate')}”, look at what it says, then try again. Nothing was stopped."
)
JOBS_GO_ON = "Finished text is kept: jobs go on after their last finished part."


@require_http_methods(["GET", "POST"])
@staff_only
def restart(request: HttpRequest) -> HttpResponse:
    """Start the service anew: the pages, where that can be done from here, and all workers."""
    reach = control.reach()
    if request.method == "GET":
        return ask(request, _restart_question(reach))
    if reach.can_restart_pages and not control.can_start():
        return _refuse(request, CANNOT_START, title="Selenite was not restarted")
    control.restart(by=request.user.pk)
    title = RESTARTING if reach.can_restart_pages else WORKERS_RESTARTING
    if wants_json(request):
        return JsonResponse(
            {"status": "restarting", "message": f"{title} {JOBS_GO_ON} {reach.hindrance}".strip()}, status=202
        )
    context = {"title": title, "reach": reach, "start": control.START}
    return render(request, "sysinfo/restarting.html", context, status=202)


@require_http_methods(["GET", "POST"])
@staff_only
def shutdown(request: HttpRequest) -> HttpResponse:
    """Stop the pages and the worker beside them, and say how to start them again."""
    if not control.reach().can_stop:
        return _refuse(request, control.reach().hindrance)
    if request.method == "GET":
        return ask(request, _stop_question())
    if not control.stop(by=request.user.pk):
        return _refuse(request, control.UNKNOWN)
    again = control.how_to_start_again()
    if wants_json(request):
        return JsonResponse({"status": "stopping", "message": f"{STOPPING} {JOBS_GO_ON} {again}"}, status=202)
    context = {
        "title": STOPPING,
        "stopped": STOPPED,
        "start": control.START,
        "again": again,
        "elsewhere": control.workers_elsewhere(),
    }
    return render(request, "sysinfo/stopping.html", context, status=202)


@require_safe
@never_cache
@staff_only
def standing(request: HttpRequest) -> HttpResponse:
    """Tell an open page by another value that the service was started anew."""
    return JsonResponse({"start": control.START})


def _refuse(
    request: HttpRequest, sentence: str, *, title: str = "Selenite cannot be stopped from here"
) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=409)
    return render(request, "sysinfo/refused.html", {"title": title, "sentence": sentence}, status=409)


def _restart_question(reach: control.Reach) -> Question:
    away = (
        "The pages are away for about ten seconds; this one comes back by itself."
        if reach.can_restart_pages
        else reach.hindrance
    )
    return Question(
        title="Restart Selenite?",
        sentences=(_running(), away),
        action=reverse("sysinfo:restart"),
        button="Restart",
        keep=reverse("transcripts:system"),
        keep_button="Leave it running",
        is_danger=False,
    )


def _stop_question() -> Question:
    elsewhere = control.workers_elsewhere()
    others = (f"The workers on {', '.join(elsewhere)} go on; stop them there.",) if elsewhere else ()
    return Question(
        title="Stop Selenite?",
        sentences=(_running(), "Nobody can open the pages until it is started again, on the machine itself.", *others),
        action=reverse("sysinfo:shutdown"),
        button="Stop Selenite",
        keep=reverse("transcripts:system"),
        keep_button="Leave it running",
    )


def _running() -> str:
    """Return what becomes of the jobs that run."""
    count = Job.objects.running().count()
    if not count:
        return "No job is running now, and nothing is lost."
    jobs = "1 job goes" if count == 1 else f"{count} jobs go"
    return f"{jobs} back to the queue at once. Finished text is kept; the part in work is transcribed again after the start."
