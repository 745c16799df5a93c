"""What an administrator does on the pages of the system, with a real service."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Server, running_server
from tests.e2e.steps import SAID, TRANSCRIBE_MILLISECONDS, choose_files, sign_in

pytestmark = pytest.mark.e2e

DETECT_MILLISECONDS = 90_000
RESTART_MILLISECONDS = 60_000


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_administrator_detects_what_the_machine_has(open_page: Callable[..., Page], server: Server, javascript: bool):
    page = open_page(javascript=javascript)
    sign_in(page, server.add_person(is_staff=True))
    page.goto("/system/")
    page.get_by_role("link", name="Machine").click()
    expect(page.get_by_role("heading", name="Processor")).to_be_visible()
    page.get_by_role("button", name="Detect").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    for _ in range(0 if javascript else DETECT_MILLISECONDS // 500):
        if not page.get_by_role("link", name="See how far it is").is_visible():
            break
        page.wait_for_timeout(500)
        page.get_by_role("link", name="See how far it is").click()
        page.wait_for_load_state()
    expect(page.get_by_text("CTranslate2", exact=True)).to_be_visible(timeout=DETECT_MILLISECONDS)
    expect(page.get_by_text("MB/s written")).to_be_visible()
    expect(page.get_by_role("button", name="Detect")).to_be_visible()


def test_service_is_well_and_its_log_tells_what_it_did_but_not_what_was_said(
    open_page: Callable[..., Page], server: Server, data: Path, tmp_path: Path
):
    recording = tmp_path / "a secret meeting.opus"
    recording.write_bytes((data / "jfk.opus").read_bytes())
    page = open_page()
    sign_in(page, server.add_person(is_staff=True))
    choose_files(page, [recording])
    page.get_by_role("button", name="Upload and transcribe").click()
    page.get_by_role("link", name="Open").click()
    expect(page.locator("summary", has_text="Export")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)

    with urllib.request.urlopen(f"{server.url}/healthz") as response:
        assert json.load(response)["status"] == "ok"
    page.goto("/system/checks")
    expect(page.get_by_text("Nothing keeps it from working.")).to_be_visible()
    page.get_by_role("link", name="Logs").click()
    expect(page.get_by_text("is completed").first).to_be_visible()
    written = "".join(file.read_text() for file in Path(server.environment["SELENITE_DATA_DIR"], "logs").iterdir())
    assert "queue asr starts" in written
    assert "secret" not in written
    assert SAID not in written


def test_administrator_restarts_the_service_and_the_page_comes_back_then_stops_it(
    open_page: Callable[..., Page], tmp_path: Path
):
    with running_server(tmp_path, SELENITE_FAKE_ENGINE="1", SELENITE_ENGINE="fake") as server:
        # It asks whether the service is back: that may be refused, or break off as it ends.
        page = open_page(expected_error=("ERR_CONNECTION_", "ERR_EMPTY_RESPONSE", "ERR_CONTENT_LENGTH_MISMATCH"))
        sign_in(page, server.add_person(is_staff=True), server.url)
        page.goto(f"{server.url}/system/")
        page.get_by_role("link", name="Restart Selenite").click()
        expect(page.get_by_role("heading", name="Restart Selenite?")).to_be_visible()
        page.get_by_role("button", name="Restart").click()
        expect(page.get_by_role("heading", name="Selenite is starting anew.")).to_be_visible()
        expect(page.get_by_text("This page goes on by itself when Selenite is back.")).to_be_visible()
        expect(page.get_by_role("link", name="Stop Selenite")).to_be_visible(timeout=RESTART_MILLISECONDS)
        assert "Selenite starts anew." in server.log.read_text()

        page.get_by_role("link", name="Stop Selenite").click()
        page.get_by_role("button", name="Stop Selenite").click()
        expect(page.get_by_role("heading", name=re.compile(r"Selenite (is stopping|has stopped)\."))).to_be_visible()
        expect(page.get_by_text("To start it again, run “make run”")).to_be_visible()
        _wait_until_it_ends(server)
        assert server.log.read_text().endswith("Selenite has stopped.\n")
        with pytest.raises(URLError):
            urllib.request.urlopen(f"{server.url}/healthz")
        expect(page.get_by_role("heading", name="Selenite has stopped.")).to_be_visible()
        expect(page).to_have_title(re.compile("^Selenite has stopped."))


def _wait_until_it_ends(server: Server) -> None:
    """Wait until nothing is left of a server but its exit status, which is for whoever started it."""
    port, deadline = server.url.rpartition(":")[2], time.monotonic() + RESTART_MILLISECONDS / 1000
    while any(port in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])):
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.1)
