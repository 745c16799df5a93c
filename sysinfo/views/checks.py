"""What staff see of the health of the service, and what a monitor asks."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from sysinfo import doctor, health
from sysinfo.health import State
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


@require_safe
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
