"""What an engine runs on."""

import os

NO_GPU = "The graphics card could not be used, so the processor does the work, which is slower."
OTHER_NUMBERS = "{} cannot compute with {}, so {} was used."
CALLED = {"cpu": "The processor", "cuda": "The graphics card"}
MOST_THREADS = 16
"""More make Whisper slower."""


def usable_cores(*, shared_by: int = 1) -> int:
    """Return how many cores each of so many processes may use: at least one, 16 at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(1, cores // shared_by), MOST_THREADS)
