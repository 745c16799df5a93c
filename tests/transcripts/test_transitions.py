"""What each thing that a person can do makes of a job in each state, and what the pages answer."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import MakeJob
from transcripts import lease
from transcripts.models import Job, Recording

State, Wish = Job.State, Job.StopRequest
HOUR = timedelta(hours=1)
HTMX = {"HX-Request": "true"}


def _held(*, wish: str = "", is_alive: bool = True) -> dict[str, object]:
    end = timezone.now() + (HOUR if is_alive else -HOUR)
    return {"state": State.RUNNING, "lease_token": uuid.uuid4(), "lease_expires_at": end, "stop_request": wish}


STATES: dict[str, Callable[[], dict[str, object]]] = {
    **{state.value: lambda state=state: {"state": state} for state in State if state != State.RUNNING},
    "running": _held,
    "pausing": lambda: _held(wish=Wish.PAUSE),
    "cancelling": lambda: _held(wish=Wish.CANCEL),
    "orphaned": lambda: _held(is_alive=False),
}
OUTCOMES = {
    "pause": {
        "queued": "paused",
        "paused": "paused",
        "running": "pausing",
        "pausing": "pausing",
        "cancelling": "cancelling",
        "orphaned": "paused",
    },
    "resume": {
        "queued": "queued",
        "paused": "queued",
        "running": "running",
        "pausing": "running",
        "cancelling": "cancelling",
        "orphaned": "running",
    },
    "cancel": {
        "queued": "cancelled",
        "paused": "cancelled",
        "running": "cancelling",
        "pausing": "cancelling",
        "cancelling": "cancelling",
        "orphaned": "cancelled",
    },
}
"""What becomes of a job. One that is over stays as it is."""
CASES = [(action, name) for action in OUTCOMES for name in STATES]


def _name(job: Job) -> str:
    job.refresh_from_db()
    return {Wish.PAUSE.value: "pausing", Wish.CANCEL.value: "cancelling"}.get(job.stop_request, job.state)


@pytest.mark.parametrize(("action", "name"), CASES)
def test_action_in_each_state_is_calm_and_pressing_twice_the_same(
    alice_client: Client, make_job: MakeJob, action: str, name: str
):
    job = make_job(**STATES[name]())
    wanted = OUTCOMES[action].get(name, name)
    for _ in range(2):
        response = alice_client.post(f"/jobs/{job.pk}/{action}", headers=HTMX)
        assert (response.status_code, _name(job)) == (200, wanted)
        assert set(json.loads(response.headers["HX-Trigger"])) >= {"job-changed", "recordings-changed"}
    assert ("This transcription is over already" in response.text) == (wanted in ("completed", "failed", "cancelled"))


@pytest.mark.parametrize("name", [name for name in STATES if name != "cancelling"])
def test_restart_goes_on_with_an_unfinished_job_and_makes_one_new_job_beside_a_finished_one(
    alice_client: Client, make_job: MakeJob, name: str
):
    job = make_job(asked_language="de", prompt="Selenite", **STATES[name]())
    for _ in range(2):
        response = alice_client.post(f"/jobs/{job.pk}/restart")
        assert response.url == f"/recordings/{job.recording_id}/"
    others = Job.objects.exclude(pk=job.pk)
    if name in ("completed", "failed", "cancelled"):
        [new] = others
        assert (new.state, new.asked_language, new.prompt, new.owner) == ("queued", "de", "Selenite", job.owner)
        assert _name(job) == name
    else:
        assert not others.exists()
        assert _name(job) == {"paused": "queued", "pausing": "running", "orphaned": "running"}.get(name, name)


def test_restart_of_a_job_that_is_being_cancelled_is_a_new_one(alice_client: Client, make_job: MakeJob):
    job = make_job(**_held(wish=Wish.CANCEL))
    alice_client.post(f"/jobs/{job.pk}/restart")
    assert [other.state for other in Job.objects.exclude(pk=job.pk)] == ["queued"]


def test_restart_with_other_options_cancels_what_is_under_way(alice_client: Client, make_job: MakeJob):
    job = make_job(**_held())
    alice_client.post(f"/jobs/{job.pk}/restart", {"language": "fr"})
    assert _name(job) == "cancelling"
    assert Job.objects.exclude(pk=job.pk).get().asked_language == "fr"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", STATES)
def test_delete_takes_a_recording_in_each_state(alice_client: Client, make_job: MakeJob, name: str):
    job = make_job(**STATES[name]())
    assert alice_client.post(f"/recordings/{job.recording_id}/delete/").url == "/"
    assert not Recording.objects.exists()
    again = alice_client.post(f"/recordings/{job.recording_id}/delete/", headers=HTMX)
    assert "This recording is not here any more." in again.text
    with pytest.raises(lease.LeaseLost):
        lease.heartbeat(job.pk, job.lease_token or uuid.uuid4())


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "restart", "show"])
def test_others_and_strangers_change_nothing(bob_client: Client, client: Client, make_job: MakeJob, action: str):
    job = make_job(state=State.PAUSED)
    assert bob_client.post(f"/jobs/{job.pk}/{action}").status_code == 404
    assert client.post(f"/jobs/{job.pk}/{action}").url.startswith("/sign-in/")
    told = bob_client.post(f"/jobs/{job.pk}/{action}", headers=HTMX)
    assert "This recording is not here any more." in told.text
    assert (_name(job), Job.objects.count()) == ("paused", 1)


@pytest.mark.parametrize("action", ["pause", "resume", "show"])
def test_looking_changes_nothing(alice_client: Client, make_job: MakeJob, action: str):
    assert alice_client.get(f"/jobs/{make_job().pk}/{action}").status_code == 405


def test_cancel_asks_and_says_what_is_kept(alice_client: Client, make_job: MakeJob):
    job = make_job(audio_seconds_done=4, **_held())
    page = alice_client.get(f"/jobs/{job.pk}/cancel")
    dialog = alice_client.get(f"/jobs/{job.pk}/cancel", headers=HTMX | {"HX-Target": "dialog"})
    for response in (page, dialog):
        assert "Cancel the transcription of “Inaugural address”?" in response.text
        assert "the text recognised so far are kept" in response.text
    assert ["<html" in page.text, "<html" in dialog.text] == [True, False]
    assert _name(job) == "running"


def test_wish_is_shown_until_it_is_obeyed(alice_client: Client, make_job: MakeJob):
    job = make_job(**_held(wish=Wish.PAUSE))
    assert "Pausing…" in alice_client.get(f"/recordings/{job.recording_id}/").text
    lease.request_stop(job.pk, Wish.CANCEL)
    assert "Cancelling…" in alice_client.get("/").text


def test_form_without_script_leads_back_to_its_page(alice_client: Client, make_job: MakeJob):
    job = make_job()
    here = f"/recordings/{job.recording_id}/?version={job.pk}"
    places = {
        "http://testserver/?page=2": "http://testserver/?page=2",
        f"http://testserver{here}": f"http://testserver{here}",
        f"http://testserver/jobs/{job.pk}/cancel": f"/recordings/{job.recording_id}/",
        "https://elsewhere.example/": f"/recordings/{job.recording_id}/",
    }
    for referer, address in places.items():
        assert alice_client.post(f"/jobs/{job.pk}/pause", headers={"Referer": referer}).url == address
