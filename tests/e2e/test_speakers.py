"""Who speaks, on the recording page: by keyboard alone, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import open_recording, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LABEL = """
from speech.types import Turn
from transcripts.models import Job
from transcripts.services.speakers import apply_labelling
job = Job.objects.get(owner__username={name!r})
turns = [Turn(0, 2.5, 1), Turn(2.5, 4.8, 2), Turn(4.8, 8, 3), Turn(8, 11, 1)]
apply_labelling(job, turns, provenance={{"diarizer": "pyannote"}})
"""

BEGIN = """
from transcripts import lease
from transcripts.models import Job
from transcripts.services.identify import identify_again
def hold(again):
    lease.start_directly(again)
    seen = dict(stage="identifying", prepared_seconds=11, identified_seconds=5)
    Job.objects.filter(pk=again.pk).update(lease_node="elsewhere", lease_expires_at=lease.later(3600), **seen)
job = Job.objects.get(owner__username={name!r})
identify_again(job.pk, then=hold)
"""
"""The holder is of another machine, so that no worker here can tell that it is gone."""
END = """
from speech.types import Turn
from transcripts.models import Job
from transcripts.services.identify import complete
again = Job.objects.get(owner__username={name!r}, kind="speakers")
complete(again, again.lease_token, [Turn(0, 4.8, 1), Turn(4.8, 11, 2)], provenance={{"diarizer": "vad"}})
"""
BEYOND_THE_PAGE = """() => {
  const all = [...document.querySelectorAll(".transcript *, #dialog *")].filter((each) => !each.closest(".visually-hidden"));
  const seen = all.filter((each) => each.checkVisibility() && each.getBoundingClientRect().width > 1);
  const end = (each) => (each.closest("dialog") ?? document.documentElement).getBoundingClientRect().right;
  return seen.filter((each) => each.getBoundingClientRect().right > end(each) + 1).map((each) => each.outerHTML);
}"""
BEYOND_THE_PANEL = """() => {
  const end = document.querySelector("#speakers").getBoundingClientRect().right;
  const all = [...document.querySelectorAll("#speakers *")];
  return all.filter((each) => each.getBoundingClientRect().right > end + 1).map((each) => each.outerHTML);
}"""


@pytest.fixture
def talker(server: Server) -> Person:
    """Return somebody whose recording has three speakers, the first of whom speaks twice."""
    person = server.add_person()
    server.give("jfk.mp3", person)
    server.run(LABEL.format(name=person.name))
    return person


@pytest.fixture
def open_talk(open_page: Callable[..., Page], talker: Person) -> Callable[..., Page]:
    """Return a function that opens the page of that recording."""

    def open_one(**options: object) -> Page:
        page = open_page(**options)
        sign_in(page, talker)
        open_recording(page, "jfk")
        expect(_turns(page)).to_have_text(["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"])
        if options.get("javascript", True):
            expect(page.locator("[data-play]")).to_be_visible()  # The scripts are there.
        return page

    return open_one


def _turns(page: Page):
    return page.locator("#transcript .paragraph-turn .voice-name .name")


def _notice(page: Page):
    return page.locator("#messages p")


def _focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id")


def _tab_to(page: Page, selector: str, *, key: str = "Tab", most: int = 60) -> None:
    """Press Tab until the focus is there: there is no other way for somebody without a mouse."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    pytest.fail(f"Tab does not lead to {selector}.")


