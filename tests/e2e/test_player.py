"""The recording page as a person plays, reads and finds their way on it, by mouse and by keyboard alone."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import DATA
from tests.e2e.server import Person, Server
from tests.e2e.steps import open_recording, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LENGTH = "0:12"
"""Of the video: its sound ends after 11 seconds, its pictures after 12.67."""
STALL_MILLISECONDS = 500
"""Nobody waits so long without noticing. 90 to 250 were measured on two busy cores, 2026-11-22."""
FIRST_LOAD_BYTES = 122_000
"""Compressed, of 150 KB that are allowed. The headers of 75 answers, about 430 bytes each, come on top."""
SCREENS = ((320, 640), (360, 740), (600, 400), (768, 1024), (1024, 768), (1440, 900), (1920, 1080))
WITHOUT_COPY = """
from transcripts.models import Recording
fields = {{"playback": "", "playback_state": "none", "playback_token": None}}
Recording.objects.filter(owner__username={name!r}).update(**fields)
"""
LONG_TRANSCRIPT = """
from tests.conftest import SPEECH, _segment
from transcripts.models import Job, Recording, Segment
job = Job.objects.get(recording__owner__username={name!r})
segments = [_segment(job, index, SPEECH[index % 3], 3.6) for index in range(3000)]
job.segments.all().delete()
Segment.objects.bulk_create(segments)
Recording.objects.filter(pk=job.recording_id).update(duration_seconds=10800)
"""


@pytest.fixture(scope="module")
def viewer(server: Server) -> Person:
    """Return somebody who has a video that is transcribed."""
    return _add_viewer(server)


@pytest.fixture(scope="module")
def long_viewer(server: Server) -> Person:
    """Return somebody whose video has the text of three hours, which no test changes."""
    return _add_long_viewer(server)


def _add_viewer(server: Server) -> Person:
    person = server.add_person()
    server.transcribe(DATA / "jfk_video.mp4", person)
    return person


def _add_long_viewer(server: Server) -> Person:
    person = _add_viewer(server)
    server.run(LONG_TRANSCRIPT.format(name=person.name))
    return person


@pytest.fixture
def open_video(open_page: Callable[..., Page], viewer: Person) -> Callable[..., Page]:
    """Return a function that opens the page of a video, in a browser that has not seen it before."""

    def open_one(person: Person = viewer, **options: Any) -> Page:
        page = open_page(**options)
        sign_in(page, person)
        open_recording(page, "jfk_video")
        expect(page.locator("[data-play]")).to_be_visible()  # The scripts are there.
        return page

    return open_one


def _media(page: Page) -> Locator:
    return page.locator("[data-media]")


def _time(page: Page) -> float:
    return _media(page).evaluate("media => media.currentTime")


def _is_playing(page: Page) -> bool:
    return _media(page).evaluate("media => !media.paused")


def _wait_for(page: Page, condition: str) -> None:
    page.wait_for_function(f"media => {condition}", arg=_media(page).element_handle())


def _wait_until_ready(page: Page) -> None:
    """Wait until our player has taken over and knows the recording."""
    expect(page.locator("[data-play]")).to_be_visible()
    _wait_for(page, "media.readyState >= 2")


def _press(page: Page, *keys: str) -> None:
    _wait_until_ready(page)
    for key in keys:
        page.keyboard.press(key)


def test_length_of_a_video_is_the_same_everywhere(open_video: Callable[..., Page]):
    page = open_video()
    expect(page.locator("[data-length]")).to_have_text(LENGTH)
    expect(page.get_by_role("list", name="Facts").get_by_role("listitem").first).to_have_text(LENGTH)
    page.goto("/")
    expect(page.locator("td.column-duration")).to_have_text(LENGTH)


def test_length_of_a_recording_that_breaks_off_is_what_there_is(open_page: Callable[..., Page], server: Server):
    """The browser goes by the 11 seconds that the file announces."""
    person = server.add_person()
    server.transcribe(DATA / "bad" / "truncated.mp3", person)
    server.run(WITHOUT_COPY.format(name=person.name))
    page = open_page()
    sign_in(page, person)
    expect(page.locator("td.column-duration")).to_have_text("0:05")
    open_recording(page, "truncated")
    _wait_until_ready(page)
    assert page.locator("audio").evaluate("media => media.duration") > 10
    expect(page.locator("[data-length]")).to_have_text("0:05")
    assert 5 < float(page.locator("[data-seek]").get_attribute("max") or 0) < 6
    page.locator("[data-seek]").fill("5")
    page.keyboard.press("k")
    _wait_for(page, "media.ended")
    expect(page.locator("[data-now]")).to_have_text("0:05")
    expect(page.locator("[data-length]")).to_have_text("0:05")


def test_video_has_one_player_fills_the_screen_and_can_be_put_away(open_video: Callable[..., Page]):
    page = open_video()
    video = page.locator("video")
    expect(video).not_to_have_attribute("controls", re.compile(""))
    _press(page, "f")
    _wait_for(page, "document.fullscreenElement === media && media.controls")
    page.keyboard.press("f")
    _wait_for(page, "!document.fullscreenElement && !media.controls")
    page.get_by_role("button", name="Full screen").click()
    _wait_for(page, "document.fullscreenElement === media")
    page.keyboard.press("f")

    page.get_by_role("button", name="Hide video").click()
    expect(video).to_be_hidden()
    _press(page, "k")
    _wait_for(page, "media.currentTime > 0.3")
    page.get_by_role("button", name="Show video").click()
    expect(video).to_be_visible()


def test_page_of_a_video_fits_and_its_buttons_can_be_hit(open_video: Callable[..., Page]):
    page = open_video()
    _wait_until_ready(page)
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        _check_that_buttons_can_be_hit(page)


def _check_that_buttons_can_be_hit(page: Page) -> None:
    """By a finger: none is small, none is under another."""
    buttons = page.locator(".player button:visible, .player select:visible, .player-menu > summary:visible").all()
    assert len(buttons) >= 5
    boxes = [button.bounding_box() for button in buttons]
    assert [(box["width"] >= 44, box["height"] >= 44) for box in boxes] == [(True, True)] * len(boxes)
    assert all(left["x"] + left["width"] <= right["x"] for left, right in _neighbours(boxes))


def _neighbours(boxes: list[Any]) -> list[tuple[Any, Any]]:
    in_a_row = sorted(boxes, key=lambda box: box["x"])
    return list(pairwise(in_a_row))


def test_last_line_of_the_text_is_not_behind_the_player(open_video: Callable[..., Page], long_viewer: Person):
    page = open_video(long_viewer, width=360, height=740)
    expect(page.locator("#rest")).to_have_count(0)  # A long text comes in parts.
    page.locator(".paragraph").last.locator(".moment").focus()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    text, player = page.locator(".paragraph").last.bounding_box(), page.locator(".player").bounding_box()
    assert text["y"] + text["height"] < player["y"]


def test_keys_play_pause_and_skip(open_video: Callable[..., Page]):
    page = open_video()
    _press(page, "l")
    assert _time(page) == pytest.approx(5.0, abs=0.01)
    _press(page, "ArrowRight", "j", "ArrowLeft", "L")
    assert _time(page) == pytest.approx(5.0, abs=0.01)
    for key in ("Space", "k"):
        _press(page, key)
        assert _is_playing(page)
        _press(page, key)
        assert not _is_playing(page)
    assert page.evaluate("scrollY") == 0


def test_keys_are_left_alone_while_typing_with_modifiers_and_on_buttons(open_video: Callable[..., Page]):
    page = open_video()
    page.locator("summary", has_text="Export").click()
    page.get_by_text("Choose times and line lengths").click()
    page.locator(".menu-form input[type=number]").first.focus()
    _press(page, "k", "Space", "l", "ArrowRight", "?")
    page.get_by_label("Speed").focus()
    _press(page, "k", "l")
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=1).click()
    _press(page, "Control+k", "Alt+l", "Meta+j", "Shift+K")
    assert (_time(page), _is_playing(page)) == (0, False)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("summary", has_text="Export").focus()
    _press(page, "Space")
    assert not _is_playing(page)
    expect(page.get_by_text("Choose times and line lengths")).to_be_visible()


def test_help_lists_the_keys_and_gives_the_focus_back(open_video: Callable[..., Page]):
    page = open_video()
    _press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Full screen")
    expect(dialog).to_contain_text("Rename the recording")
    expect(dialog).not_to_contain_text("Find by title")
    _press(page, "k")
    assert not _is_playing(page)
    dialog.get_by_label("Keys act without Ctrl or Alt").uncheck()
    page.keyboard.press("Escape")
    _press(page, "?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard").click()
    dialog.get_by_label("Keys act without Ctrl or Alt").check()
    page.keyboard.press("Escape")
    _press(page, "q")
    expect(page.locator("#report dl")).to_be_visible()
    _press(page, "n")
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.locator(".moment").first.focus()
    _press(page, "Shift+T")
    expect(page.get_by_label("Add tags")).to_be_focused()
    page.locator(".moment").first.focus()
    _press(page, "Shift+E")
    expect(page.get_by_role("link", name="Subtitles .srt")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard").click()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Keyboard")).to_be_focused()


def test_text_is_one_stop_of_tab_and_arrows_reach_each_word(open_video: Callable[..., Page], long_viewer: Person):
    page = open_video(long_viewer)
    moments = page.locator(".moment")
    expect(page.locator("#rest")).to_have_count(0)  # The text of a long recording comes in parts.
    assert moments.count() > 100
    page.get_by_role("searchbox", name="Find in the text").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()  # After the button that hides the video
    _press(page, "Enter", "Tab")
    expect(moments.first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Back 5 seconds")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    _press(page, "ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight")
    expect(page.locator("#announcement")).to_have_text("so,")
    assert (_time(page), _is_playing(page)) == (0, False)
    _press(page, "Enter")
    assert _is_playing(page)
    assert 0.7 < _time(page) < 2
    _press(page, "Space", "End")
    assert not _is_playing(page)
    expect(moments.last).to_be_focused()
    expect(moments.last).to_be_in_viewport()


def test_position_and_speed_are_remembered_and_an_address_outranks_them(open_video: Callable[..., Page]):
    page = open_video()
    _wait_until_ready(page)  # Before that nothing is known that could be kept.
    page.get_by_label("Speed").select_option("2.5")
    _press(page, "l")
    page.reload()
    _wait_for(page, "Math.abs(media.currentTime - 5) < 0.01 && media.playbackRate === 2.5")
    expect(page.get_by_label("Speed")).to_have_value("2.5")
    expect(page.locator("[data-now]")).to_have_text("0:05")

    page.goto(f"{page.url}?t=2.5")
    _wait_for(page, "Math.abs(media.currentTime - 2.5) < 0.01")


def test_remembered_nonsense_is_passed_over(open_video: Callable[..., Page]):
    page = open_video()
    address = page.url
    key = f"selenite.playback.{page.locator('[data-recording]').get_attribute('data-recording')}"
    for nonsense in ('{"at": -7, "speed": 99}', '{"at": "x"}', "null", "[", "7"):
        page.goto("/")
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, nonsense])
        page.goto(address)
        _wait_until_ready(page)
        assert _media(page).evaluate("media => [media.currentTime, media.playbackRate]") == [0, 1]


def test_file_that_the_browser_cannot_play_is_told_once_and_keys_do_no_harm(open_video: Callable[..., Page]):
    page = open_video()
    page.route("**/media*", lambda route: route.fulfill(status=200, body="no video", content_type="video/mp4"))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("this browser does not know its format")
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
    for key in ("k", "l", "Space"):
        page.keyboard.press(key)
    page.locator(".moment").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_times_are_links_that_open_elsewhere_too(open_video: Callable[..., Page]):
    page = open_video()
    moment = page.locator(".moment").first
    with page.context.expect_page() as other:
        moment.click(modifiers=["ControlOrMeta"])
    assert re.search(r"\?t=0\.\d\d#paragraph-0-0$", other.value.url)
    assert not _is_playing(page)
    moment.click()
    assert _is_playing(page)
    assert "?" not in page.url


def test_stretch_is_repeated_and_marked_in_the_waveform(open_video: Callable[..., Page]):
    page = open_video()
    first = page.locator("#transcript [data-words]").first
    end = float(first.get_attribute("data-end") or 0)
    _press(page, "o")
    expect(page.get_by_role("button", name="Repeat")).to_have_attribute("aria-pressed", "true")
    assert page.locator(".player-loop").bounding_box()["width"] > 10
    page.get_by_label("Speed").select_option("3")
    _wait_for(page, f"media.currentTime > {end - 0.5}")
    _wait_for(page, f"media.currentTime < {end - 0.5} && !media.paused")
    _press(page, "l", "l", "l")  # Whoever goes elsewhere is not held back.
    expect(page.get_by_role("button", name="Repeat")).to_have_attribute("aria-pressed", "false")
    _press(page, "k")

    first.select_text()
    page.get_by_role("button", name="Repeat").click()
    _wait_for(page, f"!media.paused && media.currentTime < {end}")
    _press(page, "o", "k")
    expect(page.locator(".player-loop")).to_be_hidden()


def test_player_skips_by_more_and_less_and_is_as_loud_as_one_wants(open_video: Callable[..., Page]):
    page = open_video()
    _press(page, ".", ".", ",")
    assert _time(page) == pytest.approx(1.0, abs=0.01)
    for key in ("Shift+L", "Shift+J"):
        page.keyboard.press(key)
    assert _time(page) == pytest.approx(0.0, abs=0.01)
    for key in ("+", "+", "-"):
        page.keyboard.press(key)
    assert _media(page).evaluate("media => [media.playbackRate, media.preservesPitch]") == [1.25, True]
    page.locator("summary", has_text="More of the player").click()
    page.get_by_role("button", name="Forward 1 second").click()
    assert _time(page) == pytest.approx(1.0, abs=0.01)
    page.get_by_role("slider", name="Volume").fill("0.4")
    page.reload()
    _wait_for(page, "media.volume === 0.4")
    page.keyboard.press("m")
    assert _media(page).evaluate("media => media.muted")
    page.keyboard.press("0")
    assert _media(page).evaluate("media => [media.muted, media.volume]") == [False, 0.5]


def test_player_goes_back_when_it_is_paused(open_page: Callable[..., Page], server: Server):
    person = _add_viewer(server)
    page = open_page()
    sign_in(page, person)
    page.goto("/settings/")
    page.get_by_label("Seconds back when pausing").fill("2")
    page.get_by_role("button", name="Save Playing").click()
    expect(page.locator("#settings-playing .settings-saved")).to_be_visible()
    page.goto("/")
    open_recording(page, "jfk_video")
    _press(page, "l", "k")
    _wait_for(page, "media.currentTime > 5.3")
    _press(page, "k")
    assert 3.2 < _time(page) < 4.5


def test_text_scrolls_along_until_somebody_scrolls(open_video: Callable[..., Page], long_viewer: Person):
    page = open_video(long_viewer, height=600)
    expect(page.locator("#rest")).to_have_count(0)
    follow = page.get_by_role("button", name="Follow what is played")
    _press(page, "k")
    page.evaluate("document.querySelector('[data-media]').currentTime = 9")
    page.wait_for_function("() => document.querySelector('.paragraph[data-playing]')")
    expect(follow).to_be_hidden()
    page.mouse.move(700, 300)
    page.mouse.wheel(0, 4000)
    expect(follow).to_be_visible()
    follow.click()
    expect(page.locator(".paragraph[data-playing]")).to_be_in_viewport()
    expect(follow).to_be_hidden()


def test_file_in_which_browsers_miss_the_moment_is_played_from_a_copy(open_page: Callable[..., Page], server: Server):
    person = server.add_person()
    server.give("jfk.mp3", person)
    page = open_page()
    sign_in(page, person)
    open_recording(page, "jfk")
    address = page.url
    while "/playback" not in (page.locator("audio").get_attribute("src") or ""):
        page.goto(address)
    _wait_until_ready(page)
    page.locator("[data-seek]").fill("7.5")
    _wait_for(page, "Math.abs(media.currentTime - 7.5) < 0.01")
    page.keyboard.press("k")
    _wait_for(page, "media.currentTime > 8")


def _first_load(page: Page) -> int:
    """Return how many bytes came for the page itself: without media, and without what came when it was shown already."""
    page.goto("about:blank")
    page.go_back()
    expect(page.locator("#rest")).to_have_count(0)
    return page.evaluate(
        """() => performance.getEntries()
            .filter(({ entryType, name }) => ["navigation", "resource"].includes(entryType) && !/media|rest/.test(name))
            .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
    )


