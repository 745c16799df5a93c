"""Stopping the service and starting it anew, from its pages: what can be done from here, and doing it.

Under `manage.py up` all of it can. Where a service manager runs the parts, the pages start themselves and the workers anew;
what stops them for good is the service manager alone, which would start anew what ends.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.db.models.functions import Now

from preferences.models import Settings
from registry import terminal
from transcripts import node, wishes
from transcripts.models import Node
from transcripts.supervisor import ANSWER_SECONDS
from transcripts.wishes import Wish

log = logging.getLogger(__name__)

START = uuid4().hex
"""Another one after each start of this process: by it an open page sees that the service is back."""
CHECK_SECONDS = 60

APART = "The pages run under a service manager of their own, such as systemd: stop them there, and the workers too."
UNKNOWN = "Only the workers can be started anew from here: it is not known what the pages run under."
START_AGAIN = (
    f"To start it again, run “make run” or “{terminal.manage('up')}” in {{}}, "
    "or start its service, as it was started before."
)

_is_under_gunicorn = False


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be done from here. `hindrance` is a sentence, empty where everything can."""

    can_stop: bool
    can_restart_pages: bool
    hindrance: str = ""


def note_gunicorn() -> None:
    """Note that this process serves under gunicorn, whose main process loads the pages anew on a SIGHUP."""
    global _is_under_gunicorn
    _is_under_gunicorn = True


def reach() -> Reach:
    """Return what can be done from this process."""
    if wishes.can_ask():
        return Reach(can_stop=True, can_restart_pages=True)
    return Reach(
        can_stop=False, can_restart_pages=_is_under_gunicorn, hindrance=APART if _is_under_gunicorn else UNKNOWN
    )


def can_start() -> bool:
    """Return whether the program as it lies on the disk now could start: after an upgrade its tables may be missing.

    Takes a second or two.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--check", "--verbosity", "0"]
    try:
        return subprocess.run(command, capture_output=True, timeout=CHECK_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def restart(*, by: int | None) -> None:
    """Have everything start anew that can be: all workers, on all machines, and the pages. Jobs go on after their last batch.

    `by` is the key of whoever asks.
    """
    log.warning("user %s has asked for a restart", by)
    Settings.load()
    Settings.objects.update(restart_requested_at=Now())
    if not wishes.ask(Wish.RESTART) and _is_under_gunicorn:
        threading.Timer(ANSWER_SECONDS, os.kill, (os.getppid(), signal.SIGHUP)).start()


def stop(*, by: int | None) -> bool:
    """Have the pages and the worker beside them stop; return False where that cannot be done from here."""
    log.warning("user %s has asked for a stop", by)
    return wishes.ask(Wish.STOP)


def how_to_start_again() -> str:
    return START_AGAIN.format(terminal.folder())


def workers_elsewhere() -> list[str]:
    """Return the machines, other than this one, whose workers go on where this one stops."""
    here = node.cluster().partition("|")[0]
    return sorted({one.host for one in Node.objects.alive()} - {here})
