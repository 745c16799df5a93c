"""Ask for a stretch to be transcribed again, and decide about what comes of it: as parts of the page, and as pages."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import MakeJob, MakeSegments
from transcripts.models import Job
from transcripts.models.recording import MEDIA_GONE
from transcripts.services import corrections
from transcripts.services.suggestions import CHANGED, present

Kind, State = Job.Kind, Job.State
HTMX = {"HX-Request": "true"}
DIALOG = {**HTMX, "HX-Target": "dialog"}


@pytest.fixture(autouse=True)
def fake_engine(settings, tmp_path):
    settings.FAKE_ENGINE, settings.WEIGHTS_DIR = True, tmp_path / "none"


@pytest.fixture
def suggested(completed_job: Job, make_job: MakeJob, make_segments: MakeSegments) -> Job:
    """Return a job that transcribed the second segment again."""
    bounds = {"stretch_start": 3.0, "stretch_end": 6.0, "engine": "whisper", "model": "tiny"}
    job = make_job(completed_job.recording, kind=Kind.STRETCH, source=completed_job, state=State.COMPLETED, **bounds)
    [row] = make_segments(job, (" ask what your country does",))
    row.start, row.end = 3.0, 6.0
    row.words = [[start + 3.0, end + 3.0, *rest] for start, end, *rest in row.words]
    row.save()
    return job


def _page(job: Job) -> str:
    return f"/recordings/{job.recording_id}/"


def _asked(**values: str) -> dict[str, str]:
    return {"start": "0:04", "end": "0:05", "language": "", "model": "", "prompt": "", "extra_options": ""} | values


def _decide(client: Client, job: Job, decision: str, headers: dict[str, str] | None = None):
    data = {"decision": decision, "mark": present(job).mark}
    return client.post(f"/jobs/{job.pk}/suggestion", data, headers=headers or {})


def _texts(job: Job) -> list[str]:
    return [text.strip() for text in job.segments.values_list("text", flat=True)]


def test_form_begins_with_what_is_selected(alice_client: Client, completed_job: Job):
    rows = list(completed_job.segments.all())
    address = f"/jobs/{completed_job.pk}/stretch"
    for headers, title in (({}, "<h1>Transcribe a stretch"), (DIALOG, '<h2 id="dialog-title">Transcribe a stretch')):
        text = alice_client.get(f"{address}?passage={rows[1].pk}&passage={rows[2].pk}", headers=headers).text
        assert title in text
        assert re.findall(r'name="(?:start|end)" value="([\d:.]+)"', text) == ["0:03.00", "0:09.00"]
    assert "<html" not in text
    text = alice_client.get(f"{address}?passage=x&passage=-1&passage={'9' * 40}").text
    assert re.findall(r'name="(?:start|end)" value', text) == []
    assert ('name="language"' in text, 'name="prompt"' in text, 'name="diarize"' in text) == (True, True, False)


def test_stretch_is_put_into_the_queue(alice_client: Client, completed_job: Job):
    response = alice_client.post(f"/jobs/{completed_job.pk}/stretch", _asked(language="de", prompt="Moon"))
    assert (response.status_code, response.url) == (302, _page(completed_job))
    [job] = completed_job.retries.all()
    assert (job.kind, job.stretch_start, job.stretch_end, job.asked_language) == (Kind.STRETCH, 3.0, 6.0, "de")
    text = alice_client.get(_page(completed_job)).text
    assert "0:03 to 0:06 will be transcribed again as soon as it is its turn." in text
    assert ("2 versions" in text, f"/jobs/{completed_job.pk}/suggestions?waiting=1" in text) == (False, True)
    assert "0:03 to 0:06 only" in alice_client.get("/queue/").text
    assert "Stop transcribing a stretch" in alice_client.get(f"/jobs/{job.pk}/cancel").text


def test_open_page_is_told_in_place(alice_client: Client, completed_job: Job):
    response = alice_client.post(f"/jobs/{completed_job.pk}/stretch", _asked(), headers=DIALOG)
    assert (response["HX-Retarget"], "action-done" in response["HX-Trigger-After-Swap"]) == ("#messages", True)
    assert 'id="suggestions" hx-swap-oob="true"' in response.text


@pytest.mark.parametrize(
    "values",
    [{"start": "x"}, {"end": ""}, {"start": "0:05", "end": "0:04"}, {"start": "0:50", "end": "1:00"}, {"model": "a/b"}],
)
def test_what_cannot_be_is_refused(alice_client: Client, completed_job: Job, values: dict[str, str]):
    response = alice_client.post(f"/jobs/{completed_job.pk}/stretch", _asked(**values), headers=DIALOG)
    assert (response.status_code, completed_job.retries.count()) == (422, 0)
    assert 'role="alert"' in response.text


def test_without_media_it_is_neither_offered_nor_done(alice_client: Client, completed_job: Job):
    assert '/stretch"' in alice_client.get(_page(completed_job)).text
    completed_job.recording.media = ""
    completed_job.recording.save()
    assert '/stretch"' not in alice_client.get(_page(completed_job)).text
    response = alice_client.post(f"/jobs/{completed_job.pk}/stretch", _asked())
    assert (response.status_code, MEDIA_GONE[:40] in response.text) == (422, True)


def test_suggestion_is_shown_beside_the_text(alice_client: Client, completed_job: Job, suggested: Job):
    text = alice_client.get(_page(completed_job)).text
    assert "<strong>A suggestion for 0:03 to 0:06</strong>, by tiny, whisper." in text
    for headers in ({}, DIALOG):
        text = alice_client.get(f"/jobs/{suggested.pk}/suggestion", headers=headers).text
        assert re.findall(r"<(ins|del)>([^<]+)<", text) == [
            ("del", "not"),
            ("del", "can do for you,"),
            ("ins", "does"),
        ]
        assert "<strong>2 differences</strong>" in text


def test_suggestion_is_accepted_and_undone(alice_client: Client, completed_job: Job, suggested: Job):
    response = _decide(alice_client, suggested, "accept", DIALOG)
    assert response["HX-Retarget"] == "#messages"
    assert "suggestions-changed" in response["HX-Trigger-After-Swap"]
    assert "The suggestion is in the text now." in response.text
    assert _texts(completed_job)[1] == "ask what your country does"
    text = alice_client.get(_page(completed_job)).text
    assert ("1 earlier suggestion" in text, "accepted, tiny" in text) == (True, True)
    text = alice_client.get(f"/jobs/{completed_job.pk}/history").text
    assert ("Suggestion accepted" in text, "<del>can do for you,</del>" in text) == (True, True)
    alice_client.post(f"/jobs/{completed_job.pk}/undo", headers=HTMX)
    assert _texts(completed_job)[1] == "ask not what your country can do for you,"
    text = alice_client.get(f"/jobs/{completed_job.pk}/suggestions", headers=HTMX).text
    assert ("Look at the suggestion" in text, "earlier suggestion" in text) == (True, False)
    alice_client.post(f"/jobs/{completed_job.pk}/redo", headers=HTMX)
    assert "1 earlier" in alice_client.get(f"/jobs/{completed_job.pk}/suggestions", headers=HTMX).text


def test_suggestion_is_put_away_and_found_again(alice_client: Client, completed_job: Job, suggested: Job):
    response = _decide(alice_client, suggested, "refuse")
    assert (response.status_code, response.url) == (302, _page(completed_job))
    assert _texts(completed_job)[1] == "ask not what your country can do for you,"
    text = alice_client.get(_page(completed_job)).text
    assert ("put away, tiny" in text, f'href="/jobs/{suggested.pk}/suggestion"' in text) == (True, True)
    _decide(alice_client, suggested, "accept")
    assert _texts(completed_job)[1] == "ask what your country does"


def test_it_is_put_away_unseen(alice_client: Client, completed_job: Job, suggested: Job):
    response = alice_client.post(f"/jobs/{suggested.pk}/suggestion/dismiss", headers=HTMX)
    assert ("1 earlier suggestion" in response.text, "Look at the" in response.text) == (True, False)
    assert alice_client.post(f"/jobs/{suggested.pk}/suggestion/dismiss").url == _page(completed_job)


def test_text_that_was_changed_meanwhile_is_shown_first(
    alice_client: Client, alice: User, completed_job: Job, suggested: Job
):
    seen = present(suggested).mark
    row = completed_job.segments.all()[1]
    corrections.write(completed_job, row.pk, "Ask nothing.", base=row.text, author=alice)
    data = {"decision": "accept", "mark": seen}
    for headers in ({}, DIALOG):
        response = alice_client.post(f"/jobs/{suggested.pk}/suggestion", data, headers=headers)
        assert (response.status_code, CHANGED[:30] in response.text, "nothing." in response.text) == (422, True, True)
    assert _texts(completed_job)[1] == "Ask nothing."


@pytest.mark.parametrize("data", [{}, {"decision": "else"}, {"decision": "accept", "mark": "x" * 999}])
def test_decision_that_is_none_changes_nothing(alice_client: Client, completed_job: Job, suggested: Job, data):
    assert alice_client.post(f"/jobs/{suggested.pk}/suggestion", data).status_code == 422
    assert _texts(completed_job)[1] == "ask not what your country can do for you,"


def test_failed_stretch_says_why(alice_client: Client, completed_job: Job, make_job: MakeJob):
    bounds = {"stretch_start": 3.0, "stretch_end": 6.0, "error": "The engine crashed."}
    make_job(completed_job.recording, kind=Kind.STRETCH, source=completed_job, state=State.FAILED, **bounds)
    text = alice_client.get(_page(completed_job)).text
    assert ("0:03 to 0:06: The engine crashed." in text, "Put away" in text, "Look at" in text) == (True, True, False)


def test_poll_says_when_it_is_over(alice_client: Client, completed_job: Job, suggested: Job):
    response = alice_client.get(f"/jobs/{completed_job.pk}/suggestions?waiting=1", headers=HTMX)
    assert ("queue-changed" in response["HX-Trigger"], "every 2s" in response.text) == (True, False)
    assert alice_client.get(f"/jobs/{completed_job.pk}/suggestions").url == _page(completed_job)


def test_page_costs_the_same_with_many_of_them(
    alice_client: Client, completed_job: Job, suggested: Job, make_job: MakeJob
):
    address = f"/jobs/{completed_job.pk}/suggestions"
    costs = []
    for _ in range(2):
        for page, headers in ((_page(completed_job), {}), (address, HTMX)):
            with CaptureQueriesContext(connection) as queries:
                assert alice_client.get(page, headers=headers).status_code == 200
            costs.append(len(queries))
        bounds = {"stretch_start": 3.0, "stretch_end": 6.0, "state": State.COMPLETED}
        for _ in range(30):
            make_job(completed_job.recording, kind=Kind.STRETCH, source=completed_job, **bounds)
    assert costs[:2] == costs[2:]


def test_others_see_and_do_nothing(
    client: Client, bob_client: Client, carol_client: Client, completed_job: Job, suggested: Job
):
    pages = (f"{completed_job.pk}/stretch", f"{completed_job.pk}/suggestions", f"{suggested.pk}/suggestion")
    for page in pages:
        assert [each.get(f"/jobs/{page}").status_code for each in (bob_client, client)] == [404, 302]
    for page in (f"{completed_job.pk}/stretch", f"{suggested.pk}/suggestion", f"{suggested.pk}/suggestion/dismiss"):
        data = _asked() | {"decision": "accept", "mark": present(suggested).mark}
        assert bob_client.post(f"/jobs/{page}", data).status_code == 404
    assert (_texts(completed_job)[1][:7], completed_job.retries.count()) == ("ask not", 1)
    assert carol_client.get(f"/jobs/{suggested.pk}/suggestion").status_code == 200


def test_only_a_stretch_is_a_suggestion(alice_client: Client, completed_job: Job):
    assert alice_client.get(f"/jobs/{completed_job.pk}/suggestion").status_code == 404
    assert alice_client.get(f"/jobs/{completed_job.pk}/suggestion/dismiss").status_code == 405


def test_deleted_recording_ends_the_poll(alice_client: Client, completed_job: Job):
    job = completed_job.pk
    completed_job.recording.delete()
    assert alice_client.get(f"/jobs/{job}/suggestions", headers=HTMX).status_code == 286
