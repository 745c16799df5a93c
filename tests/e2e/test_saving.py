"""What comes of a correction on the recording page: the same elsewhere, two texts of one place, and a session that ends."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from tests.e2e.server import Person
from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FAILURES = ("Failed to load resource", "htmx:afterRequest", "htmx:sendError", "401")


def _field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of this segment")


def _edit(page: Page, place: int = 0) -> str:
    """Begin to edit a segment by keyboard and return its text."""
    is_on = page.locator("#transcript[data-editing]").count()
    page.locator(".moment").nth(place).focus()
    page.keyboard.press("Enter" if is_on else "e")
    expect(_field(page)).to_be_focused()
    return _field(page).input_value()


def _write_before(page: Page, words: str, place: int = 0) -> str:
    """Write words before a segment, leave it, and return what it was."""
    text = _edit(page, place)
    page.keyboard.press("Control+Home")
    page.keyboard.type(words)
    page.keyboard.press("Control+Enter")
    return text


def _correct(page: Page, place: int) -> None:
    """Write another word for the last one of a segment and leave it."""
    text = _edit(page, place)
    _field(page).fill(re.sub(r"\w+(\W*)$", r"Selenite\1", text))
    page.keyboard.press("Control+Enter")


def _is_saved(page: Page) -> None:
    expect(page.locator("#saving[data-unsaved]")).to_have_count(0)


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
    page.wait_for_function("() => scrollY > 100")
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


def test_keys_of_the_offer_are_listed_before_there_is_one(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    page.keyboard.press("?")
    for words in ("After a correction: the same everywhere here", "After a correction: make a rule of it"):
        expect(page.locator("#keys dd").filter(has_text=words)).to_be_visible()


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
    page.get_by_label("Replace with").fill("village")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Replace in 2 places").click()
    expect(page.locator("#messages p")).to_have_text("Replaced in 2 places.")
    expect(page.locator("#offer")).to_be_empty()


@pytest.mark.parametrize(
    ("key", "question", "field"),
    [("r", "Find and replace", "Find"), ("s", "Who speaks here?", "Find, or name somebody new")],
)
def test_what_is_asked_stays_when_a_text_is_saved(
    open_talk: Callable[..., Page],  # noqa: F811
    key: str,
    question: str,
    field: str,
):
    page = open_talk()
    held: list[Route] = []
    page.route("**/segments/*/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright writes on it.
    text = _write_before(page, "Well, ")
    page.keyboard.press(key)
    typed = page.get_by_role("dialog", name=question).get_by_label(field, exact=True)
    expect(typed).to_be_focused()
    page.keyboard.type("coun")
    held[0].continue_()
    _is_saved(page)
    page.keyboard.type("try")
    expect(typed).to_have_value("country")
    page.keyboard.press("Escape")
    expect(page.locator("[data-segment]").first).to_have_text(f"Well, {text}")


def test_choice_between_two_texts_waits_for_what_is_asked(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk(expected_error=FAILURES)
    other = page.context.new_page()
    other.goto(page.url)
    text = _write_before(other, "Theirs ")
    _is_saved(other)
    held: list[Route] = []
    page.route("**/segments/*/", lambda route: held.append(route), times=1)  # noqa: PLW0108 - Playwright writes on it.
    _write_before(page, "Mine ")
    page.keyboard.press("r")
    typed = page.get_by_role("dialog", name="Find and replace").get_by_label("Find", exact=True)
    expect(typed).to_be_focused()
    page.keyboard.type("coun")
    held[0].continue_()
    choose = page.locator("#saving").get_by_text("Choose")
    expect(choose).to_be_visible()
    page.keyboard.type("try")
    expect(typed).to_have_value("country")
    page.keyboard.press("Escape")
    choose.press("Enter")
    dialog = page.get_by_role("dialog", name="Changed meanwhile")
    expect(dialog.locator("dd")).to_have_text([f"Mine {text}", f"Theirs {text}"])


def test_text_that_is_saved_while_a_question_comes_leaves_it_whole(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    page.evaluate("""() => document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
      if (detail.target.id === "dialog") htmx.trigger("#outbox", "action-done");
    })""")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Find and replace").get_by_label("Find", exact=True)).to_be_focused()


def test_question_that_is_put_away_while_its_answer_comes_is_not_shown_empty(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    page.keyboard.press("r")
    page.get_by_label("Find", exact=True).fill("country")
    page.evaluate("""() => document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
      if (detail.target.id === "dialog") detail.target.querySelector("[data-close]").click();
    })""")
    with page.expect_event("console", lambda message: message.text == "settled"):
        page.evaluate(
            "document.body.addEventListener('htmx:afterSettle', () => setTimeout(console.info, 0, 'settled'))"
        )
        page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()


@pytest.fixture
def contested(open_talk: Callable[..., Page]) -> tuple[Page, str]:  # noqa: F811
    """Return a page whose person wrote in a segment that was changed meanwhile, and what that was before."""
    page = open_talk(expected_error=FAILURES)
    other = page.context.new_page()
    other.goto(page.url)
    text = _write_before(other, "Theirs ")
    _is_saved(other)
    _write_before(page, "Mine ")
    expect(page.get_by_role("dialog", name="Changed meanwhile")).to_be_visible()
    return page, text


def test_both_texts_can_be_made_into_one(contested: tuple[Page, str]):
    page, text = contested
    dialog = page.get_by_role("dialog", name="Changed meanwhile")
    dialog.locator("summary", has_text="Edit").press("Enter")
    both = dialog.get_by_label("Both texts")
    expect(both).to_have_value(f"Theirs Mine {text}")
    both.fill(f"Theirs and Mine {text}")
    both.press("Control+Enter")
    expect(dialog).to_be_hidden()
    _is_saved(page)
    page.reload()
    expect(page.locator("[data-segment]").first).to_have_text(f"Theirs and Mine {text}")


def test_choice_that_was_put_off_is_offered_again(contested: tuple[Page, str]):
    page, text = contested
    dialog = page.get_by_role("dialog", name="Changed meanwhile")
    page.keyboard.press("Escape")
    expect(_field(page)).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" indeed")
    expect(page.locator("#saving")).to_have_text("Not saved yet: this was changed meanwhile. Choose")
    page.wait_for_timeout(1500)
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Choose").press("Enter")
    expect(dialog.locator("dd")).to_have_text([f"Mine {text} indeed", f"Theirs {text}"])
    dialog.get_by_role("button", name="Use mine").click()
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_have_text(f"Mine {text} indeed")


@pytest.mark.parametrize("cookie", ["sessionid", None])
def test_who_is_signed_out_is_told_once_that_all_is_kept(
    open_talk: Callable[..., Page],  # noqa: F811
    talker: Person,  # noqa: F811
    cookie: str | None,
):
    page = open_talk(expected_error=FAILURES)
    text = _edit(page)
    page.context.clear_cookies(**({"name": cookie} if cookie else {}))
    page.keyboard.press("Control+Home")
    page.keyboard.type("Kept ")
    page.keyboard.press("Control+Enter")
    told = "You are signed out. What you typed is kept here and is saved once you have signed in again. Sign in"
    expect(page.locator("#saving")).to_have_text(re.compile(f"^{re.escape(told)}"))
    expect(page.locator("#messages p")).to_have_count(0)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    opened.value.get_by_label("Username").fill(talker.name)
    opened.value.get_by_label("Password").fill(talker.password)
    opened.value.get_by_role("button", name="Sign in").click()
    expect(opened.value.get_by_role("heading", name="Recordings")).to_be_visible()
    opened.value.close()
    _is_saved(page)
    page.reload()
    expect(page.locator("[data-segment]").first).to_have_text(f"Kept {text}")
