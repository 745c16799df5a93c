"""What comes of a correction on the recording page: the offer to do the same elsewhere."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

def _field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of this segment")


def _edit(page: Page, place: int = 0) -> str:
    """Begin to edit a segment by keyboard and return its text."""
    is_on = page.locator("#transcript[data-editing]").count()
    page.locator(".moment").nth(place).focus()
    page.keyboard.press("Enter" if is_on else "e")
    expect(_field(page)).to_be_focused()
    return _field(page).input_value()


def _correct(page: Page, place: int) -> None:
    """Write another word for the last one of a segment and leave it."""
    text = _edit(page, place)
    _field(page).fill(re.sub(r"\w+(\W*)$", r"Selenite\1", text))
    page.keyboard.press("Control+Enter")


def _box(found: Locator) -> FloatRect:
    box = found.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_offer_is_in_sight_where_one_corrects_and_moves_nothing(open_talk: Callable[..., Page], width: int):  # noqa: F811
    page = open_talk(width=width, height=560)
    _edit(page, -1)
    page.keyboard.press("Control+Enter")
    page.mouse.wheel(0, 2000)
    page.wait_for_function("scrollY > 100")
    before = _box(page.locator(".moment").last)
    _correct(page, -1)
    offer = page.locator("#offer")
    expect(offer.get_by_role("link", name="Replace it everywhere here")).to_be_visible()
    expect(page.locator("#saving")).to_be_empty()
    tools, below = _box(page.locator("#editing")), _box(offer)
    assert tools["y"] >= 0
    assert below["y"] == pytest.approx(tools["y"] + tools["height"], abs=2)
    assert _box(page.locator(".moment").last) == before

    page.keyboard.press("Shift+F")
    expect(page.get_by_role("dialog", name="Find and replace").get_by_label("Replace with")).to_have_value("Selenite")
    page.keyboard.press("Escape")
    offer.get_by_role("button", name="Close").click()
    expect(offer).to_be_hidden()
    assert _box(page.locator(".moment").last) == before


def test_tools_cover_all_that_passes_below_them_and_nothing_covers_them(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk(height=560)
    _edit(page, -1)
    page.keyboard.type("Well, ")
    expect(page.locator("#saving")).to_have_text("Not saved yet")
    tools, text = _box(page.locator(".tools")), _box(page.locator(".paragraph").last)
    assert tools["x"] <= text["x"]
    assert tools["x"] + tools["width"] >= text["x"] + text["width"]
    assert _box(page.locator("#saving"))["y"] >= tools["y"] + tools["height"]


def test_nothing_is_offered_of_what_is_replaced_everywhere(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    page.keyboard.press("r")
    page.get_by_label("Find", exact=True).fill("country")
    page.get_by_label("Replace with").fill("country & land")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Replace in 2 places").click()
    expect(page.locator("#messages p")).to_have_text("Replaced in 2 places.")
    expect(page.locator("#offer")).to_be_empty()
