"""The administration: whom it lets in, what it shows, and that it is dressed like the rest."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def superuser_client(carol: User) -> Client:
    carol.is_superuser = True
    carol.save()
    client = Client()
    client.force_login(carol)
    return client


def test_stranger_is_sent_to_our_sign_in(client: Client, db: None):
    assert client.get("/admin/").url == "/sign-in/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in/")


@pytest.mark.parametrize("address", ["/admin/", "/admin/auth/user/", "/admin/nothing/"])
def test_person_who_is_no_administrator_is_told_so(alice_client: Client, address: str):
    response = alice_client.get(address)
    assert response.status_code == 403
    assert "<h1>This needs an administrator</h1>" in response.text


def test_person_who_is_no_administrator_is_told_so_after_a_sign_in_for_it(alice_client: Client):
    response = alice_client.get("/admin/login/?next=/admin/", follow=True)
    assert (response.status_code, response.redirect_chain[-1][0]) == (403, "/admin/")


def test_staff_without_rights_sees_an_empty_site_and_no_table(carol_client: Client):
    assert carol_client.get("/admin/").status_code == 200
    response = carol_client.get("/admin/auth/user/")
    assert response.status_code == 403
    assert "<h1>This needs an administrator</h1>" in response.text


def test_tables_of_the_queue_library_are_not_there(superuser_client: Client):
    inner = list(apps.get_app_config("django_q").get_models())
    assert inner
    assert [model for model in inner if admin.site.is_registered(model)] == []
    text = superuser_client.get("/admin/").text
    assert "django_q" not in text
    assert "/admin/transcripts/job/" in text
    assert superuser_client.get("/admin/django_q/schedule/").status_code == 404


def test_administration_is_dressed_like_the_rest(superuser_client: Client):
    text = superuser_client.get("/admin/").text
    sheets = ["css/tokens.css", "css/admin.css", "css/admin_content.css"]
    assert re.findall(r'href="/static/(css/[\w.]+)"', text) == sheets
    assert re.findall(r'<a [^>]*href="/"[^>]*>.*?</svg>(.*?)</a>', text) == ["Selenite", "Back to the recordings"]
    assert "theme.js" not in text
    assert re.findall(r"<style|\sstyle=", text) == []


def test_account_is_kept_in_our_own_pages(superuser_client: Client):
    assert superuser_client.get("/admin/password_change/").url == "/account/password/"
    assert superuser_client.post("/admin/logout/").url == "/sign-in/"
    assert "_auth_user_id" not in superuser_client.session


def test_icon_is_found_by_who_does_not_read_pages(client: Client):
    response = client.get("/favicon.ico")
    assert (response.status_code, response.url) == (302, "/static/favicon.svg")
    assert response.headers["Cache-Control"] == "public, max-age=86400"
