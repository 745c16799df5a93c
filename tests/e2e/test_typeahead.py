"""Who types at once what the server has yet to make room for: nothing of it is lost, and none of it acts as a key of the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_editing import _begin, _field
from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SLOWLY = """() => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...all) { setTimeout(() => send.apply(this, all), 600); };
}"""
TYPED = "and so 1 was"
"""Letters and a digit that are keys of the page: some mark a word as right, write the note or lead away."""


@pytest.fixture
def page(open_talk: Callable[..., Page]) -> Page:  # noqa: F811
    """Return the page of a recording whose server takes more than half a second for each answer."""
    page = open_talk(expected_error=("Failed to load resource", "htmx:afterRequest", "htmx:sendError"))
    page.evaluate(SLOWLY)
    return page


def _untouched(page: Page) -> None:
    expect(page.locator("#note-text")).to_have_value("")
    assert "/recordings/" in page.url


def test_typed_right_after_a_split_stands_in_the_second_part(page: Page):
    text = _begin(page)
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type(f"{TYPED} ")
    expect(_field(page)).to_be_focused()
    expect(_field(page)).to_have_value(f"{TYPED} {text[3:].strip()}")
    _untouched(page)


def test_typed_right_after_a_join_stands_between_both(page: Page):
    text = _begin(page, 1)
    page.keyboard.press("Control+Home")
    page.keyboard.press("Backspace")
    page.keyboard.type(f" {TYPED}")
    expect(_field(page)).to_be_focused()
    assert f" {TYPED}" in _field(page).input_value()
    assert _field(page).input_value().endswith(text)
    _untouched(page)


@pytest.mark.parametrize("from_editor", [True, False])
def test_name_typed_at_once_is_the_speakers(page: Page, from_editor: bool):
    if from_editor:
        _begin(page, 1)
        page.keyboard.press("Alt+s")
    else:
        page.locator(".moment").nth(1).focus()
        page.keyboard.press("s")
    page.keyboard.type("Anna")
    page.keyboard.press("Enter")
    expect(page.locator("#messages p")).to_have_text("Anna says this now.")
    _untouched(page)


def test_what_is_looked_for_may_be_typed_at_once(page: Page):
    page.keyboard.press("r")
    page.keyboard.type(TYPED)
    expect(page.locator("#replace-find")).to_have_value(TYPED)
    _untouched(page)


def test_typed_where_nothing_opens_is_told(page: Page):
    text = _begin(page)
    page.context.set_offline(True)
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type(TYPED)
    expect(page.locator("#messages p")).to_contain_text(f"“{TYPED}” was typed before the place for it was there")
    _untouched(page)
    page.context.set_offline(False)
    expect(page.locator("#transcript [data-segment]").first).to_have_text(text[:3].strip())


def test_selected_words_stay_selected_after_the_menu_is_left(page: Page):
    page.locator(".moment").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    selected = page.evaluate("String(getSelection())")
    assert selected
    for _ in range(2):
        page.keyboard.press("s")
        expect(page.get_by_role("radio", name="Only the selected words")).to_be_checked()
        expect(page.locator("#assign-name")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#who")).to_be_hidden()
        # Not at once: a browser tells that a menu is closed a moment after it is.
        page.wait_for_function("(words) => String(getSelection()) === words", arg=selected)
