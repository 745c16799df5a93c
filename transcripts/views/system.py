"""How the installation is, for staff."""

import logging
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from preferences.models import Settings
from transcripts.alarms import is_saving_possible
from transcripts.context import is_staff
from transcripts.models import Job, Node

STILL = "Nothing can be saved on this server now. What was saved before is safe. This notice goes away when it can."
log = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]


def staff_only(view: View) -> View:
    """Have a view answer staff alone: everybody else who is signed in gets a 403 and no data."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not is_staff(request):
            raise PermissionDenied
        return view(request)

    return guarded


@require_safe
@staff_only
def alarms(request: HttpRequest) -> HttpResponse:
    """Return what is wrong now, for the head of each page."""
    return render(request, "_alarms.html")


@require_safe
def trouble(request: HttpRequest) -> HttpResponse:
    """Return nothing once changes can be saved again, so that the notice that asks goes away; else the notice."""
    if is_saving_possible():
        return HttpResponse()
    return render(request, "_trouble.html", {"sentence": STILL}, status=503)


@require_safe
@staff_only
def index(request: HttpRequest) -> HttpResponse:
    nodes = Node.objects.alive().order_by("started_at")
    running = Job.objects.running().count()
    return render(request, "transcripts/system.html", {"nodes": nodes, "running": running})


@require_http_methods(["GET", "POST"])
@staff_only
def restart(request: HttpRequest) -> HttpResponse:
    """Ask for a restart of all workers, after a question. They give their jobs back first."""
    if request.method == "GET":
        return render(request, "transcripts/restart.html", {"running": Job.objects.running().count()})
    Settings.load()
    Settings.objects.update(restart_requested_at=Now())
    log.warning("user %s has asked for a restart of the workers", request.user.pk)
    messages.success(
        request, "The workers are starting anew. Jobs go on after their last finished part, in a few seconds."
    )
    return redirect("transcripts:system")
