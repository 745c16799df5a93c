"""The time zones of the world, as a list to choose from."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from zoneinfo import available_timezones

REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
UTC = "UTC"


@cache
def zones() -> tuple[tuple[str, object], ...]:
    """Return UTC and the places by region. The database's other names are old, or of no place."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    regions = groupby(names, key=lambda name: name.partition("/")[0])
    return ((UTC, UTC), *((region, tuple(_places(found))) for region, found in regions))


def _places(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    return ((name, name.partition("/")[2].replace("_", " ").replace("/", ", ")) for name in names)
