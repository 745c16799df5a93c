"""Which processes of a service still run."""

import time
from collections.abc import Sequence

import psutil


def still_running(processes: Sequence[psutil.Process], *, within_seconds: float) -> list[psutil.Process]:
    """Return those of `processes` that have not ended after so long; return none as soon as all have.

    One that has ended counts as such before its parent takes note: an orphan's parent is the machine's first process,
    which may take its time on a busy machine.
    """
    deadline = time.monotonic() + within_seconds
    while (running := [one for one in processes if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
