"""Refusals: scripts get a sentence as JSON at every address, people a page, and the log a line."""

import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.test import Client

from selenite.views import ANOTHER_NAME, FAULT, NEEDS_RIGHT, NEEDS_STAFF, NOT_UNDERSTOOD, NOTHING_HERE
from sysinfo.logs.refusals import Refusals

JSON = {"Accept": "application/json"}
FOR_STAFF = [
    "/admin/",
    "/admin/registry/speechmodel/",
    "/settings/installation/",
    "/settings/site/",
    "/system/",
    "/system/info",
    "/system/checks",
    "/system/logs",
    "/server/restart",
]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return what is logged, as the handlers of the settings have it."""
    refusals = Refusals()
    caplog.handler.addFilter(refusals)
    with caplog.at_level(logging.INFO):
        yield caplog
    caplog.handler.removeFilter(refusals)


@pytest.mark.parametrize("address", FOR_STAFF)
def test_script_of_somebody_else_is_told_as_json(alice_client: Client, address: str):
    response = alice_client.get(address, headers=JSON)
    assert (response.status_code, response.json()) == (403, {"error": NEEDS_STAFF})
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("address", FOR_STAFF)
def test_person_is_told_by_a_page(alice_client: Client, address: str):
    response = alice_client.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "<h1>This needs an administrator</h1>" in response.text


@pytest.mark.parametrize(
    "address", ["/nothing/", "/settings/nothing/", "/recordings/4711/", "/admin/nothing/", "/jobs/1/undo"]
)
def test_what_is_not_there_is_told_in_the_form_that_was_asked_for(
    request: pytest.FixtureRequest, carol: User, address: str
):
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    client = request.getfixturevalue("carol_client")
    data = client.post(address, headers=JSON) if "jobs" in address else client.get(address, headers=JSON)
    page = client.post(address) if "jobs" in address else client.get(address)
    assert (data.status_code, data.json()) == (404, {"error": NOTHING_HERE})
    assert page.status_code == 404
    assert "<h1>There is nothing here</h1>" in page.text


def test_slip_of_a_person_is_no_warning(carol_client: Client, log: pytest.LogCaptureFixture):
    carol_client.get("/nothing/")
    assert [(record.levelname, record.getMessage()) for record in log.records] == [("INFO", "Not Found: /nothing/")]


@pytest.mark.parametrize("name", ["elsewhere.example", "<b>elsewhere</b>"])
def test_name_that_this_is_not_is_told_with_what_helps(carol_client: Client, name: str):
    data = carol_client.get("/", headers={**JSON, "Host": name})
    page = carol_client.get("/", headers={"Host": name})
    assert (data.status_code, data.json()) == (400, {"error": ANOTHER_NAME})
    assert (page.status_code, f"<p>{ANOTHER_NAME}</p>" in page.text) == (400, True)
    assert "elsewhere" not in page.text


def test_script_is_told_of_what_cannot_be_understood(carol_client: Client, monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: object) -> None:
        raise SuspiciousOperation

    monkeypatch.setattr("transcripts.views.recordings.Paginator", refuse)
    response = carol_client.get("/", headers=JSON)
    assert (response.status_code, response.json()) == (400, {"error": NOT_UNDERSTOOD})


def test_script_is_told_of_a_fault_of_ours(alice: User, monkeypatch: pytest.MonkeyPatch):
    def fail(*args: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr("transcripts.views.recordings.Paginator", fail)
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    response = client.get("/", headers=JSON)
    assert (response.status_code, response.json()) == (500, {"error": FAULT})


def test_script_of_staff_without_the_right_is_told_so(carol_client: Client):
    response = carol_client.get("/admin/registry/speechmodel/", headers=JSON)
    assert (response.status_code, response.json()) == (403, {"error": NEEDS_RIGHT})


@pytest.mark.parametrize("headers", [{}, JSON, {"HX-Request": "true"}])
@pytest.mark.parametrize("address", ["/admin/", "/settings/installation/", "/system/info"])
def test_log_has_one_line_for_a_refusal(
    alice_client: Client, log: pytest.LogCaptureFixture, address: str, headers: dict[str, str]
):
    alice_client.get(address, headers=headers)
    assert [(record.getMessage(), record.exc_info) for record in log.records] == [(f"Forbidden: {address}", None)]


def test_log_has_one_line_for_a_stranger(client: Client, log: pytest.LogCaptureFixture, db: None):
    client.get("/system/info", headers=JSON)
    assert [(record.getMessage(), record.exc_info) for record in log.records] == [("Unauthorized: /system/info", None)]


def test_log_keeps_the_traceback_of_a_fault(
    alice: User, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def fail(*args: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr("transcripts.views.recordings.Paginator", fail)
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    client.get("/")
    [record] = [record for record in log.records if record.name == "django.request"]
    assert record.exc_info is not None


def test_log_has_one_line_for_what_makes_no_sense(carol: User, carol_client: Client, log: pytest.LogCaptureFixture):
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    data = {"action": "verify", "_selected_action": "abc"}
    carol_client.post("/admin/registry/speechmodel/", data)
    carol_client.get("/", headers={"Host": "elsewhere.example"})
    carol_client.post("/sign-in/", {f"field{number}": "x" for number in range(2000)})
    assert [(record.name, record.exc_info) for record in log.records] == [
        ("django.request", None),
        ("django.security.DisallowedHost", None),
        ("django.security.TooManyFieldsSent", None),
    ]
    assert log.records[0].getMessage().endswith(": /admin/registry/speechmodel/")
    assert "elsewhere.example" in log.records[1].getMessage()


def test_all_that_is_logged_goes_through_that():
    assert all(handler["filters"] == ["refusals"] for handler in settings.LOGGING["handlers"].values())
