"""Doubtful words, rules and the report on real jobs: by keyboard alone, by touch, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import DATA
from tests.e2e.server import Person, Server
from tests.e2e.steps import open_recording, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DOUBT = """
from transcripts.models import Segment
for row in Segment.objects.filter(job__owner__username={name!r}):
    for word in row.words:
        word[3] = 0.1 if word[2].strip(" .,").lower() in ("fellow", "country") else 0.99
    row.save()
"""
COVERED = """() => {
  const all = [...document.querySelectorAll("#doubt button, #messages button, mark[data-here]")];
  const covered = all.filter((each) => {
    const { left, top, width, height } = each.getBoundingClientRect();
    return !each.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  });
  return covered.map((each) => each.textContent.trim());
}"""


@pytest.fixture
def listener(server: Server) -> Person:
    """Return somebody with a recording in which “fellow” and twice “country” are doubtful."""
    person = server.add_person()
    server.give("jfk.mp3", person)
    server.run(DOUBT.format(name=person.name))
    return person


def _open(open_page: Callable[..., Page], person: Person, **options: object) -> Page:
    page = open_page(**options)
    sign_in(page, person)
    open_recording(page, "jfk")
    if options.get("javascript", True):
        expect(page.locator("[data-play]")).to_be_visible()  # The scripts are there.
    return page


def _count(page: Page) -> Locator:
    return page.locator("[data-doubt-total]")


def _here(page: Page) -> Locator:
    return page.locator("mark[data-here]")


def _playing(page: Page) -> Locator:
    return page.locator("[data-player][data-playing]")


def test_doubtful_words_are_heard_found_right_fixed_and_made_a_rule_by_keyboard(
    open_page: Callable[..., Page], server: Server, listener: Person
):
    page = _open(open_page, listener)
    _hear(page)
    _accept(page)
    _make_a_rule(page)
    _fix_everywhere(page)
    _look_at_the_report(page)

    server.transcribe(DATA / "jfk_8k.wav", listener, diarize=False)
    open_recording(page, "jfk_8k")
    expect(page.locator("#transcript")).to_contain_text("do for your nation")
    page.locator("#quality > summary").press("Enter")
    page.locator("#report").get_by_role("link", name=re.compile("segment")).press("Enter")
    expect(page.locator(".entry").first).to_contain_text("Replacement rules applied")
    expect(page.locator(".entry del").first).to_contain_text("country")


def _hear(page: Page) -> None:
    """Go to the first doubtful word, which says why it is one and is played."""
    expect(_count(page)).to_have_text("3")
    page.keyboard.press("d")
    expect(_here(page)).to_have_text("fellow")
    expect(page.locator("#doubt")).to_contain_text(
        re.compile(r"fellow\s+Perhaps wrong: \d+ %; it was hard to make out")
    )
    expect(page.locator("#announcement")).to_have_text(re.compile(r"^fellow\. Perhaps wrong.*1 of 3$"))
    expect(_playing(page)).to_have_count(1)
    expect(_playing(page)).to_have_count(0)
    assert page.evaluate("document.querySelector('[data-media]').currentTime") < 5


def _accept(page: Page) -> None:
    """Say that it is right, which leads to the next, stays so and can be undone."""
    page.keyboard.press("a")
    expect(_count(page)).to_have_text("2")
    expect(_here(page)).to_have_text(re.compile("country"))
    page.keyboard.press("Shift+D")
    page.keyboard.press("d")
    page.reload()
    expect(_count(page)).to_have_text("2")
    page.keyboard.press("Control+z")
    expect(_count(page)).to_have_text("3")
    page.keyboard.press("Control+Shift+z")
    expect(_count(page)).to_have_text("2")


def _fix_everywhere(page: Page) -> None:
    """Replace the other one, after which nothing more is offered."""
    page.keyboard.press("d")
    page.keyboard.press("g")
    expect(page.get_by_label("Find", exact=True)).to_have_value("country")
    expect(page.get_by_label("Replace with")).to_be_focused()
    page.keyboard.type("nation")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Found in 1 place.")).to_be_visible()
    page.get_by_role("button", name="Replace in 1 place").press("Enter")
    expect(page.locator("#transcript")).to_contain_text("ask what you can do for your nation")
    expect(page.locator("#doubtful")).to_have_count(0)
    expect(page.locator("#doubt")).to_be_hidden()
    expect(page.locator("#announcement")).to_be_empty()
    expect(page.locator("#offer")).to_be_empty()


def _make_a_rule(page: Page) -> None:
    """Fix the word, and have the same done from then on."""
    page.keyboard.press("d")
    page.keyboard.press("x")
    page.keyboard.type("nation")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#offer-rule")).to_be_visible()
    page.keyboard.press("Shift+G")
    expect(page.get_by_label("Recognised as")).to_have_value("country")
    expect(page.get_by_label("Write")).to_have_value("nation")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("#messages p")).to_have_text("“country” is replaced in what is transcribed from now on.")


def _look_at_the_report(page: Page) -> None:
    page.locator("#quality > summary").press("Enter")
    expect(page.locator("#report dd").first).to_contain_text(re.compile(r"^0 of \d+, 0.0 %"))
    expect(page.locator("#report")).to_contain_text("tiny.en, faster-whisper")


def test_fix_leaves_the_punctuation(open_page: Callable[..., Page], listener: Person):
    page = _open(open_page, listener)
    page.keyboard.press("Shift+D")
    expect(_here(page)).to_have_text("country.")
    expect(page.locator("#announcement")).to_have_text(re.compile(r"^country\. Perhaps wrong"))
    page.keyboard.press("x")
    page.keyboard.type("nation")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#offer p")).to_have_text("country → nation")
    expect(page.locator("#transcript")).to_contain_text("do for your nation.")
    expect(page.locator("#announcement")).to_be_empty()


def test_doubtful_words_by_touch_and_without_javascript(open_page: Callable[..., Page], listener: Person):
    page = _open(open_page, listener, width=360, height=740)
    page.locator("#doubtful").click()
    expect(_here(page)).to_have_text("fellow")
    page.get_by_role("button", name="Next doubtful word").click()
    page.get_by_role("button", name="Previous doubtful word").click()
    page.get_by_role("button", name="It is right").click()
    expect(_count(page)).to_have_text("2")
    page.get_by_role("toolbar", name="This word").get_by_role("button", name="Fix", exact=True).click()
    field = page.get_by_role("textbox", name="Text of this segment")
    expect(field).to_be_focused()
    selected = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert field.evaluate(selected).startswith("country")

    page = _open(open_page, listener, javascript=False)
    expect(page.locator("mark.doubt").first).to_have_attribute("title", re.compile("Perhaps wrong"))
    page.get_by_role("link", name=re.compile("^Edit the text at")).first.click()
    page.get_by_role("button", name=re.compile("right$")).click()
    expect(page.locator("#messages p")).to_have_text("The text is saved.")


@pytest.mark.parametrize(("width", "height"), [(360, 740), (768, 480), (1440, 480)])
def test_notices_and_the_card_cover_neither_each_other_nor_the_word(
    open_page: Callable[..., Page], listener: Person, width: int, height: int
):
    errors = ("Failed to load resource", "htmx:afterRequest", "htmx:sendError")
    page = _open(open_page, listener, width=width, height=height, expected_error=errors)
    page.keyboard.press("d")
    page.keyboard.press("a")
    expect(_count(page)).to_have_text("2")
    page.keyboard.press("Control+z")
    expect(page.locator("#messages p")).to_have_text("The change is undone.")
    for word in ("country.", "fellow", "country"):
        page.keyboard.press("d")
        expect(_here(page)).to_have_text(word)
        expect(page.locator("#messages").get_by_role("button", name="Redo")).to_be_visible()
        page.wait_for_function(f"() => ({COVERED})().length === 0")
    page.context.set_offline(True)
    page.keyboard.press("Control+z")
    expect(page.locator("#messages p")).to_contain_text("There is no connection to Selenite")
    page.keyboard.press("d")
    page.wait_for_function(f"() => ({COVERED})().length === 0")
    page.get_by_role("button", name="Close this notice").click()
    expect(page.locator("#messages p")).to_have_count(0)
    page.wait_for_function("() => !parseFloat(document.getElementById('doubt').style.getPropertyValue('--notice'))")
