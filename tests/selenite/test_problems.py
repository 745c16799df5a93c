"""The pages of failures say what happened and what to do, and need nothing that may have failed."""

import pytest
from django.template.loader import render_to_string
from django.test import Client


def test_address_that_does_not_exist_has_a_page(alice_client: Client):
    response = alice_client.get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing here" in response.text


def test_form_without_its_token_is_refused(alice_client: Client):
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice_client.cookies
    response = client.post("/sign-out/")
    assert response.status_code == 403
    assert "This form has expired" in response.text


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        ("400", "This request could not be read"),
        ("403", "This is not yours to open"),
        ("500", "Something went wrong"),
    ],
)
def test_problem_page_needs_no_request(status: str, heading: str):
    assert f"<h1>{heading}</h1>" in render_to_string(f"{status}.html")


def test_pages_allow_no_foreign_code(alice_client: Client):
    policy = alice_client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
