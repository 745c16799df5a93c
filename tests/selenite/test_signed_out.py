"""What the open page of somebody is told whose session has ended."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from selenite.views import EXPIRED
from tests.conftest import PASSWORD
from transcripts.models import Job
from transcripts.views.answers import SIGNED_OUT

HX = {"HX-Request": "true"}


@pytest.fixture
def browser(alice: User) -> Client:
    """Return Alice's browser, which has opened a page with forms."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    client.get("/upload/")
    return client


def _press(client: Client, job: Job, token: str) -> tuple[int, str, str]:
    """Return the status of an action, what the page's notice says then, and where it is put."""
    response = client.post(f"/jobs/{job.pk}/undo", {"csrfmiddlewaretoken": token}, headers=HX)
    [notice] = re.findall(r'<div class="messages".*?<p>(.*?)</p>', response.text, re.DOTALL)
    return response.status_code, notice, response.headers["HX-Retarget"]


def test_action_without_a_session_is_told_in_the_notice(browser: Client, completed_job: Job):
    token = browser.cookies["csrftoken"].value
    del browser.cookies[settings.SESSION_COOKIE_NAME]
    assert _press(browser, completed_job, token) == (401, SIGNED_OUT, "#messages")


def test_action_without_any_cookie_is_told_in_the_notice(browser: Client, completed_job: Job):
    token = browser.cookies["csrftoken"].value
    browser.cookies.clear()
    assert _press(browser, completed_job, token) == (401, SIGNED_OUT, "#messages")


def test_action_is_repeated_after_signing_in_elsewhere(browser: Client, completed_job: Job):
    old = browser.cookies["csrftoken"].value
    browser.post("/sign-out/", {"csrfmiddlewaretoken": old})
    browser.post("/sign-in/", {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": old})
    new = browser.cookies["csrftoken"].value
    assert _press(browser, completed_job, old) == (422, EXPIRED, "#messages")
    assert _press(browser, completed_job, new) == (200, "There is nothing left to undo.", "#messages")


@pytest.mark.parametrize("target", ["dialog", "who"])
def test_question_is_not_asked_but_told_in_the_notice(client: Client, completed_job: Job, target: str):
    response = client.get(f"/jobs/{completed_job.pk}/identify", headers=HX | {"HX-Target": target})
    assert (response.status_code, response.headers["HX-Retarget"]) == (401, "#messages")
    assert SIGNED_OUT in response.text


def test_page_that_only_looks_is_led_to_sign_in(client: Client, completed_job: Job):
    response = client.get(f"/jobs/{completed_job.pk}/identifying", headers=HX, follow=True)
    assert response.headers["HX-Refresh"] == "true"


def test_notice_is_not_told_twice(client: Client, completed_job: Job):
    client.post(f"/jobs/{completed_job.pk}/undo", headers=HX)
    assert SIGNED_OUT not in client.get("/sign-in/").text
