"""Uploads that meet trouble: a session that ends, a model that cannot do it, an answer that is lost, names that are long."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.faulty import faulty_server
from tests.e2e.server import Person, Server
from tests.e2e.steps import choose_files, sign_in

pytestmark = pytest.mark.e2e

NOTHING_SAVED = "Nothing was saved."
MAYBE_SAVED = "The file was sent completely; it may have been saved. Look in the recordings before you send it again."
PHONE = {"width": 360, "height": 740}
LONG_NAMES = ("W" * 200, "مقابلة" * 33, "録音記録" * 50)


def _payload(data: Path, name: str) -> FilePayload:
    """Return a recording that no other is the same as: what is behind its end is passed over."""
    return FilePayload(name=name, mimeType="audio/ogg", buffer=(data / "jfk.opus").read_bytes() + name.encode())


def _send(page: Page) -> None:
    page.get_by_role("button", name="Upload and transcribe").click()


def test_upload_goes_on_after_signing_in_again_in_another_tab(
    open_page: Callable[..., Page], person: Person, data: Path
):
    page = open_page(expected_error="401")
    sign_in(page, person)
    choose_files(page, [data / "jfk.opus", data / "jfk.mp3"])
    other = page.context.new_page()
    other.goto("/")
    other.locator("summary", has_text=person.name).click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

    _send(page)
    expect(page.get_by_text("You were signed out. Sign in again in another tab, then press Try again.")).to_be_visible()
    page.evaluate("document.body.dispatchEvent(new Event('queue-changed'))")
    page.wait_for_timeout(500)
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    sign_in(opened.value, person)
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("2 uploaded", exact=True)).to_be_visible()
    language = page.get_by_label("Language spoken")
    expect(language).to_be_hidden()
    page.locator("input[type=file]").set_input_files(data / "jfk.mp3")
    expect(language).to_be_visible()
    expect(page.get_by_text("What you choose below is for the files that are not sent yet")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(language).to_be_hidden()
    page.get_by_role("link", name="Go to the recordings").click()
    expect(page.locator(".recording")).to_have_count(2)


def test_impossible_choice_is_explained_before_anything_is_sent(
    open_page: Callable[..., Page], person: Person, data: Path
):
    page = open_page()
    sign_in(page, person)
    choose_files(page, [data / "jfk.opus"])
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    expect(page.get_by_label("Model")).to_be_hidden()
    page.locator("summary", has_text="Advanced").click()
    expect(page.get_by_text("Automatic takes base with faster-whisper.")).to_be_visible()
    page.get_by_label("Model").select_option("faster-whisper/tiny.en")
    expect(page.locator("#model")).to_contain_text("Runs with faster-whisper")
    page.get_by_label("Language spoken").select_option("German")
    expect(page.locator("#id_model_error")).to_have_text("Model tiny.en knows English only. Choose another one.")
    page.locator("summary", has_text="Advanced").click()
    _send(page)
    expect(page.get_by_label("Model")).to_be_focused()
    expect(page.get_by_text("1 file chosen, not sent yet")).to_be_visible()
    assert posts == []

    page.get_by_label("Model").select_option("Automatic")
    expect(page.locator("#id_model_error")).to_have_count(0)
    _send(page)
    expect(page.get_by_text("1 uploaded", exact=True)).to_be_visible()
    assert len(posts) == 1


@pytest.mark.parametrize("javascript", [True, False])
def test_options_of_the_engine_are_told_beside_the_field_and_obeyed(
    open_page: Callable[..., Page], server: Server, data: Path, javascript: bool
):
    page = open_page(javascript=javascript, expected_error="" if javascript else "422")
    sign_in(page, server.add_person(is_staff=True))
    choose_files(page, [data / "jfk.opus"])
    page.locator("summary", has_text="Advanced").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Extra options")
    field.fill("beam_size=30")
    _send(page)
    expect(page.locator("#id_extra_options_error")).to_have_text(
        "beam_size takes a whole number from 1 to 10, not “30”."
    )
    expect(field).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")

    field.fill("beam_size=1, hotwords=Kennedy")
    if not javascript:
        page.locator("input[type=file]").set_input_files(data / "jfk.opus")
    _send(page)
    if javascript:
        page.get_by_role("link", name="Open").click()
    else:
        page.get_by_role("link", name="jfk").first.click()
    expect(page.get_by_role("list", name="Facts")).to_contain_text("beam_size=1, hotwords=Kennedy")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("half", f"The connection broke. {NOTHING_SAVED}"),
        ("break", f"The connection broke. {MAYBE_SAVED}"),
        ("answer", f"The server could not take the file (502). {MAYBE_SAVED}"),
    ],
)
def test_nothing_is_said_to_be_lost_that_may_have_been_saved(
    open_page: Callable[..., Page], server: Server, person: Person, tmp_path: Path, fault: str, sentence: str
):
    nothing = tmp_path / "nothing.wav"
    nothing.write_bytes(bytes(20_000_000))
    page = open_page(expected_error="Failed to load resource")
    with faulty_server(server.url) as faulty:
        sign_in(page, person, faulty.url)
        page.goto(f"{faulty.url}/upload/")
        page.locator("input[type=file]").set_input_files(nothing)
        faulty.fault = fault
        _send(page)
        expect(page.locator(".upload-note")).to_have_text(sentence)

        faulty.fault = ""
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".upload-note")).to_contain_text("Could not read this file.")


def test_upload_button_is_in_sight_on_a_phone(open_page: Callable[..., Page], person: Person):
    page = open_page(**PHONE)
    sign_in(page, person)
    page.goto("/upload/")
    expect(page.get_by_role("button", name="Upload and transcribe")).to_be_in_viewport(ratio=1)


def test_long_names_fit_a_phone(open_page: Callable[..., Page], person: Person, data: Path):
    page = open_page(**PHONE)
    sign_in(page, person)
    page.goto("/upload/")
    page.locator("input[type=file]").set_input_files([_payload(data, f"{name}.opus") for name in LONG_NAMES])
    assert _overflow(page) == []
    _send(page)
    expect(page.get_by_text("3 uploaded", exact=True)).to_be_visible()
    assert _overflow(page) == []

    for name in LONG_NAMES:
        page.goto("/")
        assert _overflow(page) == []
        page.get_by_role("link", name=name[:150]).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        assert _overflow(page) == []
        _drop(page, f"{name}.opus")
        expect(page.locator(".uploads-tray .upload")).to_be_visible()
        assert _overflow(page) == []
        assert _covers_the_player(page) is False
        page.goto(f"{page.url}delete/")
        assert _overflow(page) == []
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_role("heading", name="Recordings")).to_be_visible()
        assert _overflow(page) == []


def _overflow(page: Page) -> list[str]:
    """Return what is drawn beyond the sides of the page, once its style sheets are there; not what is scrolled sideways in itself."""
    page.wait_for_load_state()
    return page.evaluate(
        """() => {
          const isScrolled = (element) => {
            const around = element.parentElement;
            return around !== null && (getComputedStyle(around).overflowX === "auto" || isScrolled(around));
          };
          return [...document.querySelectorAll("body *")]
            .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden, thead, .player"))
            .filter((element) => !isScrolled(element))
            .map((element) => [element.className || element.localName, element.getBoundingClientRect()])
            .filter(([name, box]) => box.width && (box.left < -1 || box.right > document.documentElement.clientWidth + 1))
            .map(([name, box]) => `${name} ${box.left} ${box.right}`)
            .concat(document.documentElement.scrollWidth > innerWidth ? ["the page"] : []);
        }"""
    )


def _drop(page: Page, name: str) -> None:
    """Drop a file whose upload is only said to be done: what is looked at is its line in the tray."""
    page.wait_for_load_state()
    page.route("**/upload/", lambda route: route.fulfill(status=200, json={"url": "/", "title": name}))
    page.evaluate(
        """(name) => {
            const files = new DataTransfer();
            files.items.add(new File(["x"], name));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }""",
        name,
    )


def _covers_the_player(page: Page) -> bool:
    tray, player = page.locator(".uploads-tray").bounding_box(), page.locator(".player").bounding_box()
    assert tray
    assert player
    return tray["y"] + tray["height"] > player["y"]