def test_speakers_by_keyboard(open_talk: Callable[..., Page]):
    page = open_talk()

    _tab_to(page, "input[name=name]")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Ann", "Speaker 2", "Speaker 3", "Ann"])
    expect(_notice(page)).to_have_text("The name Ann is saved.")
    expect(page.locator("[data-next-turn]").first).to_be_focused()

    _tab_to(page, "input[name=name]", key="Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("Nobody")
    page.keyboard.press("Escape")
    expect(page.locator("input[name=name]").first).to_have_value("Ann")

    _tab_to(page, "[id^=merge-]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Merge Ann into…")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[id^=merge-]").first).to_be_focused()

    _reassign(page)
    _merge(page)


def _reassign(page: Page) -> None:
    """Give the second turn to somebody new, the third to Ann; take the last back."""
    _tab_to(page, ".moment")
    page.keyboard.press("ArrowDown")
    second = _focused(page)
    page.keyboard.press("s")
    expect(page.locator("#assign-name")).to_be_focused()
    page.keyboard.type("Ben")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Ann", "Ben", "Speaker 3", "Ann"])
    expect(page.locator(f"#{second}")).to_be_focused()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("s")
    expect(page.locator("#assign-name")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Ann", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(_notice(page)).to_have_text("Ann says this now.")
    expect(_turns(page)).to_have_text(["Ann", "Ben", "Ann"])

    page.keyboard.press("Control+z")
    expect(_turns(page)).to_have_text(["Ann", "Ben", "Speaker 3", "Ann"])
    assert _focused(page).startswith("moment-")


def test_single_words_are_given_to_others_by_keyboard_and_in_the_editor(open_talk: Callable[..., Page]):
    page = open_talk()
    before = page.locator("#transcript").inner_text()
    page.locator(".moment").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    selected = page.evaluate("String(getSelection())")
    assert len(selected.split()) == 2
    page.keyboard.press("s")
    expect(page.locator(".assign-quote")).to_have_text(selected)
    expect(page.get_by_role("radio", name="Only the selected words")).to_be_checked()
    expect(page.locator("#assign-name")).to_be_focused()
    page.keyboard.type("Ben")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Speaker 1", "Ben", "Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"])
    page.keyboard.press("Control+z")
    expect(_turns(page)).to_have_text(["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"])
    assert page.locator("#transcript").inner_text() == before

    page.locator(".moment").first.focus()
    page.keyboard.press("e")
    field = page.locator("[data-editor] textarea")
    field.press("Control+End")
    page.keyboard.type(" indeed")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Alt+s")
    expect(page.get_by_role("radio", name="Only the selected words")).to_be_checked()
    expect(page.locator("#assign-name")).to_be_focused()
    page.keyboard.type("Ben")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Speaker 1", "Ben", "Speaker 2", "Speaker 3", "Speaker 1"])
    expect(page.locator(".paragraph [data-segment]").first).to_have_text(
        re.compile("^And so,?$")
    )  # Not all processors hear the comma.
    expect(page.locator(".paragraph [data-segment]").nth(1)).to_have_text(re.compile("^my .* indeed$"))
    expect(field).to_be_focused()
    expect(field).to_have_value(re.compile("^my .* indeed$"))
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Alt+s")
    expect(page.locator("#assign-name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_focused()
    assert field.evaluate("field => [field.value.slice(0, 2), field.selectionStart]") == ["my", 2]


def _merge(page: Page) -> None:
    """Merge Ben into Ann by the panel, and undo it by the notice."""
    page.get_by_role("link", name="Merge Ben into another speaker").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Merge Ben into…")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Ann", "Speaker 3", "Ann"])
    expect(_notice(page)).to_have_text("Ben is merged into Ann.")
    expect(page.locator(":focus")).to_have_count(1)
    page.get_by_role("button", name="Undo", exact=True).focus()
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Ann", "Ben", "Speaker 3", "Ann"])


def test_sentences_with_selected_words_are_given_to_another(open_talk: Callable[..., Page]):
    page = open_talk()
    page.evaluate(
        """() => {
          const passages = document.querySelectorAll("#transcript [data-segment]");
          getSelection().setBaseAndExtent(passages[1].firstChild, 2, passages[2].firstChild, 3);
        }"""
    )
    page.keyboard.press("s")
    expect(page.locator("#assign-name")).to_be_focused()
    page.get_by_role("radio", name="The sentences with the selected words").check()
    page.locator("#assign-name").focus()
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Speaker 1"])


def test_speakers_are_found_without_case_and_accents(open_talk: Callable[..., Page]):
    page = open_talk()
    page.get_by_label("Name of Speaker 1").fill("Élodie Łoś")
    page.get_by_label("Name of Speaker 1").press("Enter")
    expect(_notice(page)).to_have_text("The name Élodie Łoś is saved.")
    for place, typed in ((1, "elod"), (1, "ELODIE LOS")):
        page.locator(".moment").nth(place).focus()
        page.keyboard.press("s")
        expect(page.locator("#assign-name")).to_be_focused()
        page.keyboard.type(typed)
        expect(page.locator("#who").get_by_role("button", name="Élodie Łoś", exact=True)).to_be_visible()
        expect(page.locator("#who").get_by_role("button", name="New speaker")).to_be_visible()
        page.keyboard.press("Enter")
        expect(_notice(page)).to_have_text("Élodie Łoś says this now.")
        expect(page.locator("#who")).to_be_hidden()
    expect(_turns(page)).to_have_text(["Élodie Łoś"])


def test_enter_takes_who_is_called_as_it_was_typed(open_talk: Callable[..., Page]):
    page = open_talk()
    for number, name in ((1, "Ann Marie"), (2, "Änn"), (3, "Ann")):
        page.get_by_label(f"Name of Speaker {number}").fill(name)
        page.get_by_label(f"Name of Speaker {number}").press("Enter")
        expect(_notice(page)).to_have_text(f"The name {name} is saved.")
    page.locator(".moment").first.focus()
    page.keyboard.press("s")
    expect(page.locator("#assign-name")).to_be_focused()
    page.keyboard.type("ann")
    expect(page.locator("#who").get_by_role("button", name="New speaker")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(_notice(page)).to_have_text("Ann says this now.")


def test_undo_key_walks_back_and_never_does_again(open_talk: Callable[..., Page]):
    page = open_talk()
    for number, name in ((1, "Ann"), (2, "Ben")):
        page.get_by_label(f"Name of Speaker {number}").fill(name)
        page.get_by_label(f"Name of Speaker {number}").press("Enter")
        expect(_notice(page)).to_have_text(f"The name {name} is saved.")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(_turns(page)).to_have_text(["Ann", "Speaker 2", "Speaker 3", "Ann"])
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(_notice(page)).to_have_text("The change is done again.")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(_notice(page)).to_have_text("The change is undone.")
    page.locator(".moment").first.focus()
    page.keyboard.press("Control+z")
    expect(_turns(page)).to_have_text(["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"])
    page.keyboard.press("Control+z")
    expect(_turns(page)).to_have_text(["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"])


def test_identifying_again_is_told_and_can_be_undone(open_talk: Callable[..., Page], server: Server, talker: Person):
    page = open_talk(width=360, height=740)
    server.run(BEGIN.format(name=talker.name))
    page.reload()
    line = page.locator("#identifying-line a")
    expect(line).to_have_text(re.compile("Identifying speakers, 0:05 of 0:11"))
    line.click()
    expect(page.locator("#identifying")).to_be_visible()

    server.run(END.format(name=talker.name))
    expect(_notice(page)).to_have_text("The speakers were identified again: 2 speakers.")
    expect(_turns(page)).to_have_text(["Speaker 1", "Speaker 2"])
    expect(line).to_have_count(0)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(_turns(page)).to_have_text(["Speaker 1", "Speaker 2", "Speaker 3", "Speaker 1"])


@pytest.mark.parametrize("cookie", ["sessionid", None])
def test_typed_name_outlives_the_session(open_talk: Callable[..., Page], talker: Person, cookie: str | None):
    page = open_talk(expected_error="401")
    page.context.clear_cookies(**({"name": cookie} if cookie else {}))
    field = page.get_by_label("Name of Speaker 2")
    field.fill("Ben")
    field.press("Enter")
    expect(_notice(page)).to_have_text(
        "You are signed out, so nothing was changed. Sign in again in another tab, then repeat it."
    )
    expect(field).to_have_value("Ben")

    other = page.context.new_page()
    sign_in(other, talker)
    other.close()
    field.press("Enter")
    expect(_notice(page)).to_have_text("The name Ben is saved.")


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800), (1440, 900)])
def test_panel_and_menu_keep_within_their_bounds(open_talk: Callable[..., Page], width: int, height: int):
    page = open_talk(width=width, height=height)
    if width == 360:
        page.locator("#panel-fold > summary").click()
    page.get_by_label("Name of Speaker 2").fill("Speaker 1")
    page.get_by_label("Name of Speaker 2").press("Enter")
    expect(page.locator("#speakers .errorlist")).to_be_visible()
    assert page.evaluate(BEYOND_THE_PANEL) == []
    page.keyboard.press("Escape")

    _turns(page).nth(1).click()
    expect(page.locator("#assign-name")).to_be_focused()
    menu, player = page.locator("#who").bounding_box(), page.locator("[data-player]").bounding_box()
    assert menu is not None
    assert player is not None
    assert menu["y"] >= 0
    assert menu["y"] + menu["height"] <= player["y"]


