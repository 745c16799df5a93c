"""The mouse on the text while a segment is edited. Its editor ends where it is pressed elsewhere, and with it the text moves."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import open_recording, sign_in
from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PLACE = """([segment, word]) => {
  const all = [...document.querySelectorAll("#transcript [data-segment]:not([hidden])")];
  const passage = segment < 0 ? all.at(segment) : all[segment];
  const walker = document.createTreeWalker(passage, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(word);
    if (at < 0) continue;
    const range = new Range();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + word.length);
    const { left, width, top, height } = range.getClientRects()[0];
    const place = [left + width / 2, top + height / 2];
    return [...place, passage.contains(document.elementFromPoint(...place))];
  }
}"""
LONGER = """
from transcripts.models import Job, Recording
job = Job.objects.get(owner__username={name!r})
last, speakers = job.segments.order_by("start").last(), list(job.speakers.order_by("pk"))
for number in range(1, 30):
    last.pk, last.piece, last.speaker = None, last.piece + 1, speakers[number % len(speakers)]
    last.words = [[word[0] + 10, word[1] + 10, *word[2:]] for word in last.words]
    last.start, last.end = last.start + 10, last.end + 10
    last.save()
Recording.objects.filter(pk=job.recording_id).update(duration_seconds=320)
"""


@pytest.fixture
def page(open_talk: Callable[..., Page]) -> Page:  # noqa: F811
    """Return the page of a recording of eleven seconds, in four paragraphs, on which a click in the text edits it."""
    page = open_talk()
    page.get_by_role("button", name="Edit text").click()
    return page


@pytest.fixture
def open_longer(open_page: Callable[..., Page], talker: Person, server: Server) -> Callable[..., Page]:  # noqa: F811
    """Return a function that opens the page of a recording of five minutes, on which a click in the text edits it."""

    def open_one(**options: int) -> Page:
        server.run(LONGER.format(name=talker.name))
        page = open_page(**options)
        sign_in(page, talker)
        open_recording(page, "jfk")
        page.get_by_role("button", name="Edit text").click()
        return page

    return open_one


def _field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of this segment")


def _place(page: Page, segment: int, word: str) -> tuple[float, float]:
    """Return where a word of a segment that is not edited lies."""
    x, y, is_seen = page.evaluate(PLACE, [segment, word])
    assert is_seen
    return x, y


def _centre(found: Locator) -> tuple[float, float]:
    box = found.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _press(page: Page, place: tuple[float, float], *, hold: int = 80) -> None:
    """Press the mouse at a place for some milliseconds, whatever comes to lie there meanwhile."""
    page.mouse.move(*place)
    page.mouse.down()
    page.wait_for_timeout(hold)
    page.mouse.up()


def _edit(page: Page, segment: int, word: str) -> None:
    """Open a segment that lies below none that is edited."""
    _press(page, _place(page, segment, word))
    expect(_field(page)).to_be_focused()


def _is_edited_at(page: Page, text: str, word: str) -> None:
    """Check that the segment with this text is edited, with the caret in a word."""
    expect(_field(page)).to_have_value(text)
    expect(_field(page)).to_be_focused()
    expect(page.locator("[data-editor]")).to_have_count(1)
    start = text.index(word)
    assert start < _field(page).evaluate("field => field.selectionStart") < start + len(word)


def _is_saved(page: Page) -> None:
    expect(page.locator("#saving[data-unsaved]")).to_have_count(0)


@pytest.mark.parametrize("hold", [0, 80, 150])
def test_click_on_a_word_below_leads_there(page: Page, hold: int):
    texts = page.locator("[data-segment]").all_inner_texts()
    _edit(page, 0, "fellow")
    page.keyboard.type("dear ")
    _press(page, _place(page, 1, "country"), hold=hold)
    _is_edited_at(page, texts[2], "country")
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_contain_text("dear")
    _press(page, _place(page, 0, "Americans"), hold=hold)
    expect(_field(page)).to_have_value(page.locator("[data-segment]").first.text_content() or "")
    expect(_field(page)).to_be_focused()


@pytest.mark.parametrize("pause", [0, 1500])
def test_click_on_a_segment_of_the_same_paragraph_leads_there(
    open_page: Callable[..., Page], person: Person, server: Server, pause: int
):
    server.give("jfk.mp3", person)
    page = open_page()
    sign_in(page, person)
    open_recording(page, "jfk")
    last = page.locator("[data-segment]").last.inner_text()
    page.get_by_role("button", name="Edit text").click()
    _edit(page, 0, "fellow")
    page.keyboard.type("dear ")
    if pause:
        expect(page.locator("#saving")).to_have_text("Saved")  # Its paragraph waits to take its new state.
    _press(page, _place(page, 0, "country"))
    _is_edited_at(page, last, "country")
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_contain_text("dear")


@pytest.mark.parametrize("text", ["", "What was missed."])
def test_one_click_leads_from_what_is_added_to_a_segment_below(open_longer: Callable[..., Page], text: str):
    page = open_longer()
    _edit(page, 4, "can")
    page.keyboard.press("Alt+a")
    added = page.get_by_role("textbox", name="Text that is added after this segment")
    expect(added).to_be_focused()
    page.keyboard.type(text)
    below = page.locator("[data-segment]").nth(5).inner_text()
    _press(page, _place(page, 5, "your"))
    _is_edited_at(page, below, "your")
    expect(added).to_be_hidden()
    if text:
        expect(page.locator("#transcript")).to_contain_text(text)
        _is_saved(page)
        _is_edited_at(page, below, "your")


@pytest.mark.parametrize("width", [360, 1440])
def test_clicked_word_stays_under_the_pointer_on_a_scrolled_page(open_longer: Callable[..., Page], width: int):
    page = open_longer(width=width)
    page.locator(".paragraph").nth(12).evaluate("paragraph => paragraph.scrollIntoView({ block: 'start' })")
    page.mouse.wheel(0, -200)
    page.wait_for_function("() => document.querySelectorAll('.paragraph')[12].getBoundingClientRect().top > 150")
    text = page.locator("[data-segment]").nth(13).inner_text()
    _edit(page, 12, "can")
    place = _place(page, 12, "your")
    _press(page, place)
    _is_edited_at(page, text, "your")
    field = _field(page).bounding_box()
    assert field
    assert field["y"] <= place[1] <= field["y"] + field["height"]


def test_double_click_never_splits(page: Page):
    texts = page.locator("[data-segment]").all_inner_texts()
    for segment, word in ((0, "fellow"), (1, "country"), (2, "country"), (0, "Americans"), (1, "can")):
        place = _place(page, segment, word)
        page.mouse.dblclick(*place)
        expect(_field(page)).to_be_focused()
        assert word in _field(page).input_value()
    page.keyboard.press("Control+Enter")
    _is_saved(page)
    expect(page.locator("[data-segment]")).to_have_text(texts)


def test_two_clicks_in_a_row_press_no_tool(page: Page):
    texts = page.locator("[data-segment]").all_inner_texts()
    _edit(page, 0, "fellow")
    x, y = _place(page, 1, "what")
    for _ in range(2):
        page.mouse.click(x, y)
    _is_edited_at(page, texts[2], "what")
    expect(page.locator("[data-segment]")).to_have_text(texts)
    page.wait_for_timeout(800)  # Who then presses a tool means it.
    page.get_by_role("button", name="Times").click()
    expect(page.get_by_label("From", exact=True)).to_be_focused()


def test_pencil_name_and_time_below_do_what_they_do(page: Page):
    texts = page.locator("[data-segment]").all_inner_texts()
    _edit(page, 0, "fellow")
    page.locator(".paragraph").nth(2).hover()
    _press(page, _centre(page.locator(".paragraph").nth(2).locator("[data-edit]")))
    expect(_field(page)).to_have_value(texts[2])
    expect(_field(page)).to_be_focused()

    _press(page, _centre(page.locator(".paragraph").nth(3).locator("[data-voice]")))
    menu = page.get_by_role("dialog", name="Who speaks")
    expect(menu).to_be_visible()
    expect(page.locator("[data-editor]")).to_have_count(0)
    name, box = page.locator(".paragraph").nth(3).locator("[data-voice]").bounding_box(), menu.bounding_box()
    assert name
    assert box
    assert min(abs(box["y"] - name["y"] - name["height"]), abs(name["y"] - box["y"] - box["height"])) < 20
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()

    _edit(page, 0, "fellow")
    _press(page, _centre(page.locator(".paragraph").nth(2).locator(".moment")))
    expect(page.locator("[data-editor]")).to_have_count(0)
    expect(page.locator("[data-player][data-playing]")).to_have_count(1)
    assert page.evaluate("document.querySelector('[data-media]').currentTime") > 4


def test_click_on_the_empty_page_and_tab_end_the_editor(page: Page):
    _edit(page, 0, "fellow")
    page.keyboard.type("dear ")
    box = page.locator("#transcript").bounding_box()
    assert box
    _press(page, (box["x"] + 30, box["y"] + box["height"] + 60))
    expect(page.locator("[data-editor]")).to_have_count(0)
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_contain_text("dear")
    _edit(page, 0, "dear")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("[data-editor]")).to_have_count(0)


def test_words_below_are_selected_by_dragging(page: Page):
    _edit(page, 0, "fellow")
    start, end = _place(page, 1, "your"), _place(page, 1, "do")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    expect(page.locator("[data-editor]")).to_have_count(0)
    expect(page.get_by_role("button", name="Who speaks here?")).to_be_visible()
    assert "country can" in page.evaluate("String(getSelection())")


def test_tap_on_a_word_below_leads_there(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk(width=360, height=1000, has_touch=True)
    texts = page.locator("[data-segment]").all_inner_texts()
    page.get_by_role("button", name="Edit text").tap()
    page.touchscreen.tap(*_place(page, 0, "fellow"))
    expect(_field(page)).to_be_focused()
    page.touchscreen.tap(*_place(page, 1, "country"))
    _is_edited_at(page, texts[2], "country")


def _slow(page: Page) -> None:
    """Have each answer take half a second."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", conditions)


