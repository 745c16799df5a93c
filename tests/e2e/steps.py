"""What a person does in the pages, one step at a time."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path

import docx
import srt
import webvtt
from playwright.sync_api import Page, expect

from tests.e2e.server import Person

TRANSCRIBE_MILLISECONDS = 180_000
SAID = "ask not what your country can do for you"


def words(text: str) -> str:
    """Return a text without punctuation, line ends and capitals."""
    return " ".join(re.findall(r"[\w']+", text.lower()))


def sign_in(page: Page, person: Person, url: str = "") -> None:
    page.goto(f"{url}/")
    page.get_by_label("Username").fill(person.name)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Recordings")).to_be_visible()
    page.wait_for_load_state()  # Keys are heard from then on.


def choose_files(page: Page, files: Iterable[Path]) -> None:
    """Fill in the upload form."""
    page.get_by_role("link", name="Upload").first.click()
    page.locator("input[type=file]").set_input_files(list(files))


def open_recording(page: Page, title: str) -> None:
    page.goto("/")
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def export_all(page: Page) -> dict[str, bytes]:
    """Save the transcript in every format that the menu offers and return the files by format."""
    page.locator("summary", has_text="Export").click()
    links = page.get_by_role("link").filter(has_text=re.compile(r"\.(txt|srt|vtt|json|docx|md|html|tsv)$"))
    return dict(_save(page, links.nth(number).click) for number in range(links.count()))


def _save(page: Page, click: Callable[[], None]) -> tuple[str, bytes]:
    with page.expect_download() as download:
        click()
    return Path(download.value.suggested_filename).suffix[1:], Path(download.value.path()).read_bytes()


def texts_of_exports(files: dict[str, bytes]) -> dict[str, str]:
    """Return what a real parser of each format finds in the files."""
    return {
        "txt": files["txt"].decode("utf-8"),
        "md": files["md"].decode("utf-8"),
        "html": unescape(re.sub(r"<[^>]*>", " ", files["html"].decode("utf-8"))),
        "tsv": " ".join(
            row["text"] for row in csv.DictReader(files["tsv"].decode("utf-8").splitlines(), dialect="excel-tab")
        ),
        "srt": " ".join(cue.content for cue in srt.parse(files["srt"].decode("utf-8"))),
        "vtt": " ".join(cue.text for cue in webvtt.from_string(files["vtt"].decode("utf-8"))),
        "json": "".join(segment["text"] for segment in json.loads(files["json"])["segments"]),
        "docx": " ".join(paragraph.text for paragraph in docx.Document(io.BytesIO(files["docx"])).paragraphs),
    }


def delete(page: Page) -> None:
    page.locator(".reading-title summary", has_text="More actions").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Recordings")).to_be_visible()