def test_transcript_of_three_hours_scrolls_and_plays_without_a_stall(
    open_video: Callable[..., Page], long_viewer: Person
):
    page = open_video(long_viewer)
    assert page.evaluate("document.querySelectorAll('*').length") < 2 * 3000
    assert _first_load(page) < FIRST_LOAD_BYTES
    longest = page.evaluate(
        """async () => {
          let [last, longest] = [performance.now(), 0];
          for (let top = 0; top < 20000; top += 200) {
            scrollTo(0, top);
            document.querySelector("[data-media]").currentTime = top / 2000;
            const now = await new Promise(requestAnimationFrame);
            [last, longest] = [now, Math.max(longest, now - last)];
          }
          return longest;
        }"""
    )
    assert longest < STALL_MILLISECONDS


def test_edit_that_moves_all_paragraphs_of_three_hours_marks_only_what_it_changed(
    open_video: Callable[..., Page], server: Server
):
    page = open_video(_add_long_viewer(server))
    expect(page.locator("#rest")).to_have_count(0)
    last = page.locator(".paragraph").last.get_attribute("id")
    page.locator(".moment").first.focus()
    page.keyboard.press("e")
    page.keyboard.type("Well, let us begin then: ")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".paragraph").last).not_to_have_attribute("id", last or "")
    expect(page.locator("[data-changed]")).to_have_count(1)
