"""Run Selenite: web and worker together."""

import os
import socket
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import connection

from registry.management.prepared import PreparedCommand
from transcripts.management.commands.qcluster import queue_parts
from transcripts.supervisor import Part, Supervisor
from transcripts.wishes import Wish

STOP_SECONDS = 5.0
"""A second longer than the worker takes at most."""
ANSWER_SECONDS = 0.5
START = "SELENITE_START"
"""The environment variable by which everything that is started together writes to the same log."""
LAST_PORT = 65535
ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - This is how to reach them.
ONLY_HERE = (
    "Only this machine can open the pages: SELENITE_ALLOWED_HOSTS has no other name. "
    "Set it to the names and addresses that others use, separated by commas, and start again. See docs/configuration.md."
)


class Command(PreparedCommand):
    help = "Run Selenite: the pages and the worker, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to serve at (default: this machine only).")
        parser.add_argument("--port", type=int, default=8000, help="Port to serve at (default: 8000).")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        _check_port(host, port)
        if not _is_local(host) and all(map(_is_local, settings.ALLOWED_HOSTS)):
            self.stderr.write(ONLY_HERE)
        connection.close()
        parts = [*queue_parts(label="worker | "), _web(host, port)]
        wish = Supervisor(parts, stop_seconds=STOP_SECONDS).run(on_round=self._announcement(host, port))
        if wish == Wish.RESTART:
            self.stdout.write("Selenite starts anew.")
            self.stdout.flush()
            _start_anew()
        self.stdout.write("Selenite has stopped.")

    def _announcement(self, host: str, port: int) -> Callable[[], None]:
        """Return a function that says where Selenite serves, once it does."""
        is_said = False

        def announce() -> None:
            nonlocal is_said
            if not is_said and _answers(host, port):
                is_said = True
                self.stdout.write(f"Selenite serves at {_address(host, port)} (stop it with Ctrl-C)")
                self.stdout.flush()

        return announce


def _start_anew() -> None:
    """Run the command again in this process, so that whoever started it sees no end: with the program as it is now."""
    os.environ.pop(START, None)  # Another start has another log.
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - Its own command line.


def _check_port(host: str, port: int) -> None:
    """Raise CommandError where the address cannot be served at, in words better than a traceback in the log."""
    if not 1 <= port <= LAST_PORT:
        raise CommandError(f"--port must be a number from 1 to {LAST_PORT}, not {port}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
    except OSError as err:
        reason = err.strerror or str(err)
        sentence = f"Selenite cannot serve at {_address(host, port)}: {reason}. Is it running already? "
        raise CommandError(f"{sentence}Choose another port with --port.") from err


def _is_local(host: str) -> bool:
    """Return whether a name or an address leads to this machine from itself only."""
    name = host.strip("[]")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _answers(host: str, port: int) -> bool:
    """Return whether a page is answered with anything: gunicorn listens before it can."""
    connection = HTTPConnection(ANY_ADDRESS.get(host, host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("HEAD", "/")
        return bool(connection.getresponse().status)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _web(host: str, port: int) -> Part:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "--config", "python:selenite.serving", "--bind", bind, "selenite.wsgi"]
    return Part("web", command, label="web | ", may_ask=True)
