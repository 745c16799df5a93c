"""The name of the installation, and colours, time zone and dates as each person has set them."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from preferences import dates
from preferences.models import Settings, UserDefaults
from transcripts.models import Job, Recording

MOMENT = datetime(2026, 11, 27, 23, 5, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser_client(carol: User) -> Client:
    carol.is_superuser = True
    carol.save()
    client = Client()
    client.force_login(carol)
    return client


def _name_everywhere(client: Client, signed_out: Client) -> set[str]:
    texts = [client.get(address).text for address in ("/", "/upload/", "/queue/", "/nothing/", "/settings/")]
    texts.append(signed_out.get("/sign-in/").text)
    titles = [re.findall(r"<title>(.*?)</title>", text)[0].split(" · ")[-1] for text in texts]
    brands = [re.findall(r'<a class="brand".*?<span[^>]*>(.*?)</span>', text)[0] for text in texts]
    return {*titles, *brands}


def test_name_is_obeyed_from_the_page(carol_client: Client, client: Client):
    assert _name_everywhere(carol_client, client) == {"Selenite"}
    carol_client.post("/settings/site/", {"site_name": "Moon & <b>base</b>"})
    assert _name_everywhere(carol_client, client) == {"Moon &amp; &lt;b&gt;base&lt;/b&gt;"}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Moon\u202ebase", "Moonbase"),
        ("Moon\n\tbase", "Moon base"),
        ("\u2066Moon\u2069\u200b\u0007", "Moon"),
        ("אולפן 👩\u200d🚀", "אולפן 👩\u200d🚀"),
    ],
)
def test_name_keeps_nothing_that_turns_the_line_round(carol_client: Client, sent: str, name: str):
    carol_client.post("/settings/site/", {"site_name": sent})
    assert Settings.load().site_name == name


def test_name_is_obeyed_in_the_administration_and_from_it(superuser_client: Client, client: Client):
    page = "/admin/settings/settings/1/change/"
    fields = {"site_name": "Moonbase", "concurrency": 2, "upload_limit_megabytes": 5}
    response = superuser_client.post(page, {**fields, "keep_media_days": 0, "keep_days": 0})
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert _name_everywhere(superuser_client, client) == {"Moonbase"}
    text = superuser_client.get("/admin/").text
    assert "· Moonbase administration</title>" in text
    assert re.findall(r'id="site-name"><a[^>]*>.*?</svg>(.*?)</a>', text) == ["Moonbase"]


@pytest.mark.parametrize(("theme", "attribute"), [("", []), ("light", ["light"]), ("dark", ["dark"])])
def test_theme_is_on_every_page(alice_client: Client, theme: str, attribute: list[str]):
    response = alice_client.post(
        "/settings/appearance/", {"theme": theme}, headers={"HX-Target": "settings-appearance"}
    )
    assert response.headers["HX-Trigger"] == f'{{"theme-changed": {{"theme": "{theme}"}}}}'
    for address in ("/", "/settings/", "/nothing/"):
        assert re.findall(r'<html lang="en" data-theme="(\w+)">', alice_client.get(address).text) == attribute


def test_theme_is_in_the_administration(superuser_client: Client, carol: User):
    UserDefaults.objects.create(user=carol, theme="dark")
    assert re.findall(r'<body class="[^"]*(theme-\w+)', superuser_client.get("/admin/").text) == ["theme-dark"]


@pytest.mark.parametrize(
    ("zone", "shape", "full"),
    [
        ("", "", "27 Nov 2026, 23:05"),
        ("Asia/Tokyo", "", "28 Nov 2026, 08:05"),
        ("Asia/Tokyo", "iso", "2026-11-28 08:05"),
        ("America/New_York", "us", "Nov 27, 2026, 6:05 p.m."),
        ("Nowhere/Gone", "", "27 Nov 2026, 23:05"),
    ],
)
def test_dates_are_as_their_reader_has_set_them(
    alice_client: Client, alice: User, completed_job: Job, zone: str, shape: str, full: str
):
    UserDefaults.objects.create(user=alice, time_zone=zone, date_format=shape)
    Recording.objects.update(created_at=MOMENT)
    text = alice_client.get(f"/recordings/{completed_job.recording_id}/").text
    assert f"{full}</time>" in text
    assert timezone.get_current_timezone_name() == "UTC"
    assert dates.full(MOMENT) == "27 Nov 2026, 23:05"


def test_dates_of_one_person_are_not_those_of_the_next(
    alice_client: Client, bob_client: Client, carol_client: Client, alice: User, completed_job: Job
):
    UserDefaults.objects.create(user=alice, time_zone="Asia/Tokyo", date_format="iso")
    Recording.objects.update(created_at=MOMENT)
    address = f"/recordings/{completed_job.recording_id}/"
    assert "2026-11-28 08:05" in alice_client.get(address).text
    assert "27 Nov 2026, 23:05" in carol_client.get(address).text
    assert bob_client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("shape", "today", "this_year", "earlier"),
    [
        ("", "09:05", "21 Nov", "31 Dec 2025"),
        ("iso", "09:05", "2026-11-21", "2025-12-31"),
        ("us", "9:05 a.m.", "Nov 21", "Dec 31, 2025"),
    ],
)
def test_short_dates(shape: str, today: str, this_year: str, earlier: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 11, 22, 18, 0, tzinfo=UTC))
    moments = ((2026, 11, 22, 9, 5), (2026, 11, 21, 23, 59), (2025, 12, 31, 12, 0))
    dates.use(shape)
    try:
        assert [dates.short(datetime(*moment, tzinfo=UTC)) for moment in moments] == [today, this_year, earlier]
    finally:
        dates.use("")


def test_what_a_person_has_set_costs_no_query_in_what_a_page_polls(
    alice_client: Client, alice: User, job: Job, django_assert_num_queries: DjangoAssertNumQueries
):
    UserDefaults.objects.create(user=alice, theme="dark", time_zone="Asia/Tokyo", date_format="iso")
    Settings.load()
    with django_assert_num_queries(4):  # session, user, rows, line
        alice_client.get(f"/rows/?job={job.pk}")
    with django_assert_num_queries(3):  # session, user, queue
        alice_client.get("/queue/state")


def test_monitor_is_answered_for_who_is_signed_in_too(alice_client: Client):
    assert alice_client.get("/healthz").status_code in (200, 503)


def test_every_page_that_stands_alone_has_a_title_with_the_name():
    """`Settings.site_name` is meant, not the program."""
    from tests.selenite.test_templates import TEMPLATES

    assert [path.name for path in TEMPLATES if re.search(r"block title %}[^{]*Selenite", path.read_text())] == []
    assert Settings().site_name == "Selenite"
