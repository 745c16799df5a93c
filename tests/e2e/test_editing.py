"""Correcting the text on the recording page: by keyboard, over a dropped connection, in two tabs, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import open_recording, sign_in
from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DELETE = """
from transcripts.models import Recording
from transcripts.services.delete import delete_recording
delete_recording(Recording.objects.get(owner__username={name!r}))
"""
NO_TIME = """
from transcripts.models import Job, Recording
[job] = Job.objects.filter(owner__username={name!r}, kind="whole")
first, second, *_, last = job.segments.all()
job.segments.filter(pk=first.pk).update(end=second.start)
Recording.objects.filter(pk=job.recording_id).update(duration_seconds=last.end)
"""
"""Leave no time after the first and the last segment."""
GAP = """
from transcripts.models import Job
[job] = Job.objects.filter(owner__username={name!r}, kind="whole")
first, second, *_ = job.segments.all()
job.segments.filter(pk=second.pk).update(gap="It stopped the engine.", text="", words=[], start=first.end)
"""
"""Have what follows the first segment be a stretch that could not be transcribed."""


@pytest.fixture
def page(open_talk: Callable[..., Page]) -> Page:  # noqa: F811
    """Return the page of a recording of eleven seconds, in four turns of three speakers."""
    return open_talk(expected_error=("Failed to load resource", "htmx:afterRequest", "htmx:sendError"))


def _passages(page: Page) -> list[str]:
    return page.locator("#transcript [data-segment]:visible").all_inner_texts()


def _field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text of this segment")


def _begin(page: Page, place: int = 0) -> str:
    """Begin to edit a segment by keyboard and return its text."""
    is_on = page.locator("#transcript[data-editing]").count()
    page.locator(".moment").nth(place).focus()
    page.keyboard.press("Enter" if is_on else "e")
    expect(_field(page)).to_be_focused()
    return _field(page).input_value()


def _write_before(page: Page, place: int, words: str) -> str:
    """Write words before a segment, leave it, and return what it was."""
    text = _begin(page, place)
    page.keyboard.press("Control+Home")
    page.keyboard.type(words)
    page.keyboard.press("Control+Enter")
    return text


def _unsaved_key(page: Page) -> str:
    return f"selenite.unsaved.{page.locator('#editing').get_attribute('data-job')}"


def _unsaved(page: Page) -> list[object]:
    return page.evaluate("job => JSON.parse(sessionStorage.getItem(job)) ?? []", _unsaved_key(page))


def _is_saved(page: Page) -> None:
    expect(page.locator("#saving[data-unsaved]")).to_have_count(0)


def test_text_is_corrected_by_keyboard_and_stays(page: Page):
    text = _begin(page)
    page.keyboard.press("Control+Home")
    page.keyboard.type("Well, ")
    page.keyboard.press("Control+Enter")
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_have_text(f"Well, {text}")
    expect(page.locator(".moment").first).to_be_focused()
    expect(page.locator("[data-changed]").first).to_be_visible()
    page.reload()
    expect(page.locator("[data-segment]").first).to_have_text(f"Well, {text}")


@pytest.mark.parametrize("key", ["h", "1"])
def test_back_leads_to_the_text_as_it_is_now(page: Page, key: str):
    text = _write_before(page, 0, "Well, ")
    _is_saved(page)
    page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_have_text("History" if key == "h" else "Recordings")
    page.go_back()
    expect(page.locator("[data-segment]").first).to_have_text(f"Well, {text}")
    expect(page.locator(".moment").first).to_be_focused()
    _write_before(page, 0, "So: ")
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_have_text(f"So: Well, {text}")


def test_what_a_correction_does_not_change_stays_in_the_page(page: Page):
    page.evaluate("document.getElementById('panel-fold').markedByTest = true")
    known = page.locator("#known").input_value()
    _write_before(page, 1, "Well, ")
    _is_saved(page)
    expect(page.locator("#known")).not_to_have_value(known)
    assert page.evaluate("document.getElementById('panel-fold').markedByTest")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-segment]").nth(1)).not_to_contain_text("Well, ")
    assert page.evaluate("document.getElementById('panel-fold').markedByTest")


def test_typing_is_saved_when_it_pauses(page: Page):
    _begin(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" indeed")
    expect(page.locator("#saving")).to_have_text("Not saved yet")
    expect(page.locator("#saving")).to_have_text("Saved")
    expect(_field(page)).to_be_focused()
    page.keyboard.type(" so")
    page.keyboard.press("Control+Enter")
    _is_saved(page)
    expect(page.locator("[data-segment]").first).to_have_text(re.compile("indeed so$"))


def test_escape_leaves_the_text_as_it_was(page: Page):
    before = _passages(page)
    _begin(page)
    page.keyboard.type("Nothing of this")
    page.keyboard.press("Escape")
    expect(page.locator(".moment").first).to_be_focused()
    _is_saved(page)
    assert _passages(page) == before


def test_split_and_join_by_keyboard(page: Page):
    before = _passages(page)
    _begin(page)
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#transcript [data-segment]")).to_have_count(len(before) + 1)
    expect(_field(page)).to_be_focused()
    page.keyboard.press("Backspace")
    expect(page.locator("#transcript [data-segment]")).to_have_count(len(before))
    expect(_field(page)).to_have_value(before[0])
    page.keyboard.press("Control+Enter")
    assert _passages(page) == before


def test_wrong_times_stay_beside_what_is_wrong_with_them(page: Page):
    text = _begin(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" indeed")
    page.get_by_role("button", name="Times").press("Enter")
    start = page.get_by_label("From", exact=True)
    start.fill("9:59")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="A segment ends after it starts.")).to_be_visible()
    expect(start).to_be_focused()
    expect(start).to_have_value("9:59")
    expect(_field(page)).to_have_value(f"{text} indeed")
    expect(page.locator("#messages p")).to_have_count(0)
    start.fill("0:00.20")
    page.get_by_label("to", exact=True).fill("0:00.50")
    page.keyboard.press("Enter")
    expect(page.locator("[data-segment]").first).to_have_attribute("data-end", "0.50")
    expect(_field(page)).to_be_focused()
    expect(page.locator("[data-editor]")).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-segment]").first).to_have_text(f"{text} indeed")


def test_whoever_goes_on_after_wrong_times_stays_there(page: Page):
    texts = _passages(page)
    _begin(page)
    page.keyboard.press("Alt+c")
    page.get_by_label("From", exact=True).fill("9:59")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="A segment ends after it starts.")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+End")
    page.keyboard.type(" indeed")
    page.get_by_label("From", exact=True).focus()
    page.keyboard.press("Alt+ArrowDown")
    _is_saved(page)
    expect(page.locator("[data-changed]").first).to_be_visible()
    expect(_field(page)).to_have_value(texts[1])
    page.keyboard.press("Alt+c")
    page.get_by_label("From", exact=True).fill("9:59")
    page.evaluate("""() => {
      document.querySelector("[data-set-times]").click();
      [...document.querySelectorAll("#transcript [data-segment]")].at(-1).click();
    }""")
    expect(page.locator("#messages p")).to_have_text("A segment ends after it starts. Nothing was changed.")
    expect(_field(page)).to_have_value(texts[-1])
    expect(_field(page)).to_be_focused()


def test_history_is_reached_from_the_segment_that_is_edited(page: Page):
    address = page.url
    for leave in (lambda: page.keyboard.press("Alt+o"), lambda: _link_to_history(page).click()):
        page.goto(address)
        _begin(page)
        leave()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Edit the text at"))
    for _ in range(2):  # From another page, and from the same one.
        page.get_by_label("From", exact=True).fill("9:59")
        page.get_by_role("button", name="Set times").click()
        expect(page.get_by_text("A segment ends after it starts.")).to_be_visible()
        expect(page.get_by_label("From", exact=True)).to_be_focused()


AS_ON_A_MAC = "Object.defineProperty(Navigator.prototype, 'platform', { get: () => 'MacIntel' });"
PRESS = """([key, code, held]) => {
  const how = Object.fromEntries(held.map((name) => [`${name}Key`, true]));
  const event = new KeyboardEvent("keydown", { key, code, ...how, bubbles: true, cancelable: true });
  return !document.activeElement.dispatchEvent(event);
}"""


def _press(page: Page, key: str, code: str, *held: str) -> bool:
    """Press a key as another keyboard does, and tell whether the page takes it."""
    return page.evaluate(PRESS, [key, code, held])


def test_letters_of_every_keyboard_are_written(page: Page):
    _begin(page)
    for key, code in (("ź", "KeyX"), ("ą", "KeyA"), ("ć", "KeyC"), ("ó", "KeyO"), ("ł", "KeyL"), ("≈", "KeyX")):
        assert not _press(page, key, code, "alt")
        assert not _press(page, key, code, "ctrl", "alt")  # AltGr
    assert not _press(page, "x", "KeyX", "ctrl", "alt")
    assert _press(page, "л", "KeyK", "alt")
    expect(page.locator("[data-player][data-playing]")).to_have_count(1)
    assert _press(page, "K", "KeyK", "alt")
    expect(page.locator("[data-player][data-playing]")).to_have_count(0)
    page.keyboard.press("Escape")
    assert _press(page, "л", "KeyK")
    expect(page.locator("[data-player][data-playing]")).to_have_count(1)
    assert _press(page, "κ", "KeyK")
    expect(page.locator("[data-player][data-playing]")).to_have_count(0)
    assert _press(page, "С", "KeyC", "shift") is False
    assert not _press(page, "&", "Digit1")
    assert _press(page, "Ы", "KeyS", "shift")
    expect(page.locator("#panel-summary")).to_be_focused()
    assert _press(page, "S", "KeyS", "shift")
    expect(page.locator("#panel-fold")).to_have_attribute("open", "")


def test_option_alone_writes_on_a_mac(page: Page):
    page.context.add_init_script(AS_ON_A_MAC)
    page.reload()
    page.wait_for_load_state()
    page.keyboard.press("?")
    keys = page.locator("#keys dt")
    expect(keys.filter(has_text="Option x")).to_have_text("Ctrl Option x")
    expect(keys.filter(has_text="Space or Ctrl")).to_have_text("Ctrl Space or Ctrl Option k")
    expect(keys.filter(has_text="Enter").filter(has_text="⌘").first).to_have_text("⌘ Enter")
    page.keyboard.press("Escape")
    _begin(page)
    expect(page.locator("[data-editor] [data-add]")).to_have_attribute("title", re.compile(r"\(Ctrl\+Option\+A\)$"))
    for key, code in (("π", "KeyP"), ("x", "KeyX"), ("ź", "KeyX"), ("ArrowDown", "ArrowDown")):
        assert not _press(page, key, code, "alt")
    assert _press(page, "≈", "KeyK", "ctrl", "alt")
    expect(page.locator("[data-player][data-playing]")).to_have_count(1)


def _link_to_history(page: Page) -> Locator:
    return page.locator("[data-editor]").get_by_role("link", name="History")


def test_undo_and_redo_by_keyboard(page: Page):
    text = _begin(page)
    page.keyboard.press("Control+Home")
    page.keyboard.type("One ")
    page.keyboard.press("Control+Enter")
    _is_saved(page)
    page.keyboard.press("Control+z")
    expect(page.locator("#messages p")).to_have_text("The change is undone.")
    expect(page.locator("[data-segment]").first).to_have_text(text)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#messages p")).to_have_text("The change is done again.")
    expect(page.locator("[data-segment]").first).to_have_text(f"One {text}")
    expect(page.locator(":focus")).to_have_count(1)


def test_undo_key_reaches_the_text_from_a_field_where_nothing_was_typed(page: Page):
    before = _passages(page)
    _begin(page, 1)
    page.keyboard.press("Alt+x")
    expect(page.locator("#transcript [data-segment]")).to_have_count(len(before) - 1)
    expect(_field(page)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(_field(page)).to_have_count(0)
    expect(page.locator("#transcript [data-segment]")).to_have_text(before)
    expect(page.locator(".moment:focus")).to_have_count(1)

    _begin(page, -1)
    page.keyboard.press("Alt+a")
    expect(page.get_by_role("textbox", name="Text that is added after this segment")).to_be_focused()
    page.keyboard.type("Thank you")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#transcript [data-segment]")).to_have_count(len(before) + 1)
    expect(_field(page)).to_have_value("Thank you")
    page.keyboard.press("Control+z")
    expect(page.locator("#transcript [data-segment]")).to_have_text(before)
    _begin(page, 0)
    page.keyboard.press("Control+y")
    expect(page.locator("#transcript [data-segment]")).to_have_count(len(before) + 1)
    page.keyboard.press("Control+z")
    expect(page.locator("#transcript [data-segment]")).to_have_text(before)


def test_undo_key_waits_for_what_it_takes_back(page: Page):
    before = _passages(page)
    _write_before(page, 0, "One ")
    _is_saved(page)
    page.route("**/delete", lambda route: (page.wait_for_timeout(1000), route.continue_()))
    _begin(page, 1)
    page.keyboard.press("Alt+x")
    page.keyboard.press("Control+z")
    expect(page.locator("#messages p")).to_have_text("The change is undone.")
    expect(page.locator("#transcript [data-segment]")).to_have_text([f"One {before[0]}", *before[1:]])
    expect(_field(page)).to_have_count(0)


def test_undo_key_stays_in_a_field_where_something_was_typed(page: Page):
    text = _begin(page)
    page.keyboard.press("Control+Home")
    page.keyboard.type("One ")
    _is_saved(page)
    page.keyboard.press("Control+z")
    expect(_field(page)).to_have_value(text)
    expect(_field(page)).to_be_focused()


def test_click_edits_while_the_text_is_edited(page: Page):
    page.get_by_role("button", name="Edit text").click()
    page.locator("[data-segment]").first.click(position={"x": 40, "y": 8})
    expect(_field(page)).to_be_focused()
    assert _field(page).evaluate("field => field.selectionStart") > 0
    page.keyboard.press("Alt+k")
    expect(page.locator("[data-player][data-playing]")).to_have_count(1)
    page.keyboard.press("Control+ ")
    expect(page.locator("[data-player][data-playing]")).to_have_count(0)
    expect(_field(page)).to_be_focused()


def test_what_could_not_be_sent_is_kept_and_sent_again(page: Page):
    text = _begin(page)
    page.context.set_offline(True)
    page.keyboard.press("Control+Home")
    page.keyboard.type("Off ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#saving")).to_have_text(re.compile("^Not saved yet: there is no connection"))
    expect(page.locator("[data-segment]").first).to_have_text(f"Off {text}")
    page.context.set_offline(False)
    _is_saved(page)
    page.reload()
    expect(page.locator("[data-segment]").first).to_have_text(f"Off {text}")


def test_what_could_not_be_added_comes_back(page: Page):
    count = len(_passages(page))
    _begin(page, -1)
    page.keyboard.press("Alt+a")
    added = page.get_by_role("textbox", name="Text that is added after this segment")
    expect(added).to_be_focused()
    page.context.set_offline(True)
    page.keyboard.type("Thank you")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no connection to Selenite, so this was not done.")).to_be_visible()
    expect(added).to_have_value("Thank you")
    expect(added).to_be_focused()
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(added).to_have_count(0)
    expect(page.locator("#transcript [data-segment]")).to_have_count(count + 1)


@pytest.mark.parametrize("by", ["key", "button"])
def test_add_says_at_once_where_there_is_no_time(page: Page, server: Server, talker: Person, by: str):  # noqa: F811
    server.run(NO_TIME.format(name=talker.name))
    page.reload()
    for place, sentence in ((0, "There is no time between these two segments."), (-1, "The recording ends here.")):
        text = _begin(page, place)
        if by == "key":
            page.keyboard.press("Alt+a")
        else:
            page.locator("[data-editor] [data-add]").click()
        expect(page.get_by_role("alert").filter(has_text=f"{sentence} Write what is missing into")).to_be_visible()
        expect(page.get_by_role("textbox", name="Text that is added after this segment")).to_have_count(0)
        expect(_field(page)).to_be_focused()
        page.keyboard.type("Oh, ")
        expect(page.get_by_text(sentence)).to_have_count(0)
        expect(_field(page)).to_have_value(re.compile(re.escape(text)))
        page.keyboard.press("Escape")


def test_add_finds_the_time_before_what_could_not_be_transcribed(page: Page, server: Server, talker: Person):  # noqa: F811
    server.run(GAP.format(name=talker.name))
    page.reload()
    expect(page.locator(".gap")).to_have_count(1)
    _begin(page, 0)
    page.keyboard.press("Alt+a")
    expect(page.get_by_text("There is no time between these two segments.")).to_be_visible()


def test_second_tab_loses_nothing(page: Page):
    other = page.context.new_page()
    other.goto(page.url)
    text = _begin(page)
    page.keyboard.press("Control+Home")
    page.keyboard.type("First ")
    page.keyboard.press("Control+Enter")
    _is_saved(page)
    _begin(other)
    other.keyboard.press("Control+Home")
    other.keyboard.type("Second ")
    other.keyboard.press("Control+Enter")
    dialog = other.get_by_role("dialog", name="Changed meanwhile")
    expect(dialog.locator("dd")).to_have_text([f"Second {text}", f"First {text}"])
    other.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    field = other.get_by_role("textbox", name="Text of this segment")
    expect(field).to_be_focused()
    expect(field).to_have_value(f"Second {text}")
    other.keyboard.press("Control+Enter")
    expect(dialog.locator("dd")).to_have_text([f"Second {text}", f"First {text}"])
    page.context.set_offline(True)
    dialog.get_by_role("button", name="Use mine").click()
    expect(dialog).to_be_hidden()
    expect(other.locator("#saving")).to_have_text(re.compile("^Not saved yet: there is no connection"))
    page.context.set_offline(False)
    _is_saved(other)
    expect(other.locator("[data-segment]").first).to_have_text(f"Second {text}")
    expect(other.locator("#offer")).to_be_empty()
    other.reload()
    expect(other.locator("[data-segment]").first).to_have_text(f"Second {text}")


def test_nothing_is_sent_while_somebody_is_asked(page: Page):
    other = page.context.new_page()
    other.goto(page.url)
    _write_before(other, 0, "Theirs ")
    page.context.set_offline(True)
    first, third = _write_before(page, 0, "Mine "), _write_before(page, 2, "Kept ")
    page.context.set_offline(False)
    dialog = page.get_by_role("dialog", name="Changed meanwhile")
    expect(dialog.locator("dd")).to_have_text([f"Mine {first}", f"Theirs {first}"])
    assert len(_unsaved(page)) == 2
    page.keyboard.press("Escape")
    expect(_field(page)).to_have_value(f"Mine {first}")
    page.wait_for_function("job => JSON.parse(sessionStorage.getItem(job)).length === 1", arg=_unsaved_key(page))
    expect(dialog).to_be_hidden()
    page.keyboard.press("Control+Enter")
    dialog.get_by_role("link", name="Use theirs").click()
    _is_saved(page)
    page.reload()
    texts = _passages(page)
    assert (texts[0], texts[2]) == (f"Theirs {first}", f"Kept {third}")


def test_text_of_a_segment_that_is_gone_is_shown_until_it_is_put_away(page: Page):
    other = page.context.new_page()
    other.goto(page.url)
    _begin(other)
    other.keyboard.press("Alt+x")
    expect(other.locator("#messages p")).to_have_text("The segment is deleted.")
    text = _write_before(page, 0, "Mine ")
    dialog = page.get_by_role("dialog", name="Changed meanwhile")
    expect(dialog.locator("dd")).to_have_text([f"Mine {text}"])
    with page.expect_response(lambda response: response.status == 409):
        page.keyboard.press("Escape")
    expect(dialog.locator("dd")).to_have_text([f"Mine {text}"])
    dialog.get_by_role("link", name="Close").click()
    _is_saved(page)
    assert _unsaved(page) == []


def test_what_is_typed_in_a_recording_that_was_deleted_stays_to_be_copied(
    page: Page,
    server: Server,
    talker: Person,  # noqa: F811
):
    first, third = _begin(page), page.locator("[data-segment]").nth(2).inner_text()
    server.run(DELETE.format(name=talker.name))
    page.keyboard.press("Control+Home")
    page.keyboard.type("Mine ")
    told = "“jfk” is not here any more, so what you typed last could not be saved."
    expect(page.locator("#messages p")).to_contain_text(told)
    expect(page.locator("#saving")).to_have_text("Not saved: this recording is not here any more.")
    expect(_field(page)).to_have_value(f"Mine {first}")
    expect(_field(page)).to_be_focused()
    page.keyboard.press("Control+Enter")
    _write_before(page, 2, "More ")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-segment]").first).to_have_text(f"Mine {first}")
    expect(page.locator("[data-segment]").nth(2)).to_have_text(f"More {third}")
    assert len(_unsaved(page)) == 2


def test_find_and_replace_by_keyboard(page: Page):
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Find and replace")
    expect(dialog.get_by_label("Find", exact=True)).to_be_focused()
    page.keyboard.type("country")
    dialog.get_by_label("Replace with").fill("<village>")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("Found in 2 places.")
    dialog.get_by_role("button", name="Replace in 2 places").press("Enter")
    expect(page.locator("#messages p")).to_have_text("Replaced in 2 places.")
    assert " ".join(_passages(page)).count("<village>") == 2


def test_history_goes_back_to_the_text_as_it_was_recognised(page: Page):
    before = _passages(page)
    _begin(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("Something else")
    page.keyboard.press("Control+Enter")
    _is_saved(page)
    page.get_by_role("link", name="History").first.click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Back to this point")).first.click()
    expect(page.locator("#messages p")).to_have_text("The text is as it was then.")
    assert _passages(page) == before


def test_segment_is_edited_without_javascript(open_page: Callable[..., Page], talker: Person, server: Server):  # noqa: F811
    page = open_page(javascript=False)
    sign_in(page, talker)
    open_recording(page, "jfk")
    page.get_by_role("link", name=re.compile("^Edit the text at 0:00")).click()
    page.get_by_label("Text", exact=True).fill("One\nTwo")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages p")).to_have_text("The text is saved.")
    expect(page.locator("#transcript [data-segment]").nth(0)).to_have_text("One")
    expect(page.locator("#transcript [data-segment]").nth(1)).to_have_text("Two")
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.locator("#messages p")).to_have_text("The change is undone.")
