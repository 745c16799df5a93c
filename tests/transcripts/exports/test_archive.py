"""Many transcripts in one archive, and the page and the table among the formats."""

import csv
import io
import zipfile
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client

from preferences.models import UserDefaults
from tests.conftest import MakeJob, MakeRecording, MakeSegments
from tests.transcripts.exports.samples import document, segment
from transcripts.exports import render
from transcripts.exports.archive import Names, archive
from transcripts.exports.options import DEFAULTS, ExportOptions
from transcripts.exports.page import render as render_page
from transcripts.exports.table import render as render_table
from transcripts.models import Job, Recording

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def make_shown(make_recording: MakeRecording, make_job: MakeJob, make_segments: MakeSegments):
    """Return a function that makes a recording with a complete transcript."""

    def make(title: str, **fields: object) -> Recording:
        recording = make_recording(title=title, **fields)
        recording.shown_job = make_job(recording, state=Job.State.COMPLETED, language="en")
        recording.save()
        make_segments(recording.shown_job)
        return recording

    return make


def _opened(data: bytes) -> zipfile.ZipFile:
    file = zipfile.ZipFile(io.BytesIO(data))
    assert file.testzip() is None
    return file


def _selected(client: Client, *recordings: Recording, **fields: object):
    ids = " ".join(recording.pk.hex for recording in recordings)
    return client.post("/recordings/selected", {"action": "export", "confirmed": "1", "ids": ids, **fields})


def test_archive_numbers_equal_titles_and_keeps_all_letters(make_shown):
    recordings = [make_shown(title) for title in ("日本 / *講義*", "Talk", "TALK", "talk", "readme")]
    file = _opened(b"".join(archive(recordings, ["txt", "srt"])))
    assert file.namelist() == [
        f"{stem}.{kind}"
        for stem in ("日本 講義", "Talk", "TALK (2)", "talk (3)", "readme (2)")
        for kind in ("txt", "srt")
    ]
    for recording, name in zip(recordings, file.namelist()[::2], strict=True):
        assert file.read(name) == render(recording.shown_job, "txt")


def test_archive_names_what_has_no_transcript(make_shown, make_recording: MakeRecording, make_job: MakeJob):
    unfinished = make_recording(b"x", title="Läuft noch")
    make_job(unfinished)
    file = _opened(b"".join(archive([unfinished, make_shown("Talk")], ["md"])))
    assert file.namelist() == ["Talk.md", "readme.txt"]
    assert file.read("readme.txt").decode().endswith("\r\n\r\n- Läuft noch\r\n")


def test_archive_is_handed_on_while_it_is_written(make_shown):
    recordings = [make_shown(f"Talk {number}") for number in range(3)]
    chunks = list(archive(recordings, ["txt"]))
    assert len(chunks) == 4
    assert chunks[0].startswith(b"PK")


def test_names_never_meet_a_number_that_is_taken():
    names = Names()
    assert [names.new(title) for title in ("a", "a (2)", "A", "a")] == ["a", "a (2)", "A (3)", "a (4)"]


def test_selected_recordings_are_exported(alice_client: Client, make_shown):
    recordings = [make_shown("One"), make_shown("Two")]
    ticked = [str(recording.pk) for recording in recordings]
    question = alice_client.post("/recordings/selected", {"action": "export", "recording": ticked}).text
    assert "Export 2 recordings" in question
    response = _selected(alice_client, *recordings, formats=["json", "html"])
    assert response.streaming
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="Transcripts ')
    names = _opened(b"".join(response.streaming_content)).namelist()
    assert sorted(names) == ["One.html", "One.json", "Two.html", "Two.json"]


@pytest.mark.parametrize(("choice", "times"), [("", None), ("1", True), ("0", False)])
def test_times_are_chosen_for_all(alice_client: Client, make_shown, choice: str, times: bool | None):
    recording = make_shown("One")
    response = _selected(alice_client, recording, formats=["txt", "md"], times=choice)
    file = _opened(b"".join(response.streaming_content))
    chosen = ExportOptions(times=times)
    assert [file.read(name) for name in ("One.txt", "One.md")] == [
        render(recording.shown_job, name, options=chosen) for name in ("txt", "md")
    ]


@pytest.mark.parametrize(("usual", "choice"), [(True, ""), (False, "0")])
def test_choice_of_times_begins_as_the_person_has_set_it(
    alice_client: Client, alice: User, make_shown, usual: bool, choice: str
):
    mine = UserDefaults.of(alice)
    mine.export_times = usual
    mine.save()
    ticked = str(make_shown("One").pk)
    question = alice_client.post("/recordings/selected", {"action": "export", "recording": ticked}).text
    assert f'<option value="{choice}" selected>' in question


def test_nothing_of_others_is_exported(client: Client, bob_client: Client, carol_client: Client, make_shown):
    recording = make_shown("Secret")
    names = [
        _opened(b"".join(_selected(each, recording, formats=["txt"]).streaming_content)).namelist()
        for each in (bob_client, carol_client)
    ]
    assert names == [[], ["Secret.txt"]]
    assert _selected(client, recording, formats=["txt"]).status_code == 302


@pytest.mark.parametrize("formats", [[], ["pdf"], ["txt", "../x"]])
def test_export_without_a_format_is_asked_again(alice_client: Client, make_shown, formats: list[str]):
    response = _selected(alice_client, make_shown("One"), formats=formats)
    assert (response.status_code, "Export 1 recording<" in response.text) == (422, True)


class Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_page_has_no_script_and_loads_nothing_whatever_was_said():
    page = render_page(document([segment(0, 1, HOSTILE, speaker=HOSTILE)], title=HOSTILE), DEFAULTS).decode()
    parsed = Parsed(page)
    assert parsed.tags == {
        *("html", "head", "meta", "title", "style", "body", "h1", "p", "time", "span"),
    }
    assert parsed.attributes == {"lang", "charset", "name", "content", "http-equiv", "dir", "class"}
    assert "default-src 'none'" in page
    assert "url(" not in page


def test_page_follows_the_options():
    page = render_page(document([segment(0, 1, "Hi", speaker="Ann")]), ExportOptions(times=False, names=False)).decode()
    assert '<p dir="auto">Hi</p>' in page


def test_table_is_read_as_it_was_written():
    lines = [segment(0.4, 1.25, '"Quoted" and more', speaker="Ann"), segment(2, 3, "=1+1")]
    table = render_table(document(lines), DEFAULTS).decode()
    rows = list(csv.reader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows == [
        ["start", "end", "text", "speaker"],
        ["400", "1250", '"Quoted" and more', "Ann"],
        ["2000", "3000", "=1+1", ""],
    ]
    assert render_table(document(lines), ExportOptions(names=False)).decode().startswith("start\tend\ttext\n400\t")
