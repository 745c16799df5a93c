"""Run the worker. Takes the place of django-q2's command of this name."""

import os
import sys
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from registry.management.prepared import require_tables
from transcripts.supervisor import Part, Supervisor

QUEUE = "Q_CLUSTER_NAME"
"""The environment variable by which django-q2 learns which queue a process is for."""
STOP_SECONDS = 4.0
"""A second longer than a queue takes at most."""


class Command(BaseCommand):
    help = "Run the worker: it takes the jobs that wait, until it is stopped with Ctrl-C or SIGTERM."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep a process running for each queue; in such a process, run the queue."""
        if QUEUE not in os.environ:
            self.check(tags=["selenite"])
            _check_tables()
            Supervisor(queue_parts(), stop_seconds=STOP_SECONDS).run()
            return
        from transcripts.cluster import Cluster

        sys.exit(Cluster().run())


def _check_tables() -> None:
    """Raise CommandError where tables are missing. A database that is away is waited for, as it is at any other time."""
    with suppress(DatabaseError):
        require_tables()
    connection.close()


def queue_parts(*, label: str = "") -> list[Part]:
    """Return the processes to keep running, one for each queue."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
    return [Part(f"queue {queue}", command, environment={QUEUE: queue}, label=label) for queue in settings.QUEUES]
