"""The pages of failures say what happened and what to do, and need nothing that may have failed."""

import pytest
from django.template.loader import render_to_string
from django.test import Client

from selenite.views import EXPIRED


def test_address_that_does_not_exist_has_a_page(alice_client: Client):
    response = alice_client.get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing here" in response.text


@pytest.mark.parametrize(
    ("came_from", "is_offered"),
    [
        ("http://testserver/recordings/7/delete/?a=1", True),
        ("https://evil.example/", False),
        ("//evil.example/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_form_out_of_date_leads_back_to_where_it_came_from(alice_client: Client, came_from: str, is_offered: bool):
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice_client.cookies
    response = client.post("/sign-out/", headers={"Referer": came_from} if came_from else {})
    assert response.status_code == 403
    assert "This page is out of date" in response.text
    assert (f'href="{came_from}">Open it again' in response.text) is is_offered
    assert ("Open it again</a>" in response.text) is is_offered


def test_script_is_told_that_its_page_is_out_of_date(alice_client: Client):
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice_client.cookies
    response = client.post("/upload/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()) == (403, {"error": EXPIRED})


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        ("400", "This did not work"),
        ("403", "This needs an administrator"),
        ("500", "Something went wrong"),
    ],
)
def test_problem_page_needs_no_request(status: str, heading: str):
    assert f"<h1>{heading}</h1>" in render_to_string(f"{status}.html")


def test_pages_allow_no_foreign_code(alice_client: Client):
    policy = alice_client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
