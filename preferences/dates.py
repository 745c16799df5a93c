"""How moments are written: in the time zone and in the way of whoever looks."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import date
from django.utils import timezone

from preferences.models import UserDefaults

Format = UserDefaults.DateFormat


@dataclass(frozen=True, slots=True)
class _Shape:
    """How Django's `date` writes a time, a day of this year and any day; `between` stands before the time."""

    time: str
    day: str
    date: str
    between: str = ", "


SHAPES: dict[str, _Shape] = {
    Format.PLAIN: _Shape("H:i", "j M", "j M Y"),
    Format.ISO: _Shape("H:i", "Y-m-d", "Y-m-d", " "),
    Format.AMERICAN: _Shape("P", "M j", "M j, Y"),
}
_format: ContextVar[str] = ContextVar("date format", default=Format.PLAIN)


def use(name: str) -> None:
    """Write moments in this format from now on, in this thread."""
    _format.set(name)


def full(moment: datetime) -> str:
    """Return the day and the time: "28 Nov 2026, 14:05"."""
    shape, local = _shape(), timezone.localtime(moment)
    return f"{date(local, shape.date)}{shape.between}{date(local, shape.time)}"


def day(moment: datetime) -> str:
    """Return the day: "28 Nov 2026"."""
    return date(timezone.localtime(moment), _shape().date)


def short(moment: datetime) -> str:
    """Return it as short as is clear: the time today, the day this year, else the whole date."""
    shape, local = _shape(), timezone.localtime(moment)
    is_today = local.date() == timezone.localtime().date()
    return date(local, shape.time) if is_today else short_day(moment)


def short_day(moment: datetime) -> str:
    """Return the day, without the year where it is this one."""
    shape, local = _shape(), timezone.localtime(moment)
    return date(local, shape.day if local.year == timezone.localtime().year else shape.date)


def _shape() -> _Shape:
    return SHAPES.get(_format.get(), SHAPES[Format.PLAIN])
