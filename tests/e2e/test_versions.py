"""A stretch transcribed again, and two versions compared: on a real job, by keyboard, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Person, Server
from tests.e2e.steps import TRANSCRIBE_MILLISECONDS, open_recording, sign_in
from tests.e2e.test_access import STYLES_OF_AXE, _seen

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SCRIPT = """
from uuid import uuid4
from transcripts.models import Job
from transcripts.services import corrections
job = Job.objects.get(owner__username={name!r})
rows = list(job.segments.all())
job.pk, job._state.adding = uuid4(), True
job.save()
for row in rows:
    row.pk, row.job = None, job
    row.save()
row = job.recording.jobs.exclude(pk=job.pk).get().segments.get(text__contains="fellow")
corrections.write(row.job, row.pk, row.text.replace("fellow", "yellow"), base=row.text, author=job.owner)
"""
"""Make a second version of the only job, and a mistake in the first one, which is shown."""

SPEAKERS = """
from transcripts.models import Job, Segment, Speaker
from transcripts.services import corrections
shown = Job.objects.filter(owner__username={name!r}).earliest("created_at")
for job in Job.objects.filter(owner__username={name!r}):
    job.segments.update(speaker=Speaker.objects.create(job=job, number=1, name="Kennedy"))
row = shown.segments.first()
corrections.write(shown, row.pk, "And so", base=row.text, author=shown.owner)
"""
"""Say who speaks, and leave a few words of one version."""
LINES = """
() => [...document.querySelectorAll(".compare-row")].map(
    (row) => [...row.querySelectorAll(".compare-text > p")].map((each) => each.getBoundingClientRect().y))
"""


@pytest.fixture
def reader(server: Server) -> Person:
    """Return somebody with a recording in two versions; the one in use has “yellow” in place of “fellow”."""
    person = server.add_person()
    server.give("jfk.mp3", person)
    server.run(SCRIPT.format(name=person.name))
    return person


def _open(open_page: Callable[..., Page], person: Person, **options: object) -> Page:
    page = open_page(**options)
    sign_in(page, person)
    open_recording(page, "jfk")
    page.wait_for_load_state()  # Keys are heard from then on.
    expect(page.locator("#transcript")).to_contain_text("yellow")
    return page


def test_stretch_comes_back_as_a_suggestion_that_is_accepted_undone_and_refused(
    open_page: Callable[..., Page], reader: Person
):
    page = _open(open_page, reader, expected_error=STYLES_OF_AXE)
    expect(page.locator("[data-play]")).to_be_visible()  # The scripts are there.
    page.locator(".moment").first.focus()
    page.keyboard.press("w")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("From")).to_have_value(re.compile(r"0:0"))
    dialog.get_by_label("Model").select_option("faster-whisper/tiny.en")
    assert list(_seen(page, "the form of a stretch")) == []
    page.route("**/upload/*", lambda route: None)  # The explanation of the model is on its way for ever.
    dialog.get_by_label("Model").select_option("faster-whisper/tiny.en")
    dialog.get_by_label("To", exact=True).press("Enter")
    expect(dialog).to_be_hidden()
    look = page.get_by_role("link", name="Look at the suggestion")
    expect(look).to_be_visible(timeout=TRANSCRIBE_MILLISECONDS)

    here = page.locator(".paragraph").get_by_role("link", name=re.compile(r"^Suggestion for 0:00"))
    expect(here).to_be_visible()
    here.click()
    expect(dialog.locator("del")).to_have_text(re.compile("yellow"))
    page.keyboard.press("Escape")
    expect(here).to_be_focused()
    page.keyboard.press("Shift+W")
    expect(dialog.locator("del")).to_have_text(re.compile("yellow"))
    expect(dialog.locator("ins")).to_have_text(re.compile("fellow"))
    assert list(_seen(page, "a suggestion")) == []
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("The suggestion is in the text now.")
    expect(page.locator("#transcript")).to_contain_text("fellow")
    expect(page.get_by_text("1 earlier suggestion")).to_be_visible()
    expect(here).to_have_count(0)

    page.keyboard.press("Control+z")
    expect(page.locator("#transcript")).to_contain_text("yellow")
    expect(look).to_be_visible()
    expect(here).to_be_visible()
    look.click()
    dialog.get_by_role("button", name="Put away").click()
    expect(page.get_by_text("1 earlier suggestion")).to_be_visible()
    expect(here).to_have_count(0)
    expect(page.locator("#transcript")).to_contain_text("yellow")
    page.reload()
    page.get_by_text("1 earlier suggestion").click()
    expect(page.get_by_text(re.compile("put away, tiny.en"))).to_be_visible()


def test_versions_are_compared_by_keyboard_and_the_other_one_is_put_in_use(
    open_page: Callable[..., Page], reader: Person
):
    page = _open(open_page, reader, expected_error=STYLES_OF_AXE)
    page.locator("summary", has_text="2 versions").click()
    page.get_by_role("link", name="Compare versions").click()
    expect(page.get_by_text("1 difference")).to_be_visible()
    assert list(_seen(page, "two versions")) == []
    page.keyboard.press("n")
    expect(page.get_by_text("Difference 1 of 1")).to_be_visible()
    expect(page.locator("del[data-current]")).to_contain_text("yellow")
    expect(page.locator("ins[data-current]")).to_contain_text("fellow")
    page.locator("[data-play-at]:visible").first.click()
    page.wait_for_function("() => !document.querySelector('[data-media]').paused")
    page.get_by_label("As recognised, without corrections").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("No differences.")).to_be_visible()
    page.get_by_role("button", name="Use version B").click()
    expect(page.get_by_text("Version B is in use")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("The recording shows the text of")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("Version A is in use")).to_be_visible()
    page.get_by_role("button", name="Redo").press("Enter")
    expect(page.get_by_text("Version B is in use")).to_be_visible()
    page.get_by_role("link", name="Back to").click()
    expect(page.locator("#transcript")).to_contain_text("fellow")


@pytest.mark.parametrize("width", [768, 1440])
def test_lines_of_both_versions_face_each_other_where_one_is_shorter(
    open_page: Callable[..., Page], server: Server, reader: Person, width: int
):
    server.run(SPEAKERS.format(name=reader.name))
    page = open_page(width=width)
    sign_in(page, reader)
    open_recording(page, "jfk")
    page.goto(f"{page.url}compare")
    expect(page.locator(".compare-row").first).to_contain_text("Kennedy")
    for name, text, other_name, other_text in page.evaluate(LINES):
        assert (name, text) == pytest.approx((other_name, other_text), abs=1)


def test_both_work_without_javascript(open_page: Callable[..., Page], reader: Person):
    page = _open(open_page, reader, javascript=False)
    page.locator("summary", has_text="2 versions").click()
    page.get_by_role("link", name="Compare versions").click()
    expect(page.locator("ins[data-difference]")).to_contain_text("fellow")
    page.go_back()
    page.get_by_role("link", name="Transcribe a stretch again").click()
    page.get_by_label("From", exact=True).fill("0:00")
    page.get_by_label("To", exact=True).fill("0:03")
    page.get_by_label("Model").select_option("faster-whisper/tiny.en")
    page.get_by_role("button", name="Transcribe it again").click()
    look = page.get_by_role("link", name="Look at the suggestion")
    for _ in range(60):
        if look.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    look.click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#transcript")).to_contain_text("fellow")
