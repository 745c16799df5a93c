"""Where a request comes from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "an unknown address"
"""A front server that asks by a socket has none."""


def address_of(request: HttpRequest) -> str:
    """Return the address of whoever asks: behind a front server what that one wrote last into X-Forwarded-For.

    What stands before the last comes from whoever asked it, and may be anything.
    """
    addresses = [request.META.get("REMOTE_ADDR", "")]
    if settings.HTTPS:
        addresses.insert(0, request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
    return next(filter(None, map(_address, addresses)), UNKNOWN)


def _address(text: str) -> str:
    """Return an address without its zone, which may be any text; empty for what is none."""
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return ""