def test_menu_leads_to_the_name_in_the_panel(open_talk: Callable[..., Page]):
    page = open_talk(width=360, height=740)
    _turns(page).nth(1).click()
    page.locator("#assign-name").fill("Ben")
    page.get_by_role("link", name="Rename Speaker 2 everywhere…").click()
    expect(page.get_by_label("Name of Speaker 2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Speaker 1", "Ben", "Speaker 3", "Speaker 1"])


def test_selected_text_offers_to_say_who_speaks(open_talk: Callable[..., Page]):
    page = open_talk()
    button = page.get_by_role("button", name="Who speaks here?")
    expect(button).to_be_hidden()
    page.locator("#transcript [data-segment]").nth(1).select_text()
    button.click()
    expect(page.get_by_role("heading", name="Who speaks here?")).to_be_visible()
    expect(button).to_be_hidden()
    page.keyboard.type("Ben")
    page.keyboard.press("Enter")
    expect(_turns(page)).to_have_text(["Speaker 1", "Ben", "Speaker 3", "Speaker 1"])


def test_speakers_without_javascript(open_talk: Callable[..., Page]):
    page = open_talk(javascript=False)
    page.locator("#panel-fold > summary").click()
    page.get_by_label("Name of Speaker 2").fill("Ben")
    page.get_by_label("Name of Speaker 2").press("Enter")
    expect(_notice(page)).to_have_text("The name Ben is saved.")
    _turns(page).nth(2).click()
    page.get_by_role("button", name="Ben").click()
    expect(_turns(page)).to_have_text(["Speaker 1", "Ben", "Speaker 1"])
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(_turns(page)).to_have_text(["Speaker 1", "Ben", "Speaker 3", "Speaker 1"])


def test_page_with_speakers_fits_a_small_screen(open_talk: Callable[..., Page]):
    page = open_talk(width=360, height=740)
    page.locator("#panel-fold > summary").click()
    expect(page.get_by_label("Name of Speaker 1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    _turns(page).first.click()
    expect(page.get_by_role("heading", name="Who speaks here?")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("width", [360, 768])
def test_longest_names_keep_within_the_text_and_the_dialog(open_talk: Callable[..., Page], width: int):
    page = open_talk(width=width)
    page.locator("#panel-fold > summary").click()
    for number, name in ((1, "W" * 100), (2, "Donaudampfschifffahrt" * 4)):
        page.get_by_label(f"Name of Speaker {number}").fill(name)
        page.get_by_label(f"Name of Speaker {number}").press("Enter")
        expect(_turns(page).nth(number - 1)).to_have_text(name)
    assert page.evaluate(BEYOND_THE_PAGE) == []
    page.locator("[id^=merge-]").first.click()
    expect(page.get_by_role("dialog").get_by_role("heading")).to_be_visible()
    assert page.evaluate(BEYOND_THE_PAGE) == []
