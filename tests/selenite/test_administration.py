"""The administration: whom it lets in, what it shows, and that it is dressed like the rest."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory


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
    assert "<h1>You may not do this</h1>" in response.text
    assert "a right of the administration that you have not: a superuser gives it under Users." in response.text
    assert "This needs an administrator" not in response.text


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


RULE = {"find": "Selenit", "replacement": "Selenite", "whole_words": "on"}
RIVALS: list[tuple[str, dict[str, str], str]] = [
    ("transcripts.Rule", RULE, "There is a rule for this already. Change that one."),
    ("auth.Group", {"name": "readers"}, "Group with this Name already exists."),
    (
        "registry.Provider",
        {"key": "own", "kind": "asr", "name": "Own", "module": "own_engine", "position": "5"},
        "Provider with this Key already exists.",
    ),
]


@pytest.mark.parametrize(("label", "data", "sentence"), RIVALS)
def test_form_is_refused_where_somebody_else_saved_the_same_just_now(
    superuser_client: Client, label: str, data: dict[str, str], sentence: str
):
    model = apps.get_model(label)
    table = admin.site._registry[model]
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/"

    class Overtaken:
        """The view of a table, into whose first saving another person's comes."""

        times = 0

        def add_view(self, request: HttpRequest) -> HttpResponse:
            self.times += 1
            if self.times == 1:
                assert superuser_client.post(address, data).status_code == 302
                raise IntegrityError
            return table.add_view(request)

    overtaken = Overtaken()
    request = RequestFactory().post(address, data)
    request.user = User.objects.get(username="carol")
    request._dont_enforce_csrf_checks = True
    response = admin.site.admin_view(overtaken.add_view)(request)
    assert (response.status_code, overtaken.times) == (200, 2)
    assert sentence in response.render().content.decode()
    assert model._default_manager.filter(**{name: data[name] for name in ("find", "name") if name in data}).count() == 1


def test_fault_of_the_database_elsewhere_is_not_tried_again(superuser_client: Client):
    def fail(request: HttpRequest) -> HttpResponse:
        raise IntegrityError

    request = RequestFactory().post("/admin/")
    request.user = User.objects.get(username="carol")
    request._dont_enforce_csrf_checks = True
    with pytest.raises(IntegrityError):
        admin.site.admin_view(fail)(request)


@pytest.mark.parametrize("table", ["registry/speechmodel", "registry/provider", "transcripts/rule", "auth/user"])
@pytest.mark.parametrize("key", ["abc", "", "9" * 30, "-1e9", "1\x00"])
def test_action_on_what_can_be_no_row_is_refused(superuser_client: Client, table: str, key: str):
    data = {"action": "delete_selected", "_selected_action": ["1", key]}
    response = superuser_client.post(f"/admin/{table}/", data)
    assert response.status_code == 400
    assert "<h1>This did not work</h1>" in response.text
    assert User.objects.filter(username="carol").exists()


def test_action_on_a_row_that_is_gone_does_nothing(superuser_client: Client):
    response = superuser_client.post(
        "/admin/registry/speechmodel/", {"action": "verify", "_selected_action": "4711"}, follow=True
    )
    assert response.status_code == 200
