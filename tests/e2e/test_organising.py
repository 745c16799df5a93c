"""A library put in order: tags, titles, notes, comments, filters and archives, with and without JavaScript."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import SAID, TRANSCRIBE_MILLISECONDS, choose_files, sign_in, words

NEW_TAGS = re.compile(r"^(Other tags|Tags)$")
"""How the field is called depends on whether there are tags to choose from."""

pytestmark = pytest.mark.e2e

TITLE = "Inaugural address 1961"


def _upload(page: Page, file: Path) -> None:
    """Upload a recording with a tag that fills in the language, and one that is new; open it."""
    choose_files(page, [file])
    page.get_by_label(NEW_TAGS).fill("speeches")
    page.get_by_role("button", name="Upload and transcribe").click()
    page.get_by_role("link", name="Open").click()
    expect(page.locator("summary", has_text="Export")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)


def _settle(page: Page) -> None:
    """Wait until nothing is under way, and what came is ready to be pressed."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def _make_tag(page: Page, name: str) -> None:
    page.get_by_role("link", name="Tags", exact=True).click()
    page.get_by_label("New tags").fill(name)
    page.get_by_label("New tags").press("Enter")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def test_a_library_is_put_in_order(open_page: Callable[..., Page], person: Person, data: Path):
    page = open_page()
    sign_in(page, person)
    _give_defaults(page)
    _upload_with_tags(page, data / "jfk.opus")
    _tag_and_rename(page)
    _comment(page)
    _write_note(page)
    _narrow_and_keep(page)
    _tag_selected(page)
    _export_selected(page)


def _give_defaults(page: Page) -> None:
    """Make a tag that fills in the language and words to expect."""
    _make_tag(page, "Archive")
    page.get_by_role("link", name="Edit Archive").click()
    page.get_by_label("Language spoken").select_option("English")
    page.get_by_label("Names and words to expect").fill("Kennedy")
    page.get_by_label("Turquoise").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("fills in English, words to expect")).to_be_visible()


def _upload_with_tags(page: Page, file: Path) -> None:
    """Upload with that tag, whose words are overwritten, and a new one; open the text."""
    choose_files(page, [file])
    page.locator("label", has_text="Archive").click()
    expect(page.get_by_text("Filled in by your tags: the language, words to expect.")).to_be_visible()
    expect(page.get_by_label("Language spoken")).to_have_value("en")
    page.get_by_label("Names and words to expect").fill("Americans")
    _settle(page)
    page.locator("label", has_text="Archive").click()
    expect(page.get_by_label("Names and words to expect")).to_have_value("Americans")
    expect(page.get_by_label("Language spoken")).to_have_value("")
    _settle(page)
    page.locator("label", has_text="Archive").click()
    _settle(page)
    page.get_by_label(NEW_TAGS).fill("speeches")
    page.get_by_role("button", name="Upload and transcribe").click()
    page.get_by_role("link", name="Open").click()
    expect(page.locator("summary", has_text="Export")).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)


def _tag_and_rename(page: Page) -> None:
    tags = page.get_by_role("list", name="Tags", exact=True)
    expect(tags.get_by_role("link")).to_have_text(["Archive", "speeches"])
    page.get_by_label("Add tags").fill("to check, ARCHIVE")
    page.keyboard.press("Enter")
    expect(tags.get_by_role("link")).to_have_text(["Archive", "speeches", "to check"])
    expect(page.get_by_label("Add tags")).to_be_focused()
    page.get_by_role("button", name="Take off speeches").click()
    expect(tags.get_by_role("link")).to_have_text(["Archive", "to check"])

    page.get_by_role("link", name="Rename the recording").click()
    page.get_by_label("Title", exact=True).press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("jfk")
    page.get_by_role("link", name="Rename the recording").click()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page).to_have_title(f"{TITLE} · Selenite")


def _comment(page: Page) -> None:
    """Leave a comment, change it, and go to its moment."""
    page.get_by_label("Comment", exact=True).fill("The famous words")
    page.get_by_label("At", exact=True).fill("0:05")
    page.get_by_label("Comment", exact=True).press("Control+Enter")
    comments = page.get_by_role("list", name="Comments")
    expect(comments).to_contain_text("The famous words")
    _settle(page)
    expect(page.get_by_label("Comment", exact=True)).to_be_focused()
    comments.get_by_role("link", name="Edit the comment").press("Enter")
    edited = comments.get_by_role("textbox", name="Comment")
    expect(edited).to_be_focused()
    assert edited.evaluate("field => field.selectionStart") == len("The famous words")
    edited.press("Escape")
    expect(edited).to_have_count(0)
    expect(comments.get_by_role("link", name="Edit the comment")).to_be_focused()
    _settle(page)
    # As a browser does where somebody makes a field higher: what takes its place may have no style of its own.
    page.get_by_label("Comment", exact=True).evaluate("field => (field.style.height = '90px')")
    comments.get_by_role("link", name="Edit the comment").click()
    edited.fill("Words that became famous")
    comments.get_by_role("button", name="Save").click()
    expect(comments).to_contain_text("Words that became famous")
    comments.get_by_role("link", name="0:05", exact=True).click()
    expect(page.locator("[data-now]")).to_have_text(re.compile(r"0:(0[5-9]|1\d)"))


