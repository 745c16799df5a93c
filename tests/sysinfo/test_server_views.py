"""Stopping and restarting from the pages: whose it is, what is said, what can be done from where. Nothing real is stopped here."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from preferences.models import Settings
from sysinfo import control
from sysinfo.views.server import JOBS_GO_ON
from transcripts import presence
from transcripts.models import Job, Node
from transcripts.wishes import Ear, Wish

ADDRESSES = ["/server/restart", "/server/shutdown"]
JSON = {"accept": "application/json"}
APART = "The pages run under a service manager of their own"


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    """Have the pages run under a supervisor, and return its ear."""
    ear = Ear()
    for name, value in ear.environment.items():
        monkeypatch.setenv(name, value)
    return ear


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_and_people_stop_nothing(client: Client, alice_client: Client, ear: Ear, address: str):
    for method in ("get", "post"):
        assert getattr(client, method)(address).headers["Location"] == f"/sign-in/?next={address}"
        assert getattr(client, method)(address, headers=JSON).status_code == 401
        assert getattr(alice_client, method)(address).status_code == 403
        assert getattr(alice_client, method)(address, headers=JSON).json() == {"error": "This needs an administrator."}
    assert ear.heard() is None
    assert Settings.load().restart_requested_at is None


@pytest.mark.parametrize("address", ADDRESSES)
def test_forged_form_and_other_methods_stop_nothing(carol, ear: Ear, address: str):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(carol)
    assert careful.post(address).status_code == 403
    assert careful.put(address).status_code == 403
    assert careful.head(address).status_code == 405
    assert ear.heard() is None
    assert Settings.load().restart_requested_at is None


@pytest.mark.parametrize(
    ("address", "title"), [("/server/restart", "Restart Selenite?"), ("/server/shutdown", "Stop Selenite?")]
)
def test_question_says_what_becomes_of_the_jobs_and_does_nothing(
    carol_client: Client, ear: Ear, make_job, address: str, title: str
):
    text = carol_client.get(address).text
    assert f'<h1 dir="auto">{title}</h1>' in text
    assert "No job is running now, and nothing is lost." in text
    lease = {"lease_token": uuid4(), "lease_node": "here", "lease_expires_at": timezone.now()}
    make_job(state=Job.State.RUNNING, **lease)
    assert "1 job goes back to the queue" in carol_client.get(address).text
    assert ear.heard() is None


def test_system_page_leads_to_both(carol_client: Client):
    text = carol_client.get("/system/").text
    assert [address for address in ADDRESSES if f'href="{address}"' in text] == ADDRESSES


def test_stop_is_said_to_the_supervisor_and_the_page_says_how_to_start_again(carol_client: Client, ear: Ear, settings):
    response = carol_client.post("/server/shutdown")
    assert response.status_code == 202
    assert f"run “make run” or “.venv/bin/python manage.py up” in {settings.BASE_DIR}" in response.text
    assert ear.heard() == Wish.STOP
    assert Settings.load().restart_requested_at is None


def test_script_that_stops_gets_json(carol_client: Client, ear: Ear):
    response = carol_client.post("/server/shutdown", headers=JSON)
    assert response.status_code == 202
    assert response.json()["status"] == "stopping"
    assert response.json()["message"].startswith(f"Selenite is stopping. {JOBS_GO_ON}")
    assert ear.heard() == Wish.STOP


def test_workers_elsewhere_are_named_before_and_after_a_stop(carol_client: Client, ear: Ear):
    presence.announce()
    Node.objects.create(name="far-away|1|2|3:4", slots=1)
    assert "The workers on far-away go on; stop them there." in carol_client.get("/server/shutdown").text
    assert "The workers on far-away go on; stop them there." in carol_client.post("/server/shutdown").text


@pytest.mark.usefixtures("ear")
def test_restart_is_refused_where_the_program_could_not_start(carol_client: Client, ear: Ear):
    """The database of the tests' data folder has no tables."""
    for headers in ({}, JSON):
        response = carol_client.post("/server/restart", headers=headers)
        assert response.status_code == 409
        assert "Nothing was stopped." in response.text
    assert ear.heard() is None
    assert Settings.load().restart_requested_at is None


def test_pages_that_run_apart_are_not_stopped(carol_client: Client, monkeypatch):
    monkeypatch.setattr(control, "_is_under_gunicorn", True)
    for method in ("get", "post"):
        response = getattr(carol_client, method)("/server/shutdown")
        assert response.status_code == 409
        assert APART in response.text
    response = carol_client.post("/server/shutdown", headers=JSON)
    assert (response.status_code, response.json()["error"]) == (409, control.APART)
    assert APART not in carol_client.get("/server/restart").text


def test_pages_under_something_unknown_restart_the_workers_alone(carol_client: Client):
    assert control.UNKNOWN in carol_client.get("/server/restart").text
    response = carol_client.post("/server/restart")
    assert response.status_code == 202
    assert "<h1>The workers are starting anew.</h1>" in response.text
    assert "data-return" not in response.text
    assert Settings.load().restart_requested_at is not None
    script = carol_client.post("/server/restart", headers=JSON)
    assert script.json() == {
        "status": "restarting",
        "message": f"The workers are starting anew. {JOBS_GO_ON} {control.UNKNOWN}",
    }


def test_open_page_learns_by_another_value_that_the_service_is_back(
    client: Client, alice_client: Client, carol_client: Client
):
    assert carol_client.get("/server/standing").json() == {"start": control.START}
    assert alice_client.get("/server/standing").status_code == 403
    assert client.get("/server/standing", headers=JSON).status_code == 401


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("/server/shutdown", "a stop"),
        ("/server/restart", "a restart"),
        ("/system/restart/", "a restart of the workers"),
    ],
)
def test_log_says_who_has_asked(
    carol, carol_client: Client, ear: Ear, caplog: pytest.LogCaptureFixture, monkeypatch, address: str, what: str
):
    monkeypatch.setattr(control, "can_start", lambda: True)
    assert carol_client.post(address).status_code in (202, 302)
    assert f"user {carol.pk} has asked for {what}" in caplog.messages
