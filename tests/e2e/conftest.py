"""A real server with a real worker, and a real browser that looks at it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.conftest import DATA, PASSWORD
from tests.e2e.browser import ensure_browser

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
STOP_SECONDS = 30
CLICK_MILLISECONDS = 20_000
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Nothing but the server under test can be reached, and trying is seen as a failed request.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    password: str = PASSWORD


@dataclass(frozen=True, slots=True)
class Server:
    """A running installation in a folder of its own."""

    url: str
    environment: dict[str, str]
    log: Path

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run one of its commands and return what it prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add_person(self, *, is_staff: bool = False) -> Person:
        person = Person(f"person-{secrets.token_hex(4)}")
        create = f"User.objects.create_user({person.name!r}, password={person.password!r}, is_staff={is_staff})"
        self.manage("shell", "--verbosity", "0", "--command", f"from django.contrib.auth.models import User; {create}")
        return person


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start an installation with an empty library and this checkout's weights."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@contextmanager
def running_server(folder: Path, **environment: str) -> Iterator[Server]:
    """Run web and worker as `make run` does, on a free port, in a folder, with more in the environment if need be."""
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", _environment(folder) | environment, folder / "log")
    server.manage("migrate", "--verbosity", "0")
    server.manage("collectstatic", "--no-input", "--verbosity", "0")
    with server.log.open("w") as log:
        command = [sys.executable, "manage.py", "up", "--port", str(port)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=server.environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_it_answers(server, process)
        yield server
    finally:
        _stop(process)


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a fresh installation: ours without what the settings would read from it."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SELENITE_", "DJANGO_", "DATABASE_"))
    }
    return kept | {"SELENITE_DATA_DIR": str(folder), "SELENITE_STATIC_DIR": str(folder / "static")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(server.url, timeout=5).close()
            return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"The server does not answer:\n{server.log.read_text()}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop the server as a service manager does. It has to end by itself, with all its processes."""
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(timeout=STOP_SECONDS) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser. By the module: while Playwright runs, Django takes this thread for an asynchronous one."""
    program = ensure_browser()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page of the server. The test fails if anything unexpected is wrong in its console."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_one(*, javascript: bool = True, width: int = 1440, height: int = 900, expected_error: str = "") -> Page:
        viewport = {"width": width, "height": height}
        context = browser.new_context(base_url=server.url, java_script_enabled=javascript, viewport=viewport)
        context.set_default_timeout(CLICK_MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note_console(message, problems, expected_error))
        page.on("pageerror", lambda error: problems.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


def _note_console(message: ConsoleMessage, problems: list[str], expected_error: str) -> None:
    """Keep errors and warnings: violations of the content security policy are among them."""
    is_expected = expected_error and expected_error in message.text
    if message.type in ("error", "warning") and not is_expected:
        problems.append(f"{message.text} ({message.location.get('url')})")


@pytest.fixture
def person(server: Server) -> Person:
    """Return somebody new, with an empty library."""
    return server.add_person()


@pytest.fixture
def long_recording(tmp_path: Path) -> Path:
    """Return three minutes of speech: the address again and again, with pauses, so that it takes several batches."""
    with wave.open(str(DATA / "jfk_8k.wav")) as source:
        parameters, frames = source.getparams(), source.readframes(source.getnframes())
    pause = bytes(5 * parameters.framerate * parameters.sampwidth)
    path = tmp_path / "long address.wav"
    with wave.open(str(path), "wb") as target:
        target.setparams(parameters)
        target.writeframes((frames + pause) * 12)
    return path


@pytest.fixture
def short_recording(tmp_path: Path) -> Path:
    """Return a short recording whose name is hard to handle."""
    return Path(shutil.copy(DATA / "jfk.mp3", tmp_path / "zażółć gęślą – 日本 (1).mp3"))
