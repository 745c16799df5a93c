"""Real database servers that can be crashed: PostgreSQL and Redis from Debian's packages, and SQLite's lock."""

import os
import pwd
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError

from speech.process import die_with_parent

START_SECONDS = 60.0
POLL_SECONDS = 0.05
POSTGRES_FOLDERS = "/usr/lib/postgresql"
"""Debian keeps the server's programs out of the PATH, in a folder for each version."""
PORTS = range(20_000, 30_000)
"""Below those that systems give to clients: Linux from 32768 on, others from 49152."""
MISSING = "There is no {} on this machine. On Debian and Ubuntu: apt install {}"
LONGEST_OUTAGE_SECONDS = 3.0
MOMENT_SECONDS = 0.5


def free_port() -> int:
    """Return a port of this machine that nothing uses, and that no client is given while the server is away.

    A client that calls such a port again and again may in the end get it as its own, and is connected with itself.
    """
    while True:
        port = random.choice(PORTS)  # noqa: S311 - Nobody must be unable to guess it.
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


class Server:
    """A server process of ours, on a port of this machine."""

    def __init__(self, command: Sequence[str | Path], *, port: int, log: IO[Any], user: str | None = None) -> None:
        self._command, self._port, self._log, self._user = command, port, log, user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it listens. Raises CommandError where it does not."""
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if time.monotonic() > deadline:
                raise CommandError(f"{self._command[0]} does not start; its log is {self._log.name}.")
            if self._process is None or self._process.poll() is not None:
                self._process = self._run()
            time.sleep(POLL_SECONDS)

    def crash(self, signum: signal.Signals = signal.SIGKILL) -> None:
        """End the server with no time for anything."""
        if self._process is not None:
            self._process.send_signal(signum)
            self._process.wait()

    def _run(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command,
            stdout=self._log,
            stderr=self._log,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=bare_environment(),
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - There is one thread.
            **as_user(self._user),
        )

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True


class PostgreSQL:
    """A PostgreSQL of its own, run by an unprivileged user where we are root: it refuses to run as root."""

    def __init__(self, folder: Path, *, port: int, log: IO[Any]) -> None:
        self._user = unprivileged_user()
        self._data = folder / "postgres"
        self._make(log)
        options = ("-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
        self._server = Server(
            [postgres_program("postgres"), "-D", self._data, *options], port=port, log=log, user=self._user
        )

    def start(self) -> None:
        self._server.start()

    def crash(self) -> None:
        """Stop it as `pg_ctl stop --mode immediate` does: what is not committed is lost, and it recovers at the start."""
        self._server.crash(signal.SIGQUIT)

    def is_free(self) -> bool:
        """Return True: who is frozen here holds a lock on its own job at most."""
        return True

    def _make(self, log: IO[Any]) -> None:
        self._data.mkdir(mode=0o700)
        if self._user:
            shutil.chown(self._data, self._user)
        options = ("-U", "selenite", "-A", "trust", "-E", "UTF8", "--no-sync")
        command: list[str | Path] = [postgres_program("initdb"), "-D", self._data, *options]
        done = subprocess.run(
            command, stdout=log, stderr=log, env=bare_environment(), cwd="/", **as_user(self._user), check=False
        )
        if done.returncode:
            raise CommandError(f"initdb failed; its log is {log.name}.")


class SQLite:
    """Not a server, but a lock that somebody else can hold: a backup, say."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._holder: sqlite3.Connection | None = None

    def start(self) -> None:
        """Let go of the lock."""
        if self._holder is not None:
            self._holder.close()
        self._holder = None

    def crash(self) -> None:
        """Take the lock for writing."""
        self._holder = sqlite3.connect(self._file, timeout=20, isolation_level=None)
        self._holder.execute("BEGIN IMMEDIATE")

    def is_free(self) -> bool:
        """Return whether somebody else can write now, or in a moment."""
        try:
            with closing(sqlite3.connect(self._file, timeout=MOMENT_SECONDS, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        return True

    def check(self) -> str:
        """Return "ok", or what is damaged."""
        with closing(sqlite3.connect(self._file, timeout=20)) as connection:
            return "; ".join(row[0] for row in connection.execute("PRAGMA integrity_check"))


def redis(folder: Path, *, port: int, log: IO[Any]) -> Server:
    """Return a Redis that keeps nothing on disk, not started yet."""
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder))
    return Server([redis_program(), *options], port=port, log=log)


def postgres_program(name: str) -> Path:
    """Return a program of the newest PostgreSQL here. Raises CommandError with the package's name where there is none."""
    folders = sorted(Path(POSTGRES_FOLDERS).glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    found = shutil.which(name) or next((str(folder / name) for folder in folders if (folder / name).exists()), None)
    if found is None:
        raise CommandError(MISSING.format("PostgreSQL server", "postgresql"))
    return Path(found)


def redis_program() -> Path:
    """Return where `redis-server` is. Raises CommandError with the package's name where there is none."""
    found = shutil.which("redis-server")
    if found is None:
        raise CommandError(MISSING.format("Redis server", "redis-server"))
    return Path(found)


def unprivileged_user() -> str | None:
    """Return who runs what must not be run by root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def as_user(user: str | None) -> dict[str, Any]:
    """Return the arguments by which subprocess runs a program as somebody else."""
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def bare_environment() -> dict[str, str]:
    """Return an environment in which a server is not taken for a process of the installation."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
