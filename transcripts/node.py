"""Who holds a lease: a name for this process that lets others on the same machine prove its death without waiting."""

import os
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import psutil

COMMAND = "command:"
"""Before the name of a process that runs a job by itself, outside the queue: it counts toward no limit."""
LONGEST_HOST = 64

_cluster = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid, _started(pid))

    @classmethod
    def parse(cls, text: str) -> Self:
        pid, _, started = text.partition(":")
        return cls(int(pid), started)

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}"

    def is_dead(self) -> bool:
        """Return whether the process has certainly ended; False where it cannot be seen."""
        try:
            return _started(self.pid) != self.started
        except (OSError, psutil.Error):
            return False


def join_cluster() -> None:
    """Make this process the main one of a cluster: the processes that it forks belong to it."""
    global _cluster
    _cluster = f"{_machine()}|{Process.of(os.getpid())}"


def cluster() -> str:
    """Return the name of the cluster that this process belongs to; a process without one is its own."""
    return _cluster or f"{_machine()}|{Process.of(os.getpid())}"


def holder() -> str:
    """Return the name of this process as it is written on a lease."""
    return f"{cluster()}|{Process.of(os.getpid())}"


def is_provably_dead(name: str) -> bool:
    """Return whether the holder of a lease has certainly ended: this machine was started anew, or its process is gone.

    Says nothing of another machine or container. They may share a host name, but not the pid namespace too: outside of
    containers that has the same number after every start.
    """
    try:
        machine, boot, namespace, main, process = name.removeprefix(COMMAND).split("|")
        processes = Process.parse(main), Process.parse(process)
    except ValueError:
        return False
    if (machine, namespace) != (host(), _pid_namespace()):
        return False
    return boot != _boot() or any(process.is_dead() for process in processes)


def is_cluster_dead(name: str) -> bool:
    """Return whether a cluster, by what `cluster()` returned in it, has certainly ended."""
    return is_provably_dead(f"{name}|{name.rpartition('|')[2]}")


def _machine() -> str:
    return f"{host()}|{_boot()}|{_pid_namespace()}"


@cache
def host() -> str:
    """Return the name of this machine, with which the names on its leases begin."""
    return socket.gethostname().replace("|", "")[:LONGEST_HOST]


@cache
def _boot() -> str:
    """Return what changes at each start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(int(psutil.boot_time()))


@cache
def _pid_namespace() -> str:
    try:
        return Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Return when a process was started, in a form that the machine's clock cannot change; empty where it has ended.

    Raises OSError or psutil.Error where it cannot be looked at, or ends just now.
    """
    if not psutil.pid_exists(pid):
        return ""
    if sys.platform != "linux":
        return str(psutil.Process(pid).create_time())
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    # The name, in brackets, may hold anything. Field 3 is the state, 22 the start in ticks since the boot (proc(5)).
    state, *fields = status.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]
