"""The missing stretches of a text on its page, and another try."""

import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.conftest import MakeJob
from transcripts.models import Job, Segment
from transcripts.services import gaps

State = Job.State
BUTTON = "Try the missing stretches again"


@pytest.fixture
def job(completed_job: Job) -> Job:
    """Return a completed job with three segments and, at 0:40, a gap."""
    pieces = [{"start": start, "end": start + 11.6, "speech": []} for start in (0.0, 40.2)]
    completed_job.plan = {"pieces": pieces, "batches": [[0, 2]], "duration": 60}
    gap = gaps.gap(completed_job, 1, reason="the engine was killed, probably for want of memory.")
    gap.save()
    completed_job.warnings = [gaps.warning(gap)]
    completed_job.save()
    return completed_job


def _page(job: Job) -> str:
    return f"/recordings/{job.recording_id}/"


def _retry(job: Job) -> str:
    return f"/jobs/{job.pk}/gaps/retry"


def _standing(job: Job) -> str:
    return f"/jobs/{job.pk}/gaps"


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def _attempt(job: Job, **fields: object) -> Job:
    attempt = gaps.retry(job.pk)
    assert attempt is not None
    Job.objects.filter(pk=attempt.pk).update(**fields)
    return attempt


def test_page_marks_the_gap_with_time_and_reason(alice_client: Client, job: Job):
    text = alice_client.get(_page(job)).text
    gap = text.partition('<p class="gap" lang="en">')[2].partition("</p>")[0]
    assert gap == "Not transcribed, 0:40 to 0:52. The engine was killed, probably for want of memory."
    assert 'href="?t=40.20#paragraph-' in text
    assert "0:40 to 0:52 could not be transcribed: the engine was killed, probably for want of memory.</p>" in text


def test_page_offers_another_try(alice_client: Client, job: Job):
    text = _plain(alice_client.get(_page(job)).text)
    assert "One stretch could not be transcribed. It is marked in the text." in text
    assert BUTTON in text


def test_page_without_gaps_offers_nothing(alice_client: Client, job: Job):
    job.segments.gaps().delete()
    text = alice_client.get(_page(job)).text
    assert BUTTON not in text
    assert '<div class="gaps" id="gaps"></div>' in re.sub(r">\s+<", "><", text)


def test_failed_job_offers_no_try_for_its_gaps(alice_client: Client, job: Job):
    Job.objects.filter(pk=job.pk).update(state=State.FAILED, error="No part could be transcribed.")
    assert BUTTON not in alice_client.get(_page(job)).text


def test_list_counts_warnings_of_a_finished_job(alice_client: Client, job: Job):
    assert '#standing">1 warning</a>' in alice_client.get("/").text


def test_form_of_the_page_is_enough(alice: User, job: Job):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    form = client.get(_page(job)).text.partition(f'action="{_retry(job)}"')[2].partition("</form>")[0]
    token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert client.post(_retry(job)).status_code == 403
    response = client.post(_retry(job), {"csrfmiddlewaretoken": token})
    assert (response.status_code, response.url) == (302, _page(job))
    attempt = Job.objects.get(kind=Job.Kind.GAPS)
    assert (attempt.source, attempt.state, attempt.plan["batches"]) == (job, State.QUEUED, [[1, 2]])


