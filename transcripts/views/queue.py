"""The queue: what runs, what waits and in which order, and what a person may change about that."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING

from preferences.models import Settings
from transcripts.context import count_queue
from transcripts.forms import ConcurrencyForm
from transcripts.services import queue
from transcripts.views.access import visible_job
from transcripts.views.line import page_line

MOVED = "“{}” is moved to the front."
NOT_WAITING = "“{}” does not wait any more, so it was left where it is."


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = ConcurrencyForm(instance=Settings.load()) if _user(request).is_staff else None
    return _page(request, form)


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Return the counts that every page shows."""
    counts = count_queue(request)
    status = 200 if counts.is_busy else HTMX_STOP_POLLING
    return render(request, "transcripts/_queue.html", {"queue": counts}, status=status)


@require_safe
def line(request: HttpRequest) -> HttpResponse:
    """Return the part of the page that changes by itself."""
    return _line(request)


@require_POST
@vary_on_headers("HX-Request")
def front(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Move a waiting job before all others of its owner, or before all others where staff does it."""
    job = visible_job(request, job_id)
    is_moved = queue.move_to_front(job, by=_user(request))
    sentence = (MOVED if is_moved else NOT_WAITING).format(job.recording.title)
    if request.headers.get("HX-Target") == "line":
        return _line(request, said=sentence)
    (messages.success if is_moved else messages.warning)(request, sentence)
    return redirect("transcripts:queue")


@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    queue.hold(by=_staff(request))
    return redirect("transcripts:queue")


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    queue.resume(by=_staff(request))
    messages.success(request, "The queue is resumed: waiting jobs start.")
    return redirect("transcripts:queue")


@require_POST
def set_concurrency(request: HttpRequest) -> HttpResponse:
    _staff(request)
    form = ConcurrencyForm(request.POST, instance=Settings.load())
    if not form.is_valid():
        return _page(request, form, status=422)
    number = queue.set_concurrency(form.cleaned_data["concurrency"])
    messages.success(request, f"Up to {number} jobs run at once now." if number > 1 else "One job runs at a time now.")
    return redirect("transcripts:queue")


def _page(request: HttpRequest, form: ConcurrencyForm | None, *, status: int = 200) -> HttpResponse:
    context = {"now": page_line(_user(request)), "form": form, "said": ""}
    return render(request, "transcripts/queue.html", context, status=status)


def _line(request: HttpRequest, *, said: str = "") -> HttpResponse:
    """Return the line as it now is; `said` is what a screen reader is told."""
    now = page_line(_user(request))
    status = 200 if now.line.is_busy else HTMX_STOP_POLLING
    return render(request, "transcripts/_line.html", {"now": now, "said": said}, status=status)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _staff(request: HttpRequest) -> User:
    """Return who asks, or raise PermissionDenied where they do not administer the installation."""
    user = _user(request)
    if not user.is_staff:
        raise PermissionDenied
    return user
