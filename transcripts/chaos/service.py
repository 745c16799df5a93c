"""The processes under attack, and who starts them again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

import psutil
from django.conf import settings

from speech.process import die_with_parent

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
DATA_DIR = "SELENITE_DATA_DIR"


@dataclass(slots=True)
class Unit:
    """A program that the system's service manager would keep running, and when it was last asked to stop."""

    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    stopping_since: float | None = None
    on_stopped: Callable[[], None] = lambda: None
    stop_seconds: list[float] = field(default_factory=list)


class Service:
    """Runs `manage.py up`, and more workers beside it as on other machines, and starts at once what has ended."""

    def __init__(self, *, clusters: int, port: int, environment: Mapping[str, str], log: IO[Any]) -> None:
        self._environment, self._log = environment, log
        up = Unit([*MANAGE, "up", "--port", str(port)])
        self.units = [up, *(Unit([*MANAGE, "qcluster"]) for _ in range(clusters - 1))]

    def keep_running(self) -> None:
        """Start what does not run. Call it all the time."""
        for unit in self.units:
            if unit.process is not None and unit.process.poll() is not None and unit.stopping_since is not None:
                unit.stop_seconds.append(time.monotonic() - unit.stopping_since)
                unit.stopping_since = None
                unit.on_stopped()
            if unit.process is None or unit.process.poll() is not None:
                unit.process = self._start(unit)

    def stop(self, *, seconds: float) -> list[str]:
        """Ask all to stop and return what is left after so many seconds, by name; that is killed."""
        for unit in self.units:
            if unit.process is not None:
                unit.process.terminate()
        deadline = time.monotonic() + seconds
        while (left := list(processes_of(self._environment))) and time.monotonic() < deadline:
            for unit in self.units:
                if unit.process is not None:
                    unit.process.poll()
            time.sleep(0.05)
        names = [f"{_name(process)} ({process.pid})" for process in left]
        for process in left:
            _signal(process, signal.SIGKILL)
        return names

    def find(self, name: str) -> list[psutil.Process]:
        """Return the processes that show themselves by this name."""
        return [process for process in self._all() if _name(process) == name]

    def find_command(self, word: str) -> list[psutil.Process]:
        """Return the processes with this word in their command that have no name of their own."""
        return [process for process in self._all() if _name(process).startswith("python") and word in _command(process)]

    def tree(self, unit: Unit) -> list[psutil.Process]:
        """Return a unit's process and all below it; empty where it has ended."""
        if unit.process is None or unit.process.poll() is not None:
            return []
        root = psutil.Process(unit.process.pid)
        return [root, *_children(root)]

    def _all(self) -> list[psutil.Process]:
        return [process for unit in self.units for process in self.tree(unit)]

    def _start(self, unit: Unit) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            unit.command,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - No other thread starts processes.
        )


def processes_of(environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """Yield every process of this installation but ours, wherever it hangs: by the data folder in its environment."""
    for process in psutil.process_iter():
        try:
            is_ours = process.environ().get(DATA_DIR) == environment[DATA_DIR]
        except psutil.Error:
            continue
        if is_ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
            yield process


def kill(process: psutil.Process) -> None:
    _signal(process, signal.SIGKILL)


def _signal(process: psutil.Process, signum: signal.Signals) -> None:
    try:
        process.send_signal(signum)
    except psutil.NoSuchProcess:
        return


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
