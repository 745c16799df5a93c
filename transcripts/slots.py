"""How many jobs this cluster runs at once: what the settings page says, within what the machine's owner allows.

Plain shared memory without a lock, as in `transcripts.drain`. The pusher writes what it read from the settings; the
sentinel starts workers to match, and a worker that is one too many leaves.
"""

import multiprocessing

from django.conf import settings

from speech.asr.devices import usable_cores

_count = multiprocessing.RawValue("i", 0)
_workers = multiprocessing.RawValue("i", 0)
"""Made when this module is imported, so before the cluster's main process forks."""


def follow(concurrency: int) -> int:
    """Take over the setting, and return how many jobs may run here."""
    _count.value = min(settings.JOB_SLOTS or concurrency, concurrency)
    return count()


def count() -> int:
    """Return how many jobs may run here; one until the setting was read."""
    return max(1, int(_count.value))


def note_workers(number: int) -> None:
    """Note how many workers the cluster has."""
    _workers.value = number


def has_worker_to_spare() -> bool:
    return bool(_workers.value > count())


def threads() -> int:
    """Return how many threads an engine gets here: all cores are shared out. 0 means all that are of use.

    By the number of slots, not of the jobs that happen to run: the threads are part of a job's plan.
    """
    if settings.ENGINE_THREADS or count() == 1:
        return int(settings.ENGINE_THREADS)
    return usable_cores(shared_by=count())
