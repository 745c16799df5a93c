"""A full disk or a locked database is answered in a sentence, never by the page for faults of ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from preferences.models import Settings
from selenite import problems
from tests.conftest import DATA, PASSWORD
from transcripts.incoming import DATABASE_AWAY
from transcripts.models import Job, Recording

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patient_client(alice: User) -> Client:
    """Return Alice's browser, which takes what the server sends where a view fails."""
    Settings.load()
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@pytest.fixture
def read_only() -> Iterator[None]:
    """Have SQLite refuse every change, as it does on a disk that can only be read."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
    yield
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 0")


@pytest.fixture
def locked() -> Iterator[None]:
    """Have another program hold the database."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 20000")


def _full(limit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {limit}")


def test_pages_are_read_while_nothing_can_be_written(patient_client: Client, completed_job: Job, read_only: None):
    for address in ("/", f"/recordings/{completed_job.recording_id}/", "/upload/"):
        assert patient_client.get(address).status_code == 200


def test_sign_in_says_that_nothing_can_be_written(alice: User, locked: None):
    client = Client(raise_request_exception=False)
    response = client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    assert response.status_code == 503
    assert problems.DATABASE in response.text
    assert response.headers["Retry-After"] == "10"
    assert client.get("/").status_code == 302, "Nobody is signed in by half."


def test_change_on_a_locked_database_is_answered_in_a_sentence(patient_client: Client, job: Job, locked: None):
    address = f"/recordings/{job.recording_id}/delete/"
    page = patient_client.post(address)
    fragment = patient_client.post(address, headers={"HX-Request": "true"})
    data = patient_client.post(address, headers={"Accept": "application/json"})

    assert [answer.status_code for answer in (page, fragment, data)] == [503, 503, 503]
    assert problems.DATABASE in page.text
    assert "<html" in page.text
    assert problems.DATABASE in fragment.text
    assert "<html" not in fragment.text
    assert data.json() == {"error": problems.DATABASE, "passes": True}
    assert Job.objects.filter(pk=job.pk).exists()


def test_upload_to_a_locked_database_leaves_nothing(patient_client: Client, locked: None, media_root):
    with (DATA / "jfk.opus").open("rb") as file:
        response = patient_client.post("/upload/", {"recordings": file}, headers={"Accept": "application/json"})
    assert (response.status_code, response.json()) == (422, {"error": DATABASE_AWAY, "passes": True})
    assert not Recording.objects.exists()
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_upload_to_a_full_database_leaves_nothing(patient_client: Client, media_root, monkeypatch):
    from django.db.backends.signals import connection_created

    def full(connection, **kwargs) -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1")

    monkeypatch.setattr("transcripts.models.Recording.save", lambda *args, **kwargs: _grow())
    connection_created.connect(full)
    _full("1")
    try:
        with (DATA / "jfk.opus").open("rb") as file:
            response = patient_client.post("/upload/", {"recordings": file}, headers={"Accept": "application/json"})
    finally:
        connection_created.disconnect(full)
        _full("4294967294")
    assert response.status_code == 422
    assert "not enough free disk space" in response.json()["error"]
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def _grow() -> None:
    """Write more than the free pages of the database can take."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE settings_settings SET upload_limit_megabytes = 1")
        cursor.execute("CREATE TABLE large AS SELECT zeroblob(10000000)")


def test_fault_of_ours_is_still_told_as_one(patient_client: Client, monkeypatch):
    def fail(*args: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr("transcripts.views.recordings.Paginator", fail)
    response = patient_client.get("/")
    assert response.status_code == 500
    assert "Something went wrong" in response.text


def test_folder_that_cannot_be_read_is_no_fault_of_ours(patient_client: Client, completed_job: Job, monkeypatch):
    def fail(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._open", fail)
    response = patient_client.get(f"/recordings/{completed_job.recording_id}/media")
    assert response.status_code == 503
    assert problems.FOLDER in response.text
