"""What is wrong now, and that it is not said any more once it is put right."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client

from preferences.models import Settings
from registry.models import SpeechModel
from tests.conftest import PutWeights
from transcripts import alarms, presence
from transcripts.models import Job
from transcripts.services.queue import hold, resume


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def fake_engine(settings):
    """Have something that can run jobs: the weights of this checkout are not the matter here."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"


def _now() -> dict[str, alarms.Alarm]:
    cache.clear()
    return {alarm.name: alarm for alarm in alarms.current()}


@pytest.mark.django_db
def test_nothing_is_wrong_with_a_new_installation():
    assert _now() == {}


def test_waiting_job_needs_a_worker(job: Job):
    assert _now()["worker"].sentence == "No worker is running, and jobs wait."
    assert "manage.py qcluster" in _now()["worker"].remedy
    presence.announce()
    assert _now() == {}


@pytest.mark.django_db
def test_nobody_misses_a_worker_while_nothing_waits(completed_job: Job):
    assert _now() == {}


@pytest.mark.django_db(transaction=True)
def test_page_after_the_queue_was_held_or_resumed_tells_it(carol_client: Client, carol: User):
    presence.announce()
    held = "<strong>The queue is held.</strong>"
    assert held not in carol_client.get("/").text
    hold(by=carol)
    assert held in carol_client.get("/").text
    resume(by=carol)
    assert held not in carol_client.get("/").text
    fields = {"concurrency": 1, "queue_paused": "on"}
    saved = carol_client.post("/settings/queue/", fields, headers={"HX-Request": "true", "HX-Target": "settings-queue"})
    assert {"alarms-changed", "queue-changed"} == set(json.loads(saved.headers["HX-Trigger"]))
    assert held in carol_client.get("/").text


def test_held_queue_is_a_notice(job: Job):
    presence.announce()
    Settings.load()
    Settings.objects.update(queue_paused=True)
    assert _now()["queue"].is_notice
    Settings.objects.update(queue_paused=False)
    assert _now() == {}


def test_folder_of_recordings_that_is_not_there_is_told(completed_job: Job, media_root: Path):
    (media_root / "recordings").rename(media_root / "elsewhere")
    assert str(media_root / "recordings") in _now()["media"].sentence
    assert not alarms.is_saving_possible()
    (media_root / "elsewhere").rename(media_root / "recordings")
    assert _now() == {}
    assert alarms.is_saving_possible()


def test_folder_that_cannot_be_written_to_is_told(completed_job: Job, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: "recordings" not in str(path))
    assert "cannot be read and written" in _now()["media"].sentence


@pytest.mark.django_db
def test_full_disk_is_told_once_with_what_is_left(monkeypatch, media_root: Path):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 412_000_000))
    found = [alarm for alarm in _look() if alarm.name == "disk"]
    assert [alarm.sentence for alarm in found] == [f"The disk of {media_root} is nearly full: 0.4 GB left."]
    assert "below 1 GB" in found[0].remedy


def _look() -> list[alarms.Alarm]:
    cache.clear()
    return alarms.current()


@pytest.mark.django_db
def test_missing_weights_are_told_with_the_command(settings, tmp_path: Path):
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE, settings.WEIGHTS_DIR = False, "faster-whisper", tmp_path
    assert _now()["weights"].remedy == "Run: .venv/bin/python manage.py weights install base"


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "narrowed"), [("/", "?q=base"), ("/system/checks", "")])
def test_missing_weights_lead_who_may_install_them_there(
    settings, tmp_path: Path, carol: User, carol_client: Client, page: str, narrowed: str
):
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE, settings.WEIGHTS_DIR = False, "faster-whisper", tmp_path
    link = f'href="/admin/registry/speechmodel/{narrowed}">Install, verify or remove models</a>'
    assert link not in carol_client.get(page).text
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    assert link in carol_client.get(page).text


@pytest.mark.django_db(transaction=True)
def test_locked_database_is_told_until_it_is_free(monkeypatch):
    monkeypatch.setattr(alarms, "LOCK_SECONDS", 0.1)
    Settings.load()  # Else the settings would be made now, which waits for the lock.
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "database is locked" in _now()["database"].sentence
        other.execute("ROLLBACK")
    assert _now() == {}


@pytest.mark.django_db(transaction=True)
def test_database_that_cannot_be_written_to_is_told(monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: "sqlite3" not in Path(path).name)
    assert "cannot be written to" in _now()["database"].sentence


@pytest.mark.django_db
def test_damaged_default_is_told_with_what_is_used_instead(settings, put_weights: PutWeights):
    settings.DEFAULT_ENGINE = "faster-whisper"
    put_weights("faster-whisper", "tiny")
    broken = {"status": SpeechModel.Status.BROKEN, "status_detail": "faster-whisper/base is damaged."}
    SpeechModel.objects.filter(provider__key="faster-whisper", key="base").update(**broken)

    alarm = _now()["weights"]

    assert alarm.sentence == (
        "Model base (faster-whisper) is broken: faster-whisper/base is damaged. "
        "Jobs for which nobody chooses a model get tiny (faster-whisper) instead."
    )
    assert alarm.remedy == "Run: .venv/bin/python manage.py weights install base"


def test_alarms_cost_four_queries_in_a_few_seconds(job: Job, django_assert_num_queries):
    Settings.load()
    with django_assert_num_queries(4):
        alarms.current()
        alarms.current()
