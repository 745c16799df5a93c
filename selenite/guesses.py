"""Holding up whoever guesses passwords: wrong ones are counted by address and account, in the memory of the one web process."""

from django.http import HttpRequest
from django_ratelimit.core import get_usage

from selenite.clients import address_of

MINUTES = 10
WRONG_PER_ACCOUNT = 10
"""From one address. A person who mistypes does not get there, and nobody can shut out somebody at another address."""
WRONG_PER_ADDRESS = 100
"""For all accounts together: a whole office may come by one address."""


def seconds_to_wait(request: HttpRequest, name: str) -> int:
    """Return for how long no password is taken for this account from where the request comes; 0 where one is."""
    usages = _usages(request, name, increment=False)
    return max((usage["time_left"] + 1 for usage in usages if usage["count"] >= usage["limit"]), default=0)


def note(request: HttpRequest, name: str) -> None:
    """Count a wrong password."""
    _usages(request, name, increment=True)


def _usages(request: HttpRequest, name: str, *, increment: bool) -> list[dict[str, int]]:
    """Return how often each limit was used, from the start of its stretch of time."""
    address = address_of(request)
    keys = {
        f"{WRONG_PER_ACCOUNT}/{MINUTES}m": f"{address} {name.casefold()}",
        f"{WRONG_PER_ADDRESS}/{MINUTES}m": address,
    }
    return [
        get_usage(request, "sign-in", key=lambda *_, key=key: key, rate=rate, increment=increment)
        for rate, key in keys.items()
    ]
