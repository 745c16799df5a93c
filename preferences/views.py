"""The settings: everybody's own, and those of the installation. Each section is saved by itself."""

import logging
from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from preferences import forecast
from preferences.forms import AppearanceForm, KeepingForm, SectionForm
from preferences.models import Settings
from preferences.sections import INSTALLATION, MINE, SECTIONS, Section

log = logging.getLogger(__name__)

SOON_DAYS = 7
NOTHING_NEW = dict.fromkeys(("is_saved", "is_reset", "is_outdated"), False)
Shown = tuple[Section, SectionForm]


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    return _page(request, MINE)


@require_safe
def installation(request: HttpRequest) -> HttpResponse:
    _require_staff(request)
    return _page(request, INSTALLATION)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def section(request: HttpRequest, name: str) -> HttpResponse:
    """Save a section, or set it back where the button for that was pressed; a GET leads to its place on the page."""
    found = SECTIONS.get(name)
    if found is None:
        raise Http404
    if found.is_of_installation:
        _require_staff(request)
    if request.method == "GET":
        return redirect(_place(found))
    user = _user(request)
    if "reset" in request.POST:
        found.reset(user)
    else:
        form = found.open(user, request.POST)
        if request.POST.get("mark", form.mark) != form.mark:
            return _refused(request, found, found.open(user), is_outdated=True)
        if not form.is_valid():
            return _refused(request, found, form)
        found.save(user, form)
    log.info("the settings %s were %s by user %s", name, "reset" if "reset" in request.POST else "saved", user.pk)
    return _saved(request, found, is_reset="reset" in request.POST)


def _page(
    request: HttpRequest, sections: Iterable[Section], *, wrong: Shown | None = None, is_outdated: bool = False
) -> HttpResponse:
    shown = [wrong if wrong and wrong[0] is each else (each, each.open(_user(request))) for each in sections]
    contexts = [_context(*pair, is_outdated=is_outdated and pair is wrong) for pair in shown]
    context = {"sections": contexts, "of_installation": sections is INSTALLATION}
    return render(request, "preferences/settings.html", context, status=422 if wrong else 200)


def _context(found: Section, form: SectionForm, **is_so: bool) -> dict[str, object]:
    """Return what a section is shown with. `is_so`: whether it `is_saved`, `is_reset` or `is_outdated`."""
    keeping = _keeping() if found.form is KeepingForm else None
    return {"section": found, "form": form, "keeping": keeping, **NOTHING_NEW, **is_so}


def _keeping() -> dict[str, object]:
    """Return what will be deleted as it is set now: at the next look, and within a week."""
    now = Settings.load()
    days = {"keep_media_days": now.keep_media_days, "keep_days": now.keep_days}
    return {
        "deletes": any(days.values()),
        "next": forecast.doomed(**days),
        "soon": forecast.doomed(**days, in_days=SOON_DAYS),
        "soon_days": SOON_DAYS,
    }


def _refused(request: HttpRequest, found: Section, form: SectionForm, *, is_outdated: bool = False) -> HttpResponse:
    """Show what is wrong beside it; or, of what somebody else has changed in the meantime, how it is set now."""
    if _is_part(request, found):
        context = _context(found, form, is_outdated=is_outdated)
        return render(request, "preferences/_section.html", context, status=422)
    page = INSTALLATION if found.is_of_installation else MINE
    return _page(request, page, wrong=(found, form), is_outdated=is_outdated)


def _saved(request: HttpRequest, found: Section, *, is_reset: bool) -> HttpResponse:
    form = found.open(_user(request))
    if not _is_part(request, found):
        messages.success(request, f"{found.title}: {'back to the defaults' if is_reset else 'saved'}.")
        return redirect(_place(found))
    response = render(request, "preferences/saved.html", _context(found, form, is_saved=True, is_reset=is_reset))
    if found.is_of_installation:
        trigger_client_event(response, "alarms-changed")
        trigger_client_event(response, "queue-changed")
    elif found.form is AppearanceForm:
        trigger_client_event(response, "theme-changed", {"theme": form.instance.theme})
    return response


def _is_part(request: HttpRequest, found: Section) -> bool:
    return request.headers.get("HX-Target") == f"settings-{found.name}"


def _place(found: Section) -> str:
    page = reverse("settings:installation" if found.is_of_installation else "settings:mine")
    return f"{page}#settings-{found.name}"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _require_staff(request: HttpRequest) -> None:
    if not _user(request).is_staff:
        raise PermissionDenied
