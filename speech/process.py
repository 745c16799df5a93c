"""The life of a process: it ends with the one that started it, so that a kill -9 leaves nothing behind."""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
"""From linux/prctl.h."""
LONGEST_NAME = 15
"""In bytes: what Linux keeps of the name of a process."""
WATCH_SECONDS = 1.0

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
"""Loaded here, not in the function: it may be called between a fork and an exec."""


def die_with_parent(parent_pid: int) -> None:
    """Have this process killed when its parent ends, and end it now where the parent is gone already.

    On Linux the kernel sees to it, when the thread ends that started this process: start it from one that lives long.
    Elsewhere a thread looks at the parent once a second.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent_pid,), daemon=True).start()
    _end_if_orphan(parent_pid)


def set_name(name: str) -> None:
    """Have `ps -o comm` and `top` show this process by a name. Does nothing elsewhere than on Linux."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode()[:LONGEST_NAME])


def _watch(parent_pid: int) -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        _end_if_orphan(parent_pid)


def _end_if_orphan(parent_pid: int) -> None:
    if os.getppid() != parent_pid:
        os._exit(1)


def peak_memory_bytes() -> int:
    """Return the most memory that this process ever held. The system counts kilobytes, on macOS bytes."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def give_memory_back() -> None:
    """Return what is free to the system. Without this glibc keeps it in pieces, and more of it by the hour."""
    if _libc is not None and hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
