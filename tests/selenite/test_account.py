"""Signing in and out, and changing the password."""

import re
import time

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from selenite import guesses
from tests.conftest import PASSWORD


def test_stranger_is_sent_to_sign_in_and_back(client: Client, alice: User):
    response = client.get("/upload/")
    assert response.url == "/sign-in/?next=/upload/"
    response = client.post("/sign-in/", {"username": "alice", "password": PASSWORD, "next": "/upload/"})
    assert (response.status_code, response.url) == (302, "/upload/")


def test_sign_in_leads_to_no_foreign_site(client: Client, alice: User):
    response = client.post("/sign-in/", {"username": "alice", "password": PASSWORD, "next": "https://evil.example/"})
    assert response.url == "/"


def test_wrong_password_is_answered_on_the_page(client: Client, alice: User):
    response = client.post("/sign-in/", {"username": "alice", "password": "wrong"})
    assert response.status_code == 422
    [password] = re.findall(r"<input[^>]*name=\"password\"[^>]*>", response.text)
    assert 'aria-invalid="true"' in password
    assert 'aria-describedby="id_password_error"' in password
    assert 'id="id_password_error"><li>This username and password do not match.' in response.text
    assert _focused(response.text) == ["password"]
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("is_behind_a_front_server", "forwarded", "address"),
    [
        (False, "203.0.113.7", "127.0.0.1"),
        (True, "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (True, "2001:db8::7%alice", "2001:db8::7"),
        (True, "alice", "127.0.0.1"),
    ],
)
def test_failed_sign_in_is_logged_by_the_address_alone(
    client: Client,
    alice: User,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    is_behind_a_front_server: bool,
    forwarded: str,
    address: str,
):
    settings.HTTPS = is_behind_a_front_server
    for name in ("alice", "nobody"):
        client.post("/sign-in/", {"username": name, "password": "guessed"}, headers={"X-Forwarded-For": forwarded})
    client.post("/sign-in/", {"username": "alice", "password": ""})
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD})

    warnings = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "selenite.views"]
    assert warnings == [("WARNING", f"sign-in failed from {address}")] * 2
    assert not any(typed in caplog.text for typed in ("alice", "nobody", "guessed"))


def _try(client: Client, name: str, password: str, address: str = "203.0.113.7") -> HttpResponse:
    return client.post("/sign-in/", {"username": name, "password": password}, REMOTE_ADDR=address)


def test_guesses_at_an_account_are_held_up(client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch):
    for _ in range(guesses.WRONG_PER_ACCOUNT):
        assert _try(client, "alice", "guessed").status_code == 422
    for name in ("alice", "Alice"):
        held_up = _try(client, name, PASSWORD)
        assert held_up.status_code == 429
        assert re.search(r"Too many passwords were wrong\. Try again in (10|\d) minutes?\.", held_up.text)
    assert _try(client, "bob", PASSWORD).status_code == 302
    client.logout()
    assert _try(client, "alice", PASSWORD, address="203.0.113.8").status_code == 302, (
        "Nobody shuts out somebody elsewhere."
    )
    client.logout()

    later = time.time() + 60 * guesses.MINUTES
    monkeypatch.setattr(time, "time", lambda: later)
    assert _try(client, "alice", PASSWORD).status_code == 302


def test_guesses_at_many_accounts_are_held_up(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guesses, "WRONG_PER_ADDRESS", 3)
    for number in range(3):
        assert _try(client, f"nobody {number}", "guessed").status_code == 422
    assert _try(client, "alice", PASSWORD).status_code == 429
    assert _try(client, "alice", PASSWORD, address="203.0.113.8").status_code == 302


def test_right_passwords_are_counted_by_nobody(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guesses, "WRONG_PER_ADDRESS", 2)
    for _ in range(4):
        assert _try(client, "alice", PASSWORD).status_code == 302
        client.logout()


def test_focus_is_on_the_first_of_several_wrong_fields(client: Client, alice_client: Client, db: None):
    assert _focused(client.get("/sign-in/").text) == ["username"]
    assert _focused(client.post("/sign-in/", {"username": "", "password": ""}).text) == ["username"]
    new = {"new_password1": "123", "new_password2": "456"}
    assert _focused(alice_client.post("/account/password/", {"old_password": "wrong", **new}).text) == ["old_password"]
    response = alice_client.post("/account/password/", {"old_password": PASSWORD, **new})
    assert _focused(response.text) == ["new_password2"]
    assert "This is not the same as the new password above." in response.text


def _focused(text: str) -> list[str]:
    """Return the names of the fields that take the focus when the page opens."""
    return re.findall(r'name="(\w+)"[^>]*\sautofocus', text)


def test_fragment_of_a_signed_out_page_reloads_it(client: Client, db: None):
    response = client.get("/queue/", headers={"HX-Request": "true"}, follow=True)
    assert response.headers["HX-Refresh"] == "true"
    assert response.content == b""


def test_sign_out_takes_a_post(alice_client: Client):
    assert alice_client.get("/sign-out/").status_code == 405
    assert "_auth_user_id" in alice_client.session
    assert alice_client.post("/sign-out/").url == "/sign-in/"
    assert "_auth_user_id" not in alice_client.session


def test_password_is_changed_and_the_person_told(alice_client: Client, alice: User):
    new = "a quieter moon over the sea"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    response = alice_client.post("/account/password/", data, follow=True)
    assert "Your password is changed." in response.text
    alice.refresh_from_db()
    assert alice.check_password(new)


def test_bad_new_password_is_refused_with_the_reason(alice_client: Client, alice: User):
    data = {"old_password": PASSWORD, "new_password1": "123", "new_password2": "123"}
    response = alice_client.post("/account/password/", data)
    assert response.status_code == 422
    assert "This password is too short" in response.text
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize(("name", "is_offered"), [("alice_client", False), ("carol_client", True)])
def test_administration_is_offered_to_staff_only(request: pytest.FixtureRequest, name: str, is_offered: bool):
    assert ("/admin/" in request.getfixturevalue(name).get("/").text) is is_offered
