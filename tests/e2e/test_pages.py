"""Every page: nothing wrong in its console, nothing wider than a small telephone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import TRANSCRIBE_MILLISECONDS, choose_files, sign_in

pytestmark = pytest.mark.e2e

SMALL = {"width": 320, "height": 740}


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
    expect(page.locator("summary", has_text="Export")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)
    recording = page.url
    addresses = [
        "/",
        "/upload/",
        "/queue/",
        "/account/password/",
        recording,
        f"{recording}delete/",
        f"{recording}title/",
        "/tags/",
        "/filters/?q=x",
    ]
    assert _widths(page, addresses) == dict.fromkeys(addresses, SMALL["width"])


def test_empty_list_is_clean_and_fits_a_small_screen(open_page: Callable[..., Page], person: Person):
    page = open_page(**SMALL)
    sign_in(page, person)
    assert _widths(page, ["/", "/queue/"]) == dict.fromkeys(["/", "/queue/"], SMALL["width"])


def test_long_words_stay_inside_the_frame(open_page: Callable[..., Page], person: Person):
    page = open_page()
    sign_in(page, person)
    page.locator(".queue").evaluate("queue => queue.innerHTML = '<span>120 running,</span> <span>3456 waiting</span>'")
    page.locator(".account summary span").evaluate("name => name.textContent = 'a.very.long.name@example.org'")
    for width in (320, 360, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert _overflowing(page) == []


def _overflowing(page: Page) -> list[str]:
    """Return what reaches to within 4 px of an edge of its bar."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".queue span, .rail-link span")]
          .filter((part) => part.checkVisibility())
          .filter((part) => {
            const bars = [part.closest(".rail"), part.closest(".rail-top, .rail-bottom")];
            const outer = bars.map((bar) => bar.getBoundingClientRect()).find((box) => box.width);
            const inner = part.getBoundingClientRect();
            return inner.left < outer.left + 4 || inner.right > outer.right - 4;
          })
          .map((part) => part.textContent)"""
    )


def test_pages_for_staff_are_clean_and_fit_a_small_screen(open_page: Callable[..., Page], server: Server):
    page = open_page(**SMALL)
    sign_in(page, server.add_person(is_staff=True))
    addresses = ["/", "/system/", "/system/restart/", "/queue/", "/system/info", "/system/checks", "/system/logs"]
    assert _widths(page, addresses) == dict.fromkeys(addresses, SMALL["width"])


def _widths(page: Page, addresses: list[str]) -> dict[str, int]:
    """Return how wide the content of each page is."""
    widths = {}
    for address in addresses:
        page.goto(address)
        assert page.get_by_role("heading", level=1).count() == 1
        widths[address] = page.evaluate("document.documentElement.scrollWidth")
    return widths
