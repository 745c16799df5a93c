"""A throwaway installation: a folder with a database, people, and the real server and workers on it."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

HOST = "127.0.0.1"
PASSWORD = "pressure"  # noqa: S105 - Of people who live for a minute on a server that only this machine reaches.
START_SECONDS = 60.0
STOP_SECONDS = 10.0
PREPARE = """
from django.contrib.auth.models import User
from django.core.management import call_command
from preferences.models import Settings
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
for number in range({people}):
    User.objects.create_user(f"person-{{number}}", password={password!r})
Settings.load()
Settings.objects.update(concurrency={workers})
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it lies and how it is reached."""

    folder: Path
    port: int
    environment: Mapping[str, str]
    pid: int = 0
    """Of the process that started all others; 0 before there is one."""

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def manage(self, *arguments: str) -> None:
        """Run a command in it. Raises CalledProcessError."""
        subprocess.run(_command(*arguments), env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what its database holds. It is SQLite."""
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=20, isolation_level=None)) as database:
            return database.execute(query).fetchall()

    def web_seconds(self) -> float:
        """Return the processor time that the web server took so far."""
        parts = psutil.Process(self.pid).children(recursive=True)
        times = [part.cpu_times() for part in parts if any("gunicorn" in word for word in part.cmdline())]
        return sum(time.user + time.system for time in times)


@contextmanager
def running(*, workers: int, people: int, variables: Mapping[str, str]) -> Iterator[Installation]:
    """Make an installation, start it, and leave nothing of it behind."""
    folder = Path(tempfile.mkdtemp(prefix="selenite-pressure-"))
    installation = Installation(folder, _free_port(), _environment(folder, workers, variables))
    try:
        prepare = PREPARE.format(people=people, password=PASSWORD, workers=workers)
        installation.manage("shell", "--verbosity", "0", "--command", prepare)
        with _served(installation) as pid:
            yield replace(installation, pid=pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _served(installation: Installation) -> Iterator[int]:
    command = _command("up", "--host", HOST, "--port", str(installation.port))
    with installation.log.open("wb") as log:
        process = subprocess.Popen(command, env=installation.environment, stdout=log, stderr=log)
    try:
        _wait_for_answer(installation, process)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # What it started dies with it.
            process.kill()
            process.wait()


def _wait_for_answer(installation: Installation, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with closing(HTTPConnection(HOST, installation.port, timeout=5)) as connection:
                connection.request("GET", "/sign-in/")
                connection.getresponse().read()
            return
        except (OSError, HTTPException):
            time.sleep(0.2)
    raise RuntimeError(f"The server does not start: {installation.log.read_text(errors='replace')[-2000:]}")


def _environment(folder: Path, workers: int, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a fresh installation: ours without what the settings would read from it."""
    ours = ("SELENITE_", "DJANGO_", "DATABASE_", "REDIS_", "Q_CLUSTER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **kept,
        "SELENITE_DATA_DIR": str(folder),
        "SELENITE_STATIC_DIR": str(folder / "static"),
        "SELENITE_MODELS_DIR": str(settings.WEIGHTS_DIR),
        "SELENITE_JOB_SLOTS": str(workers),
        **variables,
    }


def _command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