def test_button_gives_way_to_the_standing_and_back(alice_client: Client, job: Job):
    response = alice_client.post(_retry(job), headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert f'hx-get="{_standing(job)}" hx-trigger="every 2s"' in response.text
    assert "The missing stretches are being tried again, as soon as it is their turn." in _plain(response.text)
    assert BUTTON not in response.text

    Job.objects.filter(kind=Job.Kind.GAPS).update(state=State.CANCELLED)
    assert BUTTON in alice_client.get(_page(job)).text


def test_double_click_makes_one_job(alice_client: Client, job: Job):
    assert [alice_client.post(_retry(job)).status_code for _ in range(3)] == [302] * 3
    assert job.retries.count() == 1


def test_page_goes_on_showing_the_whole_recording(alice_client: Client, job: Job):
    attempt = _attempt(job)
    text = alice_client.get(_page(job)).text
    assert "ask not what your country can do for you" in text
    assert f"/jobs/{attempt.pk}/live" not in text
    assert alice_client.get("/").text.count('class="recording-link"') == 1


def test_running_try_tells_how_far_it_is(alice_client: Client, job: Job):
    lease = {"lease_token": uuid.uuid4(), "lease_expires_at": "2100-01-01T00:00Z"}
    _attempt(job, state=State.RUNNING, batches_done=1, **lease)
    response = alice_client.get(_standing(job), headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "The missing stretches are being tried again: 1 of 1 done." in _plain(response.text)


def test_waiting_try_says_what_it_waits_for(alice_client: Client, job: Job):
    _attempt(job, blocked_reason="No speech model is installed.")
    assert "No speech model is installed." in alice_client.get(_standing(job)).text


def test_paused_try_can_go_on(alice_client: Client, job: Job):
    attempt = _attempt(job, state=State.PAUSED)
    text = alice_client.get(_page(job)).text
    assert f'action="/jobs/{attempt.pk}/resume"' in text
    assert alice_client.post(f"/jobs/{attempt.pk}/resume").url == _page(job)
    assert Job.objects.get(pk=attempt.pk).state == State.QUEUED


def test_failed_try_says_why_and_can_be_repeated(alice_client: Client, job: Job):
    _attempt(
        job, state=State.FAILED, error="The missing stretches could not be transcribed this time either: it crashed."
    )
    text = alice_client.get(_page(job)).text
    assert "this time either: it crashed. The rest of the text is as it was." in _plain(text)
    assert BUTTON in text
    alice_client.post(_retry(job))
    assert job.retries.count() == 2


def test_end_of_the_try_puts_the_text_in_place(alice_client: Client, job: Job):
    _attempt(job, state=State.COMPLETED)
    job.segments.gaps().update(text=" And there it is.", gap="")
    Job.objects.filter(pk=job.pk).update(warnings=[])
    response = alice_client.get(_standing(job), headers={"HX-Request": "true"})
    assert response.status_code == 286
    assert response.headers["HX-Trigger"] == '{"queue-changed": {}}'
    assert '<article id="transcript" hx-swap-oob="innerHTML">' in response.text
    assert "And there it is." in response.text
    assert "ask not what your country can do for you" in response.text
    assert '<div class="standing" id="standing" hx-swap-oob="true">' in response.text
    assert "could not be transcribed" not in response.text
    assert "The missing stretches are transcribed now." in response.text


def test_stale_button_shows_the_text_as_it_is(alice_client: Client, job: Job):
    job.segments.gaps().update(text=" And there it is.", gap="")
    response = alice_client.post(_retry(job), headers={"HX-Request": "true"})
    assert "And there it is." in response.text
    assert Job.objects.filter(kind=Job.Kind.GAPS).count() == 0


def test_standing_costs_two_queries_while_it_is_asked_for(
    alice_client: Client, job: Job, django_assert_num_queries: DjangoAssertNumQueries
):
    _attempt(job)
    with django_assert_num_queries(4):  # session, user, job, attempt with the count of gaps
        alice_client.get(_standing(job))


def test_live_brings_the_offer_when_the_job_ends(alice_client: Client, job: Job):
    text = alice_client.get(f"/jobs/{job.pk}/live?version=running-finishing").text
    assert '<div class="gaps" id="gaps" hx-swap-oob="true">' in text
    assert BUTTON in text


@pytest.mark.django_db
def test_standing_stops_when_the_recording_is_deleted(alice_client: Client, make_job: MakeJob):
    address = f"/jobs/{uuid.uuid4()}/gaps"
    response = alice_client.get(address, headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (286, b"")
    assert alice_client.get(address).status_code == 404


def test_looking_starts_nothing(alice_client: Client, job: Job):
    assert alice_client.get(_retry(job)).status_code == 405
    assert job.retries.count() == 0


def test_others_find_nothing(bob_client: Client, job: Job):
    assert bob_client.post(_retry(job)).status_code == 404
    assert bob_client.get(_standing(job)).status_code == 404
    assert job.retries.count() == 0


def test_stranger_is_sent_to_sign_in(client: Client, job: Job):
    assert client.post(_retry(job)).url.startswith("/sign-in/")
    assert client.get(_standing(job)).url.startswith("/sign-in/")
    assert Segment.objects.gaps().count() == 1
    assert job.retries.count() == 0
