"""A job's row while this process holds its lease: read, changed, and given up, also while the database is away."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from transcripts import lease, outage
from transcripts.models import Job

log = logging.getLogger(__name__)

T = TypeVar("T")

STORAGE_CODES = ("disk_full", "disk_away", "media_away")
"""The codes of the engine's errors that never end a job: somebody puts the disk right, and the work goes on."""
LOOK_SECONDS = 1.0
"""How often the row is read for a stop request."""
DATABASE_SECONDS = 1.0
"""Before another try to write to a database that is away."""


class Stopped(Exception):
    """A stop was obeyed: drain, pause or cancel."""

    def __init__(self, wish: str) -> None:
        super().__init__(wish)
        self.wish = wish


@dataclass(slots=True, kw_only=True)
class Held:
    """`job` is kept as its row is. `on_progress` gets it after each change."""

    job: Job
    token: UUID
    should_stop: Callable[[], str]
    on_progress: Callable[[Job], None]
    wish: str = ""
    next_look: float = 0.0
    next_heartbeat: float = 0.0

    def _stop_wish(self) -> str:
        """Return drain, pause, cancel or nothing, and keep the lease alive in passing. Raises LeaseLost."""
        if stop := self.should_stop():  # Before the database, which may keep us waiting.
            return stop
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + LOOK_SECONDS
            self.wish = self._persist(self._read_wish)
        if now >= self.next_heartbeat:
            self.next_heartbeat = now + settings.JOB_HEARTBEAT_SECONDS
            self._persist(lambda: lease.heartbeat(self.job.pk, self.token))
        return self.wish

    def _read_wish(self) -> str:
        wish = Job.objects.held_by(self.job.pk, self.token).values_list("stop_request", flat=True).first()
        if wish is None:
            raise lease.LeaseLost
        return wish

    def _check_stop(self) -> None:
        if wish := self._stop_wish():
            raise Stopped(wish)

    def _persist(self, access: Callable[[], T]) -> T:
        """Use the database, again and again while it is away, for as long as the lease may still be ours.

        That is as long as it takes where the disk is full: nobody else can take the job before there is room either.
        """
        deadline = time.monotonic() + settings.JOB_LEASE_SECONDS
        while True:
            try:
                return access()
            except (InterfaceError, OperationalError) as err:
                is_late = time.monotonic() > deadline and not outage.is_of_storage(err)
                if is_late or self.should_stop() == "drain":
                    raise
                log.warning("job %s: the database is away: %s", self.job.pk, err)
                connection.close()
                time.sleep(DATABASE_SECONDS)

    def _set(self, **fields: Any) -> None:
        """Change columns of the job, here and in its row. Raises LeaseLost."""
        self._persist(lambda: lease.write(self.job.pk, self.token, **fields))
        self._note(fields)

    def _note(self, fields: dict[str, Any]) -> None:
        """Keep the job here as its row is now."""
        for name, value in fields.items():
            setattr(self.job, name, value)
        self.on_progress(self.job)

    def _warn(self, *sentences: str) -> None:
        news = [sentence for sentence in sentences if sentence not in self.job.warnings]
        if news:
            self._set(warnings=[*self.job.warnings, *news])

    def _take_back(self, *sentences: str) -> None:
        left = [sentence for sentence in self.job.warnings if sentence not in sentences]
        if left != self.job.warnings:
            self._set(warnings=left)

    def _wait(self, reason: str, *, seconds: float, **fields: Any) -> None:
        """Put the job back to be tried again later, with the reason for the person."""
        self._release(Job.State.QUEUED, blocked_reason=reason[:500], available_at=lease.later(seconds), **fields)

    def _release(self, state: Job.State, **fields: Any) -> None:
        self._persist(lambda: lease.release(self.job.pk, self.token, state, **fields))
