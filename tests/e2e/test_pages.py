"""Every page: nothing wrong in its console, nothing wider than a small telephone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person
from tests.e2e.steps import TRANSCRIBE_MILLISECONDS, choose_files, sign_in

pytestmark = pytest.mark.e2e

SMALL = {"width": 360, "height": 740}


def test_pages_for_strangers_are_clean_and_fit_a_small_screen(open_page: Callable[..., Page]):
    assert _widths(open_page(**SMALL), ["/sign-in/"]) == {"/sign-in/": SMALL["width"]}


def test_pages_with_a_recording_are_clean_and_fit_a_small_screen(
    open_page: Callable[..., Page], person: Person, data: Path
):
    page = open_page(**SMALL)
    sign_in(page, person)
    choose_files(page, [data / "jfk.opus"])
    page.get_by_role("button", name="Upload and transcribe").click()
    page.get_by_role("link", name="Open").click()
    expect(page.get_by_text("Export")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)
    recording = page.url
    addresses = ["/", "/upload/", "/queue/", "/account/password/", recording, f"{recording}delete/"]
    assert _widths(page, addresses) == dict.fromkeys(addresses, SMALL["width"])


def test_empty_list_is_clean_and_fits_a_small_screen(open_page: Callable[..., Page], person: Person):
    page = open_page(**SMALL)
    sign_in(page, person)
    assert _widths(page, ["/", "/queue/"]) == dict.fromkeys(["/", "/queue/"], SMALL["width"])


def _widths(page: Page, addresses: list[str]) -> dict[str, int]:
    """Return how wide the content of each page is."""
    widths = {}
    for address in addresses:
        page.goto(address)
        assert page.get_by_role("heading", level=1).count() == 1
        widths[address] = page.evaluate("document.documentElement.scrollWidth")
    return widths
