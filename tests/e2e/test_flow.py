"""The product's main job in a browser: from a recording to a transcript and out again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person
from tests.e2e.steps import (
    SAID,
    TRANSCRIBE_MILLISECONDS,
    choose_files,
    delete,
    export_all,
    open_recording,
    sign_in,
    texts_of_exports,
    words,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

RELOAD_MILLISECONDS = 1000
PLAY_MILLISECONDS = 3000


def test_flow_with_javascript(
    open_page: Callable[..., Page], person: Person, short_recording: Path, long_recording: Path
):
    page = open_page()
    sign_in(page, person)
    choose_files(page, [long_recording, short_recording])
    page.get_by_role("button", name="Upload and transcribe").click()
    expect(page.get_by_role("link", name="Open")).to_have_count(2)

    open_recording(page, long_recording.stem)
    _see_text_before_the_end(page)
    _play(page)
    expect(page.locator("summary", has_text="Export")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)
    _check_exports(page, times_said=12)
    delete(page)
    expect(page.get_by_role("link", name=long_recording.stem)).to_have_count(0)

    expect(page.locator(".state", has_text="Done")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)
    open_recording(page, short_recording.stem)
    _check_exports(page, times_said=1)
    delete(page)
    expect(page.get_by_role("heading", name="Drop in your first recording")).to_be_visible()


def test_flow_without_javascript(open_page: Callable[..., Page], person: Person, short_recording: Path, data: Path):
    page = open_page(javascript=False)
    sign_in(page, person)
    choose_files(page, [short_recording, data / "jfk_video.mp4"])
    page.get_by_role("button", name="Upload and transcribe").click()

    for title, media in ((short_recording.stem, "audio"), ("jfk_video", "video")):
        open_recording(page, title)
        _reload_until_done(page)
        expect(page.locator(f"{media}[controls]")).to_be_visible()
        _play_by_the_browsers_own_controls(page, media)
        _check_exports(page, times_said=1)
        delete(page)
    expect(page.get_by_role("heading", name="Drop in your first recording")).to_be_visible()


def _see_text_before_the_end(page: Page) -> None:
    """Read the beginning while the job still runs, without touching the page."""
    transcript = page.get_by_role("article", name="Transcript")
    # Over a telephone the last letter of "Americans" is heard on some processors only.
    expect(transcript).to_contain_text("fellow America", timeout=TRANSCRIBE_MILLISECONDS)
    expect(page.locator("#standing")).to_contain_text("of 3:12")
    expect(page.locator("summary", has_text="Export")).to_have_count(0)


def _play(page: Page) -> None:
    player = page.get_by_role("region", name="Player")
    player.get_by_role("button", name="Play").click()
    media = page.locator("[data-media]")
    page.wait_for_function("media => media.currentTime > 0.5 && media.readyState >= 3", arg=media.element_handle())
    player.get_by_role("button", name="Pause").click()
    assert media.evaluate("media => media.paused") is True


def _play_by_the_browsers_own_controls(page: Page, media: str) -> None:
    """Press the space key on the element, as a person without a mouse does."""
    player = page.locator(media)
    player.press("Space")
    page.wait_for_timeout(PLAY_MILLISECONDS)
    assert player.evaluate("media => media.currentTime") > 0.5


def _reload_until_done(page: Page) -> None:
    for _ in range(TRANSCRIBE_MILLISECONDS // RELOAD_MILLISECONDS):
        if page.locator("summary", has_text="Export").count():
            return
        page.wait_for_timeout(RELOAD_MILLISECONDS)
        page.reload()
    pytest.fail(page.locator("main").inner_text())


def _check_exports(page: Page, *, times_said: int) -> None:
    texts = texts_of_exports(export_all(page))
    assert {name: words(text).count(SAID) for name, text in texts.items()} == dict.fromkeys(texts, times_said)
    assert set(texts) == {"txt", "srt", "vtt", "json", "docx", "md", "html", "tsv"}
