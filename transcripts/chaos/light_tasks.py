"""Light tasks that a run queues itself, to see that somebody takes them."""

import time

from django.db import DatabaseError, InterfaceError, connection
from django_q.models import Success
from django_q.tasks import async_task

from transcripts.schedule import TASK

AGAIN_SECONDS = 3.0
"""A task that a kill takes along is lost in Redis, and comes back after minutes in the database. Here another one is queued, as the
schedule does each minute."""


class Ping:
    """Light tasks on their way, until the first one is done."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._next = 0.0

    def is_done(self) -> bool:
        """Return whether one is done, and queue another one where that takes long."""
        try:
            if self._ids and Success.objects.filter(pk__in=self._ids).exists():
                return True
        except (DatabaseError, InterfaceError):
            connection.close()
        if time.monotonic() >= self._next:
            self._send()
        return False

    def _send(self) -> None:
        self._next = time.monotonic() + AGAIN_SECONDS
        try:
            self._ids.append(async_task(TASK))
        except Exception:  # noqa: BLE001 - Redis or the database is away, or our connection to it.
            connection.close()


def seconds_until_done(*, limit_seconds: float) -> float | None:
    """Queue a light task and return how long it took; None where none was done in time."""
    began, ping = time.monotonic(), Ping()
    while time.monotonic() - began < limit_seconds:
        if ping.is_done():
            return time.monotonic() - began
        time.sleep(0.1)
    return None
