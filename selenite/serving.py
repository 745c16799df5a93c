"""How gunicorn serves the pages: one small process with threads."""

from pathlib import Path
from typing import Any

from speech.process import die_with_parent

worker_class = "gthread"
workers = 1
threads = 32
"""Each is kept by a client that reads slowly, such as a player, and costs little while it waits."""
limit_request_line = 8190
"""The longest address that gunicorn takes: what is too long for a search is told in a sentence by its page."""
timeout = 60
"""For the process as a whole, which answers every second; a request, such as a large upload, may take longer."""
graceful_timeout = 2
"""At a stop. A page is made in less, and an upload is not waited for."""
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - A sign of life, not to be blocked by a disk.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Remove what uploads have left that a killed process was in the middle of, look at the machine, and load the pages."""
    from sysinfo.control import note_gunicorn  # The settings are loaded now, and were not before.
    from sysinfo.detection import look_at_start
    from transcripts.incoming import remove_leftovers
    from transcripts.warming import warm_up

    note_gunicorn()
    remove_leftovers()
    look_at_start()
    warm_up()


def post_fork(arbiter: Any, worker: Any) -> None:
    """Have the process die with gunicorn's main one, also in the middle of a request."""
    die_with_parent(worker.ppid)
