"""Pages in the time zone and the date format of whoever looks at them."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from preferences import dates
from preferences.models import UserDefaults


class Appearance:
    """Costs no query: what a person has set comes with the person, see `preferences.backend`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self._get_response(request)
        finally:
            timezone.deactivate()
            dates.use("")

    def process_view(self, request: HttpRequest, view: Any, *args: Any) -> None:
        """Set both, not before the form of an upload was read; a monitor gets its answer also where nobody can be looked up."""
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            mine = UserDefaults.of(request.user)
            dates.use(mine.date_format)
            if zone := _zone(mine.time_zone):
                timezone.activate(zone)


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    """Return a time zone; None for the server's, and for a name that this machine does not know."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