def _write_note(page: Page) -> None:
    page.get_by_label("Note", exact=True).fill("Played at the opening")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    _settle(page)
    page.reload()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Played at the opening")
    _settle(page)


def _narrow_and_keep(page: Page) -> None:
    """Show the recordings of a tag and save that filter."""
    page.goto("/")
    page.locator("summary", has_text="Tags").click()
    page.locator(".tag-choice", has_text="to check").click()
    page.locator(".narrow-tags").get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    page.get_by_role("combobox", name="State").select_option("Done")  # The filter is kept as it stands, shown or not.
    page.get_by_role("link", name="Saved filters").click()
    expect(page.get_by_role("dialog")).to_contain_text("Done, tagged “to check”")
    page.get_by_label("Keep this as").fill("My work")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The filter “My work” is kept")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


def _tag_selected(page: Page) -> None:
    """Tag by keyboard only: to the row, select it, the dialog, its field."""
    _settle(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Find by title")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=TITLE)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_label(f"Select {TITLE}")).to_be_checked()
    page.keyboard.press("Shift+T")
    expect(page.get_by_role("dialog").get_by_label("Tags", exact=True)).to_be_focused()
    page.keyboard.type("shared")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“shared” added to 1 recording.")).to_be_visible()
    expect(page.get_by_role("link", name="shared")).to_be_visible()
    expect(page.get_by_role("link", name=TITLE)).to_be_focused()
    _settle(page)


def _export_selected(page: Page) -> None:
    """What was done to the selection before leaves it selected."""
    expect(page.get_by_label(f"Select {TITLE}")).to_be_checked()
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Table (.tsv)").check()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export").click()
    _check(Path(download.value.path()).read_bytes())
    expect(dialog).to_be_hidden()
    _settle(page)


def test_a_note_that_two_people_write_is_never_lost(open_page: Callable[..., Page], person: Person, data: Path):
    first = open_page(expected_error="422")
    sign_in(first, person)
    _upload(first, data / "jfk.opus")
    second = open_page()
    sign_in(second, person)
    _settle(first)
    second.goto(first.url)
    second.get_by_label("Note", exact=True).fill("from the second")
    expect(second.get_by_text("Saved", exact=True)).to_be_visible()
    first.get_by_label("Note", exact=True).fill("from the first")
    expect(first.get_by_text("has changed the note since")).to_be_visible()
    expect(first.locator("blockquote")).to_have_text("from the second")
    expect(first.get_by_label("Note", exact=True)).to_have_value("from the first")
    _settle(first)
    first.get_by_role("button", name="Save mine in its place").click()
    expect(first.get_by_text("Saved", exact=True)).to_be_visible()
    _settle(second)
    second.reload()
    expect(second.get_by_label("Note", exact=True)).to_have_value("from the first")


