"""The queue of light tasks: django-q2's brokers, made patient, and its scheduler, made modest."""

import logging
import time
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django_q import scheduler
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from transcripts import drain, schedule

log = logging.getLogger(__name__)

AWAY_SECONDS = 1.0
"""Before another try."""


class Patient:
    """Before a broker of django-q2: takes nothing while the cluster stops, and waits for what is away.

    django-q2's pusher ends at any error, after ten seconds, and its cluster does not start while Redis is away.
    """

    away: tuple[type[Exception], ...] = (DatabaseError, InterfaceError)
    """What is raised where that is away which the queue needs."""
    _has_schedule = False

    def dequeue(self) -> list[tuple[Any, Any]] | None:
        """Return the next tasks as messages, or None after a short wait."""
        if drain.is_on():
            time.sleep(Conf.POLL)
            return None
        try:
            self._ensure_schedule()
            tasks: list[tuple[Any, Any]] | None = super().dequeue()  # type: ignore[misc]
        except self.away as err:
            log.warning("no light task could be taken: %s", err)
            connection.close()
            time.sleep(AWAY_SECONDS)
            return None
        return tasks

    def ping(self) -> bool:
        return True

    def plan_due(self) -> None:
        """Queue the schedules that are due, unless tasks still wait: nothing piles up while nobody takes them."""
        try:
            has_room = not self.queue_size()  # type: ignore[attr-defined]
        except self.away as err:
            log.warning("nothing could be scheduled: %s", err)
            return
        if has_room:
            scheduler.scheduler(broker=self)

    def _ensure_schedule(self) -> None:
        if not self._has_schedule:
            schedule.ensure()
            self._has_schedule = True


class OrmBroker(Patient, ORM):  # type: ignore[misc]  # django-q2 has no types.
    """Light tasks as rows of the database."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """Return the rows. django-q2 closes an old connection in passing, which fails where a cluster starts without a database."""
        try:
            return ORM.get_connection(list_key)
        except Patient.away:
            return OrmQ.objects.using(Conf.ORM)


def plan_due(broker: Patient) -> None:
    """Take the place of django-q2's scheduler."""
    broker.plan_due()
