"""Settings by which weights could not be had, although somebody meant that they can."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from speech.weights import SOURCES, WeightsError, address_of


@register("selenite")
def check_sources(**kwargs: Any) -> list[CheckMessage]:
    """Look at where weights may come from."""
    return list(_problems())


def _problems() -> Iterator[CheckMessage]:
    if unknown := [source for source in settings.WEIGHTS_SOURCES if source not in SOURCES]:
        yield checks.Warning(
            f"SELENITE_WEIGHTS_SOURCES names “{unknown[0]}”, which is no source of weights.",
            hint=f"Name {' and '.join(SOURCES)}, or one of them.",
            id="selenite.W050",
        )
    try:
        address_of("https://publisher.example/file", mirror=settings.WEIGHTS_MIRROR)
    except WeightsError as err:
        yield checks.Warning(
            err.message, hint="Give an address, or none: then the publishers are asked.", id="selenite.W051"
        )
