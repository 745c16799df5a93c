"""What of the recording page is in sight without scrolling, and where the focus and the keys go."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.test_speakers import open_talk, talker  # noqa: F401 - Fixtures.

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WARN = """
from transcripts.models import Job
Job.objects.filter(owner__username={name!r}).update(warnings=["The speech was hard to make out in places."])
"""
VERSION = """
from uuid import uuid4
from transcripts.models import Job
job = Job.objects.get(owner__username={name!r})
job.pk, job._state.adding, job.labelling = uuid4(), True, None
job.save()
"""
PAUSED = """
from transcripts.models import Job
Job.objects.filter(owner__username={name!r}).update(state="paused")
"""
SMALL = """() => {
  const all = [...document.querySelectorAll("main :is(a, button, summary, select)")];
  const seen = all.filter((each) => each.checkVisibility() && !each.closest(".visually-hidden, .skip"));
  const boxes = seen.map((each) => [each, each.getBoundingClientRect()]).filter(([, box]) => box.width > 1);
  return boxes.filter(([, box]) => box.width < 24 || box.height < 24).map(([each]) => each.outerHTML);
}"""


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


def test_text_is_on_the_first_screen_of_a_phone(
    open_talk: Callable[..., Page],  # noqa: F811
    server: Server,
    talker: Person,  # noqa: F811
):
    page = open_talk(width=360, height=800)
    server.run(WARN.format(name=talker.name) + VERSION.format(name=talker.name))
    page.reload()
    page.wait_for_load_state()
    expect(page.locator("#version summary")).to_be_visible()
    first = _box(page.locator("#transcript .paragraph").first)
    assert first["y"] + first["height"] <= _box(page.locator("[data-player]"))["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(SMALL) == []

    page.get_by_text("Quality", exact=True).click()
    expect(page.locator("#report dl")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_keys_act_again_after_somebody_is_named(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    field = page.get_by_label("Name of Speaker 2")
    field.fill("Speaker 1")
    field.press("Enter")
    expect(page.locator("#speakers .errorlist")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("Ben")
    field.press("Enter")
    expect(page.locator("#messages p")).to_have_text("The name Ben is saved.")
    expect(page.get_by_role("link", name="Go to the next turn of Ben")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("[data-player][data-playing]")).to_have_count(1)


def _focused_words(page: Page) -> str:
    return page.evaluate("() => document.activeElement.textContent.trim()")


def test_arrow_keys_go_through_a_menu_and_round(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    page.keyboard.press("Shift+m")
    expect(page.locator("#actions [data-more-actions]")).to_have_attribute("open", "")
    assert _focused_words(page) == "More actions"
    page.keyboard.press("ArrowDown")
    first = _focused_words(page)
    page.keyboard.press("ArrowDown")
    assert _focused_words(page) not in ("More actions", first)
    page.keyboard.press("ArrowUp")
    assert _focused_words(page) == first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert _focused_words(page) not in ("More actions", first)
    page.keyboard.press("ArrowDown")
    assert _focused_words(page) == "More actions"


def test_escape_leads_out_of_a_field_back_into_the_text(open_talk: Callable[..., Page]):  # noqa: F811
    page = open_talk()
    moment = page.locator("#transcript .moment").nth(1)
    for key, field in {"n": "#note-text", "c": "[data-comment-form] textarea", "Shift+t": "#tag-names"}.items():
        moment.focus()
        page.keyboard.press(key)
        expect(page.locator(field)).to_be_focused()
        page.keyboard.type("kept")
        page.keyboard.press("Escape")
        expect(moment).to_be_focused()
        expect(page.locator(field)).to_have_value("kept")

    page.goto("/")
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".recording-link").first).to_be_focused()


def test_keys_are_listed_only_where_they_do_something(
    open_talk: Callable[..., Page],  # noqa: F811
    server: Server,
    talker: Person,  # noqa: F811
):
    page = open_talk()
    page.keyboard.press("?")
    titles = page.locator("#keys h3")
    expect(titles.filter(has_text="Correct")).to_be_visible()
    for number in range(page.locator("#keys section").count()):
        section = page.locator("#keys section").nth(number)
        edges = section.locator("h3, dl > div").evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect().left)"
        )
        assert len(set(edges)) == 1
    page.keyboard.press("Escape")

    server.run(PAUSED.format(name=talker.name))
    page.reload()
    page.wait_for_load_state()
    page.keyboard.press("?")
    expect(titles.filter(has_text="Play")).to_be_visible()
    expect(titles.filter(has_text="Correct")).to_have_count(0)
    expect(page.locator("#keys dd").filter(has_text="Say who speaks:")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_tools_keep_clear_of_the_text_and_of_what_is_looked_for(
    open_talk: Callable[..., Page],  # noqa: F811
    width: int,
):
    page = open_talk(width=width)
    find, tools, text = (page.locator(each) for each in (".find-bar", ".tools", ".paragraph >> nth=0"))
    page.keyboard.press("/")
    page.keyboard.type("country")
    expect(page.locator("[data-find-count]")).to_have_text("2 found")
    _lie_in_a_column(find, tools, text)
    page.goto(f"{page.url}?t=2.91&find=country")
    expect(page.locator("[data-find-count]")).to_have_text("1 of 2")
    page.evaluate("scrollTo(0, 0)")
    _lie_in_a_column(find, tools, text)
    page.get_by_role("button", name="Edit text").click()
    _lie_in_a_column(find, tools, text)
    page.set_viewport_size({"width": width, "height": 400})
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert page.evaluate("scrollY") > 100
    _lie_in_a_column(find, tools)


def _lie_in_a_column(*found: Locator) -> None:
    boxes = [_box(each) for each in found]
    for above, below in pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"] + 0.5
