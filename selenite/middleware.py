"""What happens to every request."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from transcripts.uploads import STRANGER
from transcripts.views.answers import SIGNED_OUT, is_action, refuse, wants_json

NOT_SIGNED_IN = "You are not signed in. Sign in first."


class SignInRequired(LoginRequiredMiddleware):
    """Send a stranger to the sign-in page, and tell a script with a 401, which no sign-in page could be mistaken for.

    Who presses something on an open page is told there: what they typed is kept.
    """

    def get_login_url(self, view_func: Any) -> str:
        """Return the same address for all: the views of the administration name a page of its own."""
        return resolve_url(settings.LOGIN_URL)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if wants_json(request):
            is_upload = request.content_type == "multipart/form-data"
            return JsonResponse({"error": STRANGER if is_upload else NOT_SIGNED_IN}, status=401)
        if is_action(request):
            return refuse(request, SIGNED_OUT, status=401)
        return super().handle_no_permission(request, view_func)


class NotKept:
    """Have no browser keep a page: it would show it again as it was before its corrections, and after signing out.

    Chromium shows whoever goes back what it stored, also with `no-cache`; its back/forward cache and what was typed in forms
    are not touched (tried with Chromium 156). Some answers say themselves how long they last.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