def test_a_note_outlives_a_lost_connection_a_reload_and_a_sign_out(
    open_page: Callable[..., Page], person: Person, data: Path
):
    page = open_page(expected_error=("Failed to load resource", "htmx:", "Response Status Error"))
    sign_in(page, person)
    _upload(page, data / "jfk.opus")
    note, state = page.get_by_label("Note", exact=True), page.locator("#note-saving")
    page.context.set_offline(True)
    note.fill("Typed without a connection")
    expect(state).to_contain_text("Not saved yet: there is no connection.")
    page.context.set_offline(False)
    expect(state).to_have_text("Saved")
    page.route("**/note", lambda route: route.abort())
    note.fill("Typed before a reload")
    expect(state).to_contain_text("Not saved yet: there is no connection.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(note).to_have_value("Typed before a reload")
    page.unroute("**/note")
    expect(state).to_have_text("Saved")
    session = next(cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    page.context.clear_cookies(name="sessionid")
    note.fill("Typed after a sign-out")
    expect(state.get_by_role("link", name="Sign in")).to_be_visible()
    page.context.add_cookies([session])
    expect(state).to_have_text("Saved")
    page.reload()
    expect(note).to_have_value("Typed after a sign-out")


def test_what_cannot_be_done_without_a_connection_is_told(open_page: Callable[..., Page], person: Person, data: Path):
    page = open_page(expected_error=("Failed to load resource", "htmx:", "Response Status Error"))
    sign_in(page, person)
    _upload(page, data / "jfk.opus")
    told = page.get_by_text("There is no connection to Selenite, so this was not done.")
    _settle(page)
    page.context.set_offline(True)
    page.get_by_label("Add tags").fill("oral history")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(told).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("list", name="Tags", exact=True)).to_contain_text("oral history")
    expect(told).to_have_count(0)
    page.route("**/comments", lambda route: route.fulfill(status=500))
    page.route("**/comment", lambda route: route.fulfill(status=500))
    page.get_by_label("Comment", exact=True).fill("Lost?")
    page.get_by_label("Comment", exact=True).press("Control+Enter")
    expect(page.get_by_text("Something went wrong in Selenite")).to_be_visible()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Lost?")


def test_title_is_selected_where_it_is_changed(open_page: Callable[..., Page], server: Server, person: Person):
    server.give("jfk.mp3", person)
    page = open_page()
    sign_in(page, person)
    page.locator("[data-row] [data-menu] > summary").click()
    page.get_by_role("link", name="Rename…").click()
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.type("Address")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Address", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Address")
    page.wait_for_load_state()  # Before its scripts are there, the pencil leads to a page.
    page.get_by_role("link", name="Rename the recording").click()
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.type("Inaugural")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Inaugural")


def test_what_is_chosen_by_hand_is_filled_in_by_no_tag(open_page: Callable[..., Page], person: Person, data: Path):
    page = open_page()
    sign_in(page, person)
    _give_defaults(page)
    choose_files(page, [data / "jfk.opus"])
    page.locator("label", has_text="Archive").click()
    told = page.locator("[data-filled]")
    expect(told).to_have_text("Filled in by your tags: the language, words to expect.")
    _settle(page)
    page.get_by_label("Language spoken").focus()
    page.keyboard.press("End")  # Chosen by a person, not by a script.
    expect(page.get_by_label("Language spoken")).not_to_have_value("en")
    expect(told).to_have_text("Filled in by your tags: words to expect.")
    _settle(page)
    page.get_by_label("Names and words to expect").press("End")
    page.keyboard.type("s")
    page.keyboard.press("Tab")
    expect(told).to_be_empty()
    _settle(page)


def test_a_library_is_put_in_order_without_javascript(open_page: Callable[..., Page], person: Person, data: Path):
    page = open_page(javascript=False)
    sign_in(page, person)
    _make_tag(page, "Archive")
    choose_files(page, [data / "jfk.opus"])
    page.locator("label", has_text="Archive").click()
    page.get_by_label(NEW_TAGS).fill("speeches")
    page.get_by_role("button", name="Upload and transcribe").click()
    page.get_by_role("link", name="jfk").first.click()
    for _ in range(TRANSCRIBE_MILLISECONDS // 500):
        if page.locator("summary", has_text="Export").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    tags = page.get_by_role("list", name="Tags", exact=True)
    expect(tags.get_by_role("link")).to_have_text(["Archive", "speeches"])
    page.get_by_role("button", name="Take off speeches").click()
    page.get_by_label("Add tags").fill("to check")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(tags.get_by_role("link")).to_have_text(["Archive", "to check"])
    page.get_by_label("Note", exact=True).fill("Played at the opening")
    page.locator(".note").get_by_role("button", name="Save").click()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Played at the opening")
    page.get_by_label("Comment", exact=True).fill("The famous words")
    page.get_by_label("At", exact=True).fill("0:05")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("list", name="Comments")).to_contain_text("The famous words")
    page.get_by_role("link", name="Rename the recording").click()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)

    page.locator(".reading-title summary", has_text="More actions").click()
    page.get_by_role("link", name="Import a transcript…").click()
    text = b"And so my fellow citizens, ask not what your country can do for you, ask what you can do for your country."
    file = {"name": "text.txt", "mimeType": "text/plain", "buffer": text}
    page.get_by_label("Transcript").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("article", name="Transcript")).to_contain_text("my fellow citizens")

    page.goto("/")
    page.get_by_role("link", name="to check").click()
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    page.get_by_label(f"Select {TITLE}").check()
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    _check(Path(download.value.path()).read_bytes())


def _check(data: bytes) -> None:
    """Look for the words in each file of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert {f"{TITLE}.txt", f"{TITLE}.docx"} <= set(file.namelist())
        texts = [file.read(name).decode() for name in file.namelist() if not name.endswith(".docx")]
    assert all(SAID in words(text) for text in texts)
