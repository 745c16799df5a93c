"""What is asked in the dialog: nothing that leads there takes its place, which a page has no second one for."""

from html.parser import HTMLParser

import pytest
from django.test import Client

from tests.conftest import MakeJob
from transcripts.models import Job
from transcripts.services.identify import identify_again

VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")


class Swaps(HTMLParser):
    """Notes how each answer that is for the dialog is put there: as htmx has it, from the element or from one around it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = []
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        swap = given.get("hx-swap", self._open[-1][1] if self._open else "")
        if given.get("hx-target") == "#dialog":
            self.found.append(swap or "innerHTML")
        if tag not in VOID:
            self._open.append((tag, "" if given.get("hx-disinherit") in ("*", "hx-swap") else swap))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            continue


@pytest.mark.django_db(transaction=True)
def test_every_question_is_put_into_the_dialog(alice_client: Client, completed_job: Job, make_job: MakeJob):
    identify_again(completed_job.pk)
    make_job(state=Job.State.QUEUED)
    page = f"/recordings/{completed_job.recording_id}/"
    for address in ("/", page, f"{page}?edit=1", "/queue/", "/search/?q=country", "/tags/", "/settings/rules/"):
        found = Swaps(alice_client.get(address).text).found
        assert set(found) <= {"innerHTML"}, address
        if address in (page, "/queue/"):
            assert found
