"""Somebody finds what was said, in all recordings and in the open one."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def listener(server: Server) -> Person:
    """Return somebody who has a recording that is transcribed. Somebody else has the same one."""
    people = [server.add_person() for _ in range(2)]
    for person in people:
        server.give("jfk.flac", person)
    return people[0]


def _time(page: Page) -> float:
    return page.locator("[data-media]").evaluate("media => media.currentTime")


def test_what_was_said_is_found_by_keyboard_and_opened_at_that_word(open_page: Callable[..., Page], listener: Person):
    page = open_page()
    sign_in(page, listener)
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search all transcripts")
    expect(field).to_be_focused()
    page.keyboard.type('"your country" CAN')
    found = page.get_by_role("region", name="What was found")
    expect(found.get_by_text(re.compile(r"\d passages? in 1 recording"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="in 1 recording")).to_have_count(1)
    expect(field).to_be_focused()
    hit = found.get_by_role("link").filter(has_text=re.compile(r"\d:\d\d")).first
    assert hit.locator("mark").first.inner_text().lower().startswith("your country")
    field.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    expect(hit).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("jfk")
    expect(page.locator(".moment").first).to_be_focused()
    seconds = float(parse_qs(urlsplit(page.url).query)["t"][0])
    media = page.locator("[data-media]").element_handle()
    page.wait_for_function("media => media.readyState > 0", arg=media)
    page.wait_for_function("([media, at]) => Math.abs(media.currentTime - at) < 0.1", arg=[media, seconds])
    assert page.locator("[data-media]").evaluate("media => media.paused")
    assert 3 < seconds < 9
    expect(page.get_by_role("searchbox", name="Find in the text")).to_have_value(
        re.compile("your country", re.IGNORECASE)
    )
    expect(page.get_by_text(re.compile(r"^1 of [12]$"))).to_be_visible()


def test_leaving_the_field_of_the_search_leaves_what_was_found(open_page: Callable[..., Page], listener: Person):
    page = open_page()
    sign_in(page, listener)
    page.goto("/search/")
    page.get_by_text("Filters", exact=True).click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search/" in request.url else None)
    field = page.get_by_role("searchbox", name="Search all transcripts")
    field.press_sequentially("country")
    found = page.get_by_role("region", name="What was found")
    expect(found.get_by_text("in 1 recording")).to_be_visible()
    asked.clear()
    field.press("Tab")
    page.get_by_label("Language").select_option("German")
    expect(found.get_by_text("in 1 recording")).to_be_hidden()
    assert len(asked) == 1, asked


def test_open_text_is_searched_by_keyboard(open_page: Callable[..., Page], listener: Person):
    page = open_page()
    sign_in(page, listener)
    page.get_by_role("link", name="jfk").first.click()
    expect(page.get_by_text("ask not what your country")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find in the text")).to_be_focused()
    page.keyboard.type("COÚNTRY")
    expect(page.get_by_text("2 found")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    assert page.evaluate("[...CSS.highlights.get('found-here')].map(String)") == ["country"]
    page.get_by_role("button", name="Previous place").click()
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.get_by_role("searchbox", name="Find in the text").press("Escape")
    assert page.evaluate("CSS.highlights.get('found').size") == 0
    assert page.evaluate("document.activeElement.className").startswith("moment")


def test_nothing_found_says_what_to_try(open_page: Callable[..., Page], listener: Person):
    page = open_page(width=360, height=740)
    sign_in(page, listener)
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox", name="Search all transcripts").fill("country moonlight")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Language").select_option("German")
    page.get_by_role("link", name="Search without filters").click()
    expect(page.get_by_role("searchbox", name="Search all transcripts")).to_have_value("country moonlight")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [360, 768, 1440, 1920])
def test_filters_stand_below_what_they_belong_to(open_page: Callable[..., Page], listener: Person, width: int):
    page = open_page(width=width)
    sign_in(page, listener)
    page.goto("/search/?q=country")
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_label("State")).to_be_visible()
    ends = "each => [...document.querySelectorAll(each)].map(found => found.getBoundingClientRect().right)"
    [line, *results] = page.evaluate(ends, ".search-line, #found")
    assert results == [line]
    assert max(page.evaluate(ends, ".search-fields > *")) <= line


def test_search_works_without_a_script(open_page: Callable[..., Page], listener: Person):
    page = open_page(javascript=False)
    sign_in(page, listener)
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Search all transcripts").fill("count*")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("region", name="What was found").get_by_role("link").filter(has_text="country").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("jfk")
    page.get_by_label("Find in the text").fill("fellow")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("1 passage in this recording")).to_be_visible()
