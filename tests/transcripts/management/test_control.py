"""Restarting and stopping the real service from its pages, while a job runs."""

import json
import socket
import subprocess
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any

import psutil
import pytest

from tests.processes import still_running
from tests.transcripts.installation import Installation, tree

SIGN_IN = (
    "from django.contrib.auth.models import User; from django.test import Client; client = Client();"
    "client.force_login(User.objects.create_user('carol', is_staff=True)); print(client.cookies['sessionid'].value)"
)
TOKEN = "t" * 32


class Pages:
    """The pages of an installation, for an administrator who is signed in."""

    def __init__(self, installation: Installation) -> None:
        self._session = installation.shell(SIGN_IN).strip()
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = int(server.getsockname()[1])

    def ask(self, method: str, address: str) -> tuple[int, Any]:
        """Return the status and the answer; 0 where nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Accept": "application/json",
            "Cookie": f"sessionid={self._session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
        }
        try:
            connection.request(method, address, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, HTTPException):
            return 0, None
        finally:
            connection.close()

    def start(self) -> str:
        """Return the value that is another one after each start; empty where nobody answers."""
        status, answer = self.ask("GET", "/server/standing")
        return answer["start"] if status == 200 else ""


@pytest.fixture
def pages(installation: Installation) -> Pages:
    return Pages(installation)


def _run(installation: Installation, *command: str) -> psutil.Process:
    """Run a program of the installation, which is killed after the test, and return it."""
    with (installation.folder / "log").open("ab") as log:
        environment = installation._environment() | {"SELENITE_STATIC_DIR": str(installation.folder)}
        installation.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    return psutil.Process(installation.process.pid)


def _up(installation: Installation, pages: Pages) -> psutil.Process:
    main = _run(installation, *installation._command("up", "--port", str(pages.port)))
    installation.wait_for(pages.start)
    return main


def _log_files(installation: Installation) -> list[str]:
    return sorted(path.name for path in (installation.folder / "logs").glob("selenite-*.log"))


def test_job_goes_on_after_a_restart_and_after_a_stop(installation: Installation, pages: Pages):
    installation.environment["SELENITE_FAKE_SECONDS"] = "1"
    main = _up(installation, pages)
    installation.wait_for_batch(2)
    first, below, logs = pages.start(), tree(main.pid)[1:], _log_files(installation)

    status, answer = pages.ask("POST", "/server/restart")

    assert (status, answer["status"]) == (202, "restarting")
    installation.wait_for(lambda: pages.start() not in ("", first))
    assert main.is_running()
    assert still_running(below, within_seconds=5) == []
    done = installation.job[1]
    installation.wait_for_batch(done + 1)
    assert installation.job[3] == 0
    assert len(_log_files(installation)) > len(logs)

    status, answer = pages.ask("POST", "/server/shutdown")

    assert (status, answer["status"]) == (202, "stopping")
    below = tree(main.pid)[1:]
    assert installation.process is not None
    assert installation.process.wait(10) == 0
    assert still_running(below, within_seconds=5) == []
    assert pages.ask("GET", "/server/standing") == (0, None)
    state, batches, _, crashes = installation.job
    assert (state, crashes) == ("queued", 0)
    assert batches > done

    installation.environment["SELENITE_FAKE_SECONDS"] = "0"
    _up(installation, pages)
    installation.wait_for_end()
    assert installation.has_the_text_of_an_undisturbed_run()
    said = (installation.folder / "log").read_text()
    assert said.count("Selenite starts anew.") == said.count("Selenite has stopped.") == 1


def test_pages_that_run_apart_start_themselves_anew_and_do_not_stop(installation: Installation, pages: Pages):
    config = ("--config", "python:selenite.serving", "--bind", f"127.0.0.1:{pages.port}", "selenite.wsgi")
    main = _run(installation, sys.executable, "-m", "gunicorn", *config)
    installation.wait_for(pages.start)
    first = pages.start()

    status, answer = pages.ask("POST", "/server/shutdown")
    assert status == 409
    assert answer["error"].startswith("The pages run under a service manager of their own")
    assert pages.start() == first

    assert pages.ask("POST", "/server/restart")[0] == 202
    installation.wait_for(lambda: pages.start() not in ("", first))
    assert main.is_running()
