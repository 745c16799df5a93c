"""A real server with a real worker, and a real browser that looks at it."""

import os
import shutil
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import DATA
from tests.e2e.browser import ensure_browser
from tests.e2e.server import Person, Server, running_server

CLICK_MILLISECONDS = 20_000
EXPECT_MILLISECONDS = 15_000
"""A page that shares two cores with an engine answers late."""
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Nothing but the server under test can be reached, and trying is seen as a failed request.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start an installation with an empty library and this checkout's weights."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser. By the module: while Playwright runs, Django takes this thread for an asynchronous one."""
    expect.set_options(timeout=EXPECT_MILLISECONDS)
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

    def open_one(
        *,
        javascript: bool = True,
        width: int = 1440,
        height: int = 900,
        has_touch: bool = False,
        expected_error: str | tuple[str, ...] = (),
    ) -> Page:
        how = {
            "java_script_enabled": javascript,
            "viewport": {"width": width, "height": height},
            "has_touch": has_touch,
        }
        context = browser.new_context(base_url=server.url, **how)
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


def _note_console(message: ConsoleMessage, problems: list[str], expected_error: str | tuple[str, ...]) -> None:
    """Keep errors and warnings: violations of the content security policy are among them."""
    expected = (expected_error,) if isinstance(expected_error, str) else expected_error
    is_expected = any(part in message.text for part in expected)
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
