"""The flag by which a cluster's processes learn that it is stopping.

Plain shared memory without a lock: a process that is killed while it holds one would leave it locked for all others.
"""

import multiprocessing

_flag = multiprocessing.RawValue("b", 0)
"""Made when this module is imported, so before the cluster's main process forks."""


def start() -> None:
    """Tell all processes of this cluster to give their jobs back and take no more. Safe in a signal handler."""
    _flag.value = 1


def is_on() -> bool:
    return bool(_flag.value)
