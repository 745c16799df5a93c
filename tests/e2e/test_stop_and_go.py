"""Pausing, going on, cancelling, starting over and deleting while a real worker runs the job, and how long each takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person, Server, running_server
from tests.e2e.steps import choose_files, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SOON_MILLISECONDS = 8_000
"""Pause and cancel take effect within a few seconds, however busy the machine of the test is."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose recogniser takes a second over each four seconds of sound."""
    fake = {"SELENITE_FAKE_ENGINE": "1", "SELENITE_ENGINE": "fake", "SELENITE_FAKE_SECONDS": "1"}
    with running_server(tmp_path_factory.mktemp("stop-and-go"), **fake) as server:
        yield server


@pytest.fixture
def times() -> Iterator[dict[str, float]]:
    taken: dict[str, float] = {}
    yield taken
    print("\n" + "\n".join(f"{name}: {seconds:.1f} s" for name, seconds in taken.items()))


@contextmanager
def _timed(times: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    times[name] = time.monotonic() - began


def _upload(page: Page, recording: Path) -> None:
    choose_files(page, [recording])
    page.get_by_role("button", name="Upload and transcribe").click()
    page.get_by_role("link", name="Open").click()
    _expect_progress(page)


def _expect_progress(page: Page) -> None:
    expect(page.get_by_role("article", name="Transcript")).to_contain_text("calm", timeout=SOON_MILLISECONDS * 3)
    expect(page.locator("#standing")).to_contain_text("Transcribing")


def _expect_state(page: Page, words: str) -> None:
    expect(page.locator("#standing .state")).to_have_text(words, timeout=SOON_MILLISECONDS)


def _choose(page: Page, action: str) -> None:
    page.locator(".reading-title summary", has_text="More actions").click()
    page.get_by_role("link", name=action).click()


def test_running_job_obeys_its_page(
    open_page: Callable[..., Page], person: Person, long_recording: Path, server: Server, times: dict[str, float]
):
    page = open_page()
    sign_in(page, person)
    _upload(page, long_recording)
    address = page.url

    with _timed(times, "pause"):
        page.get_by_role("button", name="Pause transcription").click()
        _expect_state(page, "Paused")
    done = page.locator(".paragraph").all_inner_texts()
    with _timed(times, "resume, to the next text"):
        page.get_by_role("button", name="Go on").click()
        page.wait_for_function(
            "length => document.querySelector('#transcript').innerText.length > length",
            arg=len(page.locator("#transcript").inner_text()),
        )
    assert page.locator("#transcript").inner_text().startswith(done[0].rstrip()[:40])

    _choose(page, "Cancel…")
    with _timed(times, "cancel"):
        page.get_by_role("button", name="Cancel the transcription").click()
        _expect_state(page, "Cancelled")
    expect(page.locator("#transcript")).to_contain_text("calm")

    page.get_by_role("link", name="Transcribe again").first.click()
    page.get_by_label("Language spoken").select_option("de")
    with _timed(times, "restart, to the first text"):
        page.get_by_role("button", name="Transcribe again").click()
        expect(page.get_by_text("2 versions")).to_be_visible()
        expect(page.locator("#transcript")).to_contain_text("calm")  # The earlier text, until the new one is complete.
        page.get_by_role("link", name="Show it").click()
        _expect_progress(page)
    expect(page.locator("#facts")).to_contain_text("German")

    _choose(page, "Delete…")
    with _timed(times, "delete, to the worker's end of it"), _worker_gives_up_a_job(server), _timed(times, "delete"):
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_role("heading", name="Drop in your first recording")).to_be_visible()
    assert page.request.get(address).status == 404
    media = Path(server.environment["SELENITE_DATA_DIR"]) / "media" / "recordings"
    assert not (media / address.rstrip("/").rpartition("/")[2]).exists()


def test_rows_of_the_list_are_steered_in_place(open_page: Callable[..., Page], person: Person, long_recording: Path):
    page = open_page(width=360, height=740)
    sign_in(page, person)
    _upload(page, long_recording)
    page.goto("/")
    menu = page.locator(".column-menu summary")

    menu.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(5000)  # The row is asked for again twice; a menu that is open stays open.
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("td.column-state")).to_contain_text("Paused", timeout=SOON_MILLISECONDS)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("td.column-state")).to_contain_text("Transcribing", timeout=SOON_MILLISECONDS)

    page.get_by_role("checkbox", name=f"Select {long_recording.stem}").check()
    page.wait_for_timeout(2500)
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.locator("#bulk").get_by_role("button", name="Cancel transcription").click()
    page.locator("#dialog").get_by_role("button", name="Cancel transcription").click()
    expect(page.get_by_text("The transcription of 1 recording is cancelled.")).to_be_visible()
    expect(page.locator("td.column-state")).to_contain_text("Cancelled", timeout=SOON_MILLISECONDS)
    expect(page.get_by_text("1 selected")).to_be_visible()  # For what comes next with it.
    page.get_by_role("button", name="Select none").click()
    expect(page.locator("#bulk")).to_be_hidden()

    page.locator(".page-head summary").click()
    page.get_by_role("link", name="Clear failed and cancelled…").click()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("1 failed or cancelled transcription cleared.")).to_be_visible()
    expect(page.get_by_role("heading", name="Drop in your first recording")).to_be_visible()


def test_everything_works_without_javascript(open_page: Callable[..., Page], person: Person, long_recording: Path):
    page = open_page(javascript=False)
    sign_in(page, person)
    choose_files(page, [long_recording])
    page.get_by_role("button", name="Upload and transcribe").click()

    page.locator(".column-menu summary").click()
    page.get_by_role("link", name="Show them").click()
    page.get_by_role("button", name="Pause").click()
    _reload_until(page, "Paused")
    page.get_by_role("button", name="Go on").click()
    page.goto("/")
    page.locator(".column-menu summary").click()
    page.get_by_role("link", name="Show them").click()
    page.get_by_role("link", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the transcription").click()
    _reload_until(page, "Cancelled")
    page.get_by_role("link", name="Transcribe again").first.click()
    page.get_by_role("button", name="Transcribe again").click()
    page.goto("/")
    page.get_by_role("checkbox", name="Select").check()
    page.locator("#bulk").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete 1 recording?")).to_be_visible()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("1 recording deleted.")).to_be_visible()


def test_second_upload_of_a_file_offers_what_is_there(
    open_page: Callable[..., Page], person: Person, short_recording: Path
):
    page = open_page()
    sign_in(page, person)
    for _ in range(2):
        page.goto("/upload/")
        page.locator("input[type=file]").set_input_files(short_recording)
        page.get_by_role("button", name="Upload and transcribe").click()
        expect(page.get_by_role("link", name="Open")).to_be_visible()
    expect(page.get_by_text("You have this recording already")).to_be_visible()
    page.get_by_role("button", name="Transcribe it again").click()
    expect(page.get_by_text("Sent to be transcribed again.")).to_be_visible()
    page.goto("/")
    expect(page.locator(".recording")).to_have_count(1)


def _reload_until(page: Page, words: str) -> None:
    for _ in range(SOON_MILLISECONDS // 500):
        if page.locator(".state", has_text=words).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    pytest.fail(page.locator("main").inner_text())


@contextmanager
def _worker_gives_up_a_job(server: Server) -> Iterator[None]:
    """Wait at the end until a worker has noticed that its job is gone."""

    def count() -> int:
        return server.log.read_text().count("was taken away or deleted")

    before = count()
    yield
    deadline = time.monotonic() + SOON_MILLISECONDS / 1000
    while count() == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
