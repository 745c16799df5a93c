"""The installation's settings as a page shows them: read once for each page."""

from collections.abc import Callable, Mapping

from django.db import DatabaseError, InterfaceError
from django.db.models import Expression
from django.http import HttpRequest

from preferences.models import Settings

NAME = "Selenite"
Along = Callable[[HttpRequest], Mapping[str, Expression]]
"""Returns what else every page shows, by names."""
_along: list[Along] = []


def read_along(more: Along) -> None:
    """Have the row of settings of each page tell something else, too, in the same query. Apps call it at the start."""
    _along.append(more)


def settings_of(request: HttpRequest) -> Settings:
    """Return the settings, with the defaults where there is no row yet: looking writes nothing."""
    if not hasattr(request, "_installation"):
        more = {name: value for along in _along for name, value in along(request).items()}
        row = Settings.objects.filter(pk=1).annotate(**more).first()
        request._installation = row or Settings()  # type: ignore[attr-defined]
    found: Settings = request._installation  # type: ignore[attr-defined]
    return found


def name(request: HttpRequest | None) -> str:
    """Return what this installation is called; the program's name where there is no request or no database."""
    try:
        return settings_of(request).site_name if request else NAME
    except (DatabaseError, InterfaceError):
        return NAME
