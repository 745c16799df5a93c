"""Letting a paused job go on, and the menu of what can be done with a job."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import MakeJob
from transcripts.models import Job

State = Job.State


@pytest.fixture
def paused_job(make_job: MakeJob) -> Job:
    return make_job(state=State.PAUSED, audio_seconds_done=4)


def _address(job: Job) -> str:
    return f"/jobs/{job.pk}/resume"


def _state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def test_paused_job_goes_on(alice_client: Client, paused_job: Job):
    response = alice_client.post(_address(paused_job))
    assert (response.status_code, response.url) == (302, f"/recordings/{paused_job.recording_id}/")
    assert _state(paused_job) == State.QUEUED


def test_button_on_the_page_is_enough(alice: User, paused_job: Job):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    text = client.get(f"/recordings/{paused_job.recording_id}/").text
    notice = text.partition(f'id="resume-{paused_job.pk}"')[2]
    form = notice.partition(f'action="{_address(paused_job)}"')[2].partition("</form>")[0]
    token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert "The recording and the text recognised so far are kept." in notice.partition("</div>")[0]
    assert client.post(_address(paused_job)).status_code == 403
    assert client.post(_address(paused_job), {"csrfmiddlewaretoken": token}).status_code == 302
    assert _state(paused_job) == State.QUEUED


def test_button_comes_and_goes_with_the_pause(alice_client: Client, paused_job: Job):
    live = f"/jobs/{paused_job.pk}/live"
    assert f'action="{_address(paused_job)}"' in alice_client.get(live).text
    alice_client.post(_address(paused_job))
    assert "/resume" not in alice_client.get(live).text


@pytest.mark.parametrize("state", [state for state in State if state != State.PAUSED])
def test_job_that_is_not_paused_stays_as_it_is(alice_client: Client, make_job: MakeJob, state: Job.State):
    held = {"lease_token": uuid.uuid4(), "lease_expires_at": "2100-01-01T00:00Z"} if state == State.RUNNING else {}
    job = make_job(state=state, **held)
    before = Job.objects.filter(pk=job.pk).values().get()
    response = alice_client.post(_address(job))
    assert (response.status_code, response.url) == (302, f"/recordings/{job.recording_id}/")
    assert Job.objects.filter(pk=job.pk).values().get() == before


def test_looking_changes_nothing(alice_client: Client, paused_job: Job):
    assert alice_client.get(_address(paused_job)).status_code == 405
    assert _state(paused_job) == State.PAUSED


def test_others_find_no_job(bob_client: Client, paused_job: Job):
    assert bob_client.post(_address(paused_job)).status_code == 404
    assert _state(paused_job) == State.PAUSED


def test_unknown_job_is_not_found(alice_client: Client):
    assert alice_client.post(f"/jobs/{uuid.uuid4()}/resume").status_code == 404


def test_stranger_is_sent_to_sign_in(client: Client, paused_job: Job):
    response = client.post(_address(paused_job))
    assert response.url.startswith("/sign-in/")
    assert _state(paused_job) == State.PAUSED


def test_menu_is_got_when_it_is_opened(alice_client: Client, paused_job: Job):
    address = f"/jobs/{paused_job.pk}/menu"
    assert f'hx-get="{address}"' in alice_client.get("/").text
    text = alice_client.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in text
    assert f'action="{_address(paused_job)}"' in text
    assert f'href="/recordings/{paused_job.recording_id}/delete/"' in text


def test_menu_is_a_page_without_javascript(alice_client: Client, make_job: MakeJob):
    job = make_job(state=State.COMPLETED)
    text = alice_client.get(f"/jobs/{job.pk}/menu").text
    assert '<h1 dir="auto">Inaugural address</h1>' in text
    assert f'href="/jobs/{job.pk}/restart"' in text
    assert "/pause" not in text


def test_menu_is_for_those_who_see_the_job(client: Client, bob_client: Client, job: Job):
    assert client.get(f"/jobs/{job.pk}/menu").status_code == 302
    assert bob_client.get(f"/jobs/{job.pk}/menu").status_code == 404
    assert "not here any more" in bob_client.get(f"/jobs/{job.pk}/menu", headers={"HX-Request": "true"}).text
    assert bob_client.post(f"/jobs/{job.pk}/menu").status_code == 405
