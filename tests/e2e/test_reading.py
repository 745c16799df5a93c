"""What of the recording page is in sight without scrolling, and where the focus and the keys go."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def _box(found: Locator) -> FloatRect:
    box = found.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_report_is_in_sight_once_its_key_is_pressed(open_talk: Callable[..., Page], width: int):  # noqa: F811
    page = open_talk(width=width)
    page.keyboard.press("q")
    expect(page.locator("#report dl")).to_be_visible()
    expect(page.locator("#quality > summary")).to_be_focused()
    bar = _box(page.locator("[data-player]"))
    page.wait_for_function(
        "end => document.querySelector('#report dl').getBoundingClientRect().bottom <= end", arg=bar["y"]
    )
    assert _box(page.locator("#quality"))["y"] >= 0
