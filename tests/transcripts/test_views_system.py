"""What staff see of the installation, and everybody of a job that no worker takes."""

import pytest
from django.test import Client

from preferences.models import Settings
from transcripts import node, presence
from transcripts.models import Job

PAGES = ["/alarms/", "/system/", "/system/restart/"]
NO_WORKER = "No worker is running, and jobs wait."
STARTS_WHEN = "No worker is running: transcription starts when one is."


@pytest.mark.parametrize("address", PAGES)
def test_system_is_for_staff(client: Client, alice_client: Client, carol_client: Client, address: str):
    assert client.get(address).headers["Location"] == f"/sign-in/?next={address}"
    assert alice_client.get(address).status_code == 403
    assert carol_client.get(address).status_code == 200


def test_staff_see_on_every_page_what_is_wrong(alice_client: Client, carol_client: Client, job: Job):
    for address in ("/", "/upload/", f"/recordings/{job.recording_id}/"):
        assert NO_WORKER in carol_client.get(address).text
        assert NO_WORKER not in alice_client.get(address).text


def test_banner_refreshes_itself_and_goes_away(carol_client: Client, job: Job):
    from django.core.cache import cache

    text = carol_client.get("/alarms/").text
    assert NO_WORKER in text
    assert 'hx-get="/alarms/" hx-trigger="every 10s, alarms-changed from:body"' in text
    presence.announce()
    cache.clear()
    assert NO_WORKER not in carol_client.get("/alarms/").text


def test_owner_is_told_that_a_waiting_job_needs_a_worker(alice_client: Client, job: Job):
    for address in ("/", f"/rows/?job={job.pk}", f"/recordings/{job.recording_id}/", f"/jobs/{job.pk}/live"):
        assert STARTS_WHEN in alice_client.get(address).text
    presence.announce()
    for address in ("/", f"/rows/?job={job.pk}", f"/recordings/{job.recording_id}/", f"/jobs/{job.pk}/live"):
        assert STARTS_WHEN not in alice_client.get(address).text


def test_paused_and_finished_jobs_need_no_worker(alice_client: Client, completed_job: Job, make_job):
    make_job(state=Job.State.PAUSED)
    assert STARTS_WHEN not in alice_client.get("/").text


def test_reason_is_told_beside_the_missing_worker(alice_client: Client, make_job):
    make_job(blocked_reason="The disk is full.")
    assert f"{STARTS_WHEN} The disk is full." in alice_client.get("/").text


def test_system_page_names_the_workers(carol_client: Client):
    assert "No worker is running" in carol_client.get("/system/").text
    presence.announce()
    text = carol_client.get("/system/").text
    assert node.cluster().split("|")[0] in text
    assert 'href="/system/restart/"' in text


def test_restart_asks_first_and_then_notes_the_wish(carol_client: Client, alice_client: Client):
    presence.announce()
    assert "Restart the workers?" in carol_client.get("/system/restart/").text
    assert not presence.must_restart()

    assert alice_client.post("/system/restart/").status_code == 403
    assert not presence.must_restart()

    response = carol_client.post("/system/restart/", follow=True)
    assert "The workers are starting anew" in response.text
    assert Settings.load().restart_requested_at is not None
    assert presence.must_restart()


def test_notice_of_trouble_asks_until_changes_can_be_saved(alice_client: Client, monkeypatch):
    assert alice_client.get("/trouble/").content == b""
    monkeypatch.setattr("transcripts.views.system.is_saving_possible", lambda: False)
    response = alice_client.get("/trouble/")
    assert response.status_code == 503
    assert "Nothing can be saved" in response.text
    assert 'hx-get="/trouble/"' in response.text
