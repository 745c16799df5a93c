"""What administrators see of the machine, and what a monitor asks."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from sysinfo import detection, doctor, health, report, wording
from sysinfo.forms import LogForm
from sysinfo.health import State
from sysinfo.logs import reading
from transcripts.views.answers import wants_json
from transcripts.views.system import staff_only


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say in a word how the service is doing, to anybody: 503 where it is down. A notice is no trouble."""
    checks = health.current()
    state = health.overall(checks)
    words = {check.name: State.OK if check.state == State.NOTICE else check.state for check in checks}
    return JsonResponse({"status": state, "checks": words}, status=503 if state == State.DOWN else 200)


@require_GET
@vary_on_headers("Accept", "HX-Request")
@staff_only
def info(request: HttpRequest) -> HttpResponse:
    """Show what this machine has."""
    if wants_json(request):
        return JsonResponse(detection.as_json())
    is_part = request.headers.get("HX-Target") == "machine"
    return render(request, "sysinfo/_machine.html" if is_part else "sysinfo/info.html", _machine())


@require_POST
@staff_only
def detect(request: HttpRequest) -> HttpResponse:
    """Begin to look closely; a second click finds it begun."""
    detection.start()
    if request.headers.get("HX-Target") == "machine":
        return render(request, "sysinfo/_machine.html", _machine())
    return redirect("sysinfo:info")


@require_GET
@vary_on_headers("Accept")
@staff_only
def checks(request: HttpRequest) -> HttpResponse:
    """Show every check with its remedy, what is broken first."""
    found = doctor.examine()
    if wants_json(request):
        rows = [{"name": one.name, "state": one.state, "sentence": one.sentence, "remedy": one.remedy} for one in found]
        return JsonResponse({"status": health.overall(found), "checks": rows})
    order = [State.DOWN, State.DEGRADED, State.NOTICE, State.OK]
    found.sort(key=lambda check: order.index(check.state))
    broken = sum(check.state.is_broken for check in found)
    return render(request, "sysinfo/checks.html", {"checks": found, "broken": broken})


@require_GET
@staff_only
def logs(request: HttpRequest) -> HttpResponse:
    """Show a log file, the newest of them where none is asked for."""
    files = reading.files()
    form = LogForm(request.GET.dict(), files=files)
    if not files:
        return render(request, "sysinfo/logs.html", {"file": None})
    if not form.is_valid() or (file := reading.find(form.cleaned_data["file"])) is None:
        raise Http404
    stretch = reading.read(file, level=form.cleaned_data["level"], before=form.cleaned_data["before"])
    context = {"form": form, "file": file, "level": form.cleaned_data["level"], "stretch": stretch}
    return render(request, "sysinfo/logs.html", context)


@require_GET
@staff_only
def log(request: HttpRequest) -> HttpResponse:
    """Return a log file as it is."""
    file = reading.find(request.GET.get("file", ""))
    if file is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(file.path.read_bytes(), content_type="text/plain; charset=utf-8", headers=headers)


def _machine() -> dict[str, object]:
    lasting = detection.found()
    sections = wording.sections(lasting, report.look_now())
    return {"sections": sections, "lasting": lasting, "progress": detection.progress()}