def test_click_in_what_is_just_split_waits_for_it(page: Page):
    _edit(page, 0, "fellow")
    _slow(page)
    page.keyboard.press("Home")
    text = _field(page).input_value()
    word = text.split()[1]
    for _ in range(text.index(word)):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    _press(page, _place(page, 0, "Americans"), hold=0)
    page.keyboard.type("x")
    expect(_field(page)).to_have_value(re.compile("A[merican]*x[merican]*s"))
    _is_saved(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-segment]").first).to_have_text(text.split()[0])


@pytest.mark.parametrize("word", ["fellow", "not"])
def test_click_in_what_is_just_joined_waits_for_it(page: Page, word: str):
    before = [page.locator("[data-segment]").nth(place).inner_text() for place in (0, 1)]
    _edit(page, 1, before[1].split()[0])
    _slow(page)
    page.keyboard.press("Control+Home")
    page.keyboard.press("Backspace")
    target = 0 if word in before[0] else 1
    _press(page, _place(page, target, word), hold=0)
    page.keyboard.type("x")
    expect(_field(page)).to_have_value(re.compile("x"))
    _is_saved(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    joined = _field(page).input_value()
    assert joined.replace("x", "", 1) == " ".join(before)


def test_times_that_open_are_clear_of_the_player(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk(width=360, height=740)
    page.get_by_role("button", name="Edit text").click()
    last = page.locator("[data-segment]").last
    last.evaluate("passage => passage.closest('.paragraph').scrollIntoView({ block: 'end' })")
    _edit(page, -1, last.inner_text().split()[0])
    page.get_by_role("button", name="Times", exact=True).click()
    expect(page.get_by_role("button", name="Set times")).to_be_visible()
    page.wait_for_function(
        """() => {
          const button = document.querySelector("[data-set-times]");
          const { left, bottom } = button.getBoundingClientRect();
          return button.contains(document.elementFromPoint(left + 8, bottom - 3));
        }"""
    )
