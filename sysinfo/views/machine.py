"""What this machine has, for staff."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from registry import known as tables
from sysinfo import detection, measurements, proposal, report, wording
from sysinfo.forms import DefaultsForm
from transcripts.views.answers import wants_json
from transcripts.views.system import staff_only

KEPT = "defaults-before"
"""In the session: what was set before the proposal was taken over, and what is since."""
ACCEPTED = "These are the defaults now, for every job that starts from here on."
CHANGED = "Nothing was changed: what is proposed is not what it was when you opened the page. Look again."
UNDONE = "The defaults are as they were before."
NOT_UNDONE = "Nothing was changed: the defaults have been set anew since."


@require_safe
@vary_on_headers("Accept", "HX-Request")
@staff_only
def info(request: HttpRequest) -> HttpResponse:
    """Show what this machine has."""
    if wants_json(request):
        return JsonResponse(detection.as_json())
    is_part = request.headers.get("HX-Target") == "machine"
    return render(request, "sysinfo/_machine.html" if is_part else "sysinfo/info.html", _machine(request))


@require_POST
@staff_only
def detect(request: HttpRequest) -> HttpResponse:
    """Begin to look closely; a second click finds it begun."""
    detection.start()
    return _again(request)


@require_POST
@staff_only
def measure(request: HttpRequest) -> HttpResponse:
    """Have it measured how fast things are here; a second click finds it begun."""
    assert isinstance(request.user, User)
    measurements.ask(by=request.user)
    return _again(request)


@require_POST
@staff_only
def cancel_measuring(request: HttpRequest) -> HttpResponse:
    """Have no more measured. What was measured stays."""
    measurements.cancel()
    return _again(request)


@require_POST
@staff_only
def accept(request: HttpRequest) -> HttpResponse:
    """Set what the page has proposed as the installation's defaults, unless it would propose something else by now."""
    form, proposed = DefaultsForm(request.POST), proposal.current()
    if (
        proposed is None
        or proposed.recommendation.must_be_installed
        or not form.is_valid()
        or form.cleaned_data != proposed.values
    ):
        messages.info(request, CHANGED)
        return redirect("sysinfo:info")
    request.session[KEPT] = proposal.accept(proposed.values)
    messages.success(request, ACCEPTED)
    return redirect("sysinfo:info")


@require_POST
@staff_only
def undo(request: HttpRequest) -> HttpResponse:
    """Set again what was set before this administrator took the proposal over."""
    kept = request.session.pop(KEPT, None)
    is_undone = kept is not None and proposal.undo(*kept)
    (messages.success if is_undone else messages.info)(request, UNDONE if is_undone else NOT_UNDONE)
    return redirect("sysinfo:info")


def _again(request: HttpRequest) -> HttpResponse:
    """Return the page anew after a click, or the part that it asked for."""
    if request.headers.get("HX-Target") == "machine":
        return render(request, "sysinfo/_machine.html", _machine(request))
    return redirect("sysinfo:info")


def _machine(request: HttpRequest) -> dict[str, object]:
    assert isinstance(request.user, User)
    progress = detection.progress()  # Asked first: what ends meanwhile is found then, and no page tells of neither.
    known, lasting = tables.load(), detection.found()
    proposed = proposal.current(known)
    return {
        "sections": wording.sections(lasting, report.look_now()),
        "lasting": lasting,
        "progress": progress,
        "proposal": proposed,
        "can_run": proposed is None and proposal.can_run(known),
        "can_install": proposed is None and proposal.can_install(known),
        "measuring": measurements.under_way(),
        "may_install": request.user.has_perm("registry.change_speechmodel"),
        "can_undo": KEPT in request.session,
    }
