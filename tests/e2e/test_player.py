"""The recording page as a person plays, reads and finds their way on it, by mouse and by keyboard alone."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import DATA
from tests.e2e.conftest import Person, Server
from tests.e2e.steps import open_recording, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LENGTH = "0:12"
"""Of the video: its sound ends after 11 seconds, its pictures after 12.67."""
STALL_MILLISECONDS = 500
"""Nobody waits so long without noticing. 90 to 250 were measured on two busy cores, 2026-11-22."""
SCREENS = ((320, 640), (360, 740), (600, 400), (768, 1024), (1024, 768), (1440, 900), (1920, 1080))
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
    """Return somebody whose video has the text of three hours."""
    person = _add_viewer(server)
    server.manage("shell", "--verbosity", "0", "--command", LONG_TRANSCRIPT.format(name=person.name))
    return person


def _add_viewer(server: Server) -> Person:
    person = server.add_person()
    options = ("--owner", person.name, "--model", "tiny.en", "--output", str(server.log.parent))
    server.manage("transcribe", str(DATA / "jfk_video.mp4"), *options)
    return person


@pytest.fixture
def open_video(open_page: Callable[..., Page], viewer: Person) -> Callable[..., Page]:
    """Return a function that opens the page of a video, in a browser that has not seen it before."""

    def open_one(person: Person = viewer, **options: Any) -> Page:
        page = open_page(**options)
        sign_in(page, person)
        open_recording(page, "jfk_video")
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
    options = ("--owner", person.name, "--model", "tiny.en", "--output", str(server.log.parent))
    server.manage("transcribe", str(DATA / "bad" / "truncated.mp3"), *options)
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
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        _check_that_buttons_can_be_hit(page)


def _check_that_buttons_can_be_hit(page: Page) -> None:
    """By a finger: none is small, none is under another."""
    buttons = page.locator(".player button:visible, .player select:visible").all()
    assert len(buttons) >= 5
    boxes = [button.bounding_box() for button in buttons]
    assert [(box["width"] >= 44, box["height"] >= 44) for box in boxes] == [(True, True)] * len(boxes)
    assert all(left["x"] + left["width"] <= right["x"] for left, right in _neighbours(boxes))


def _neighbours(boxes: list[Any]) -> list[tuple[Any, Any]]:
    in_a_row = sorted(boxes, key=lambda box: box["x"])
    return list(pairwise(in_a_row))


def test_last_line_of_the_text_is_not_behind_the_player(open_video: Callable[..., Page], long_viewer: Person):
    page = open_video(long_viewer, width=360, height=740)
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
    _press(page, "k")
    assert not _is_playing(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard").click()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Keyboard")).to_be_focused()


def test_text_is_one_stop_of_tab_and_arrows_reach_each_word(open_video: Callable[..., Page], long_viewer: Person):
    page = open_video(long_viewer)
    moments = page.locator(".moment")
    assert moments.count() > 100
    page.locator("summary", has_text="More actions").focus()
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


def test_transcript_of_three_hours_scrolls_and_plays_without_a_stall(
    open_video: Callable[..., Page], long_viewer: Person
):
    page = open_video(long_viewer)
    assert page.evaluate("document.querySelectorAll('*').length") < 2 * 3000
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
