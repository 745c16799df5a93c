"""Signing in, the account, failures and what belongs to no app: Django's views with our manners."""

import logging
import sys

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages.views import SuccessMessageMixin
from django.core.exceptions import DisallowedHost
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django.views.defaults import bad_request, page_not_found, permission_denied, server_error
from django_htmx.http import HttpResponseClientRefresh

from selenite import guesses, problems
from selenite.clients import address_of
from selenite.forms import HELD_UP, NO_MATCH, PasswordForm, SignInForm
from transcripts.views.answers import SIGNED_OUT, is_action, refuse, wants_json

log = logging.getLogger(__name__)

EXPIRED = "This page is out of date. Nothing was saved. Reload it, then try again."
ICON_SECONDS = 24 * 3600

# What a script is told that reads no pages.
NOT_UNDERSTOOD = "This request was not understood. Nothing was changed."
ANOTHER_NAME = (
    "The name or address that you opened is not one that Selenite is reached under. Whoever runs this server adds it to "
    "SELENITE_ALLOWED_HOSTS and starts Selenite again: docs/configuration.md says how."
)
NEEDS_STAFF = "This needs an administrator."
NEEDS_RIGHT = (
    "You may not do this. It takes a right of the administration that you have not: a superuser gives it under Users."
)
NOTHING_HERE = "There is nothing here."
FAULT = "Something went wrong. It was noted in the log. Recordings and finished text are safe."


@method_decorator(login_not_required, name="dispatch")
class SignIn(views.LoginView):
    """Sign in. A fragment's request that ended here reloads its page instead, which then comes back here with its address."""

    form_class = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.headers.get("HX-Request"):
            refresh: HttpResponse = HttpResponseClientRefresh()
            return refresh
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Answer on the page, and have the log tell of who guesses. It never has what was typed: some type the password as name."""
        if form.has_error("password", NO_MATCH):
            guesses.note(self.request, form.cleaned_data["username"])
            log.warning("sign-in failed from %s", address_of(self.request))
        status = 429 if form.has_error("password", HELD_UP) else 422
        return self.render_to_response(self.get_context_data(form=form), status=status)


@vary_on_headers("Accept")
def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be understood, and whoever comes by a name that this server has not: it is not repeated."""
    if isinstance(exception, DisallowedHost):
        page = HttpResponse(render_to_string("400_host.html", {"sentence": ANOTHER_NAME}), status=400)
        return _said(request, ANOTHER_NAME, 400) or page
    return _said(request, NOT_UNDERSTOOD, 400) or bad_request(request, exception)


@vary_on_headers("Accept")
def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer who is signed in and may not see this. Who hides something from others says that it is not there."""
    sentence = NEEDS_RIGHT if getattr(request.user, "is_staff", False) else NEEDS_STAFF
    return _said(request, sentence, 403) or permission_denied(request, exception)


@vary_on_headers("Accept")
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _said(request, NOTHING_HERE, 404) or page_not_found(request, exception)


def _said(request: HttpRequest, sentence: str, status: int) -> HttpResponse | None:
    """Return a sentence for a script; None for whoever reads pages."""
    return JsonResponse({"error": sentence}, status=status) if wants_json(request) else None


@vary_on_headers("Accept")
def failure(request: HttpRequest) -> HttpResponse:
    """Answer for an error that no view has handled: 503 with a sentence for what passes, else the page that says sorry.

    Django calls this while it handles the error, which has no other way to get here.
    """
    err = sys.exception()
    sentence = problems.sentence_for(err) if err else ""
    if not sentence:
        return _said(request, FAULT, 500) or server_error(request)
    response = _unavailable(request, sentence)
    response["Retry-After"] = str(problems.RETRY_SECONDS)
    return response


def _unavailable(request: HttpRequest, sentence: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence, "passes": True}, status=503)
    template = "_trouble.html" if request.headers.get("HX-Request") else "503.html"
    return HttpResponse(render_to_string(template, {"sentence": sentence}), status=503)


class ChangePassword(SuccessMessageMixin, views.PasswordChangeView):  # type: ignore[type-arg]
    form_class = PasswordForm
    success_url = reverse_lazy("transcripts:list")
    success_message = "Your password is changed."

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is wrong: with a way back to it. `CSRF_FAILURE_VIEW` names this."""
    if wants_json(request):
        return JsonResponse({"error": EXPIRED}, status=403)
    if is_action(request):
        # A 401 and a 422 are shown in place, a 403 is not.
        is_known = request.user.is_authenticated
        return refuse(request, EXPIRED if is_known else SIGNED_OUT, status=422 if is_known else 401)
    return render(request, "403_csrf.html", {"back": _page_of_form(request)}, status=403)


def _page_of_form(request: HttpRequest) -> str:
    """Return the address of the page that the form came from; empty where the browser does not tell, or it is not ours."""
    address = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else ""


@login_not_required
@require_safe
@cache_control(public=True, max_age=ICON_SECONDS)
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon, for what asks at this address without reading a page first."""
    return redirect(static("favicon.svg"))
