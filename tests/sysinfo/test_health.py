"""What a monitor is told while things break and are put right."""

import shutil
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from preferences.models import Settings
from registry import fetching
from registry.models import SpeechModel, Work
from sysinfo import health
from sysinfo.health import State
from sysinfo.probes import queue
from transcripts import lease, node, presence, schedule
from transcripts.models import Job, Node
from transcripts.storage import RESERVE_BYTES

pytestmark = pytest.mark.django_db

GOOD = {"database": "ok", "worker": "ok", "queue": "ok", "disk": "ok", "weights": "ok"}


@pytest.fixture(autouse=True)
def fake_engine(settings):
    """Have something that can run jobs: the weights of this checkout are not the matter here."""
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"


@pytest.fixture
def worker(db: None) -> None:
    presence.announce()


def _asked(client: Client) -> tuple[int, str, dict[str, str]]:
    cache.clear()
    response = client.get("/healthz")
    told = response.json()
    assert set(told) == {"status", "checks"}
    return response.status_code, told["status"], told["checks"]


@pytest.mark.usefixtures("worker")
def test_stranger_is_told_that_all_is_well(client: Client):
    assert _asked(client) == (200, "ok", GOOD)
    assert "no-store" in client.get("/healthz").headers["Cache-Control"]


def test_missing_worker_is_degraded(client: Client):
    assert _asked(client) == (200, "degraded", GOOD | {"worker": "degraded"})


def test_worker_that_was_not_seen_for_a_minute_is_missing(client: Client, worker: None):
    Node.objects.update(seen_at=timezone.now() - timedelta(seconds=60))
    assert _asked(client)[2] == GOOD | {"worker": "degraded"}


def test_light_tasks_that_stand_still_are_degraded(client: Client, worker: None):
    schedule.ensure()
    assert _asked(client) == (200, "ok", GOOD)
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=20))
    assert _asked(client) == (200, "degraded", GOOD | {"worker": "degraded"})


def test_job_that_waits_beside_a_free_slot_is_late(client: Client, worker: None, job: Job, make_job):
    long_ago = timezone.now() - timedelta(minutes=5)
    assert _asked(client) == (200, "ok", GOOD)
    Job.objects.update(available_at=long_ago)
    assert _asked(client) == (200, "ok", GOOD), "The worker came a moment ago."
    Node.objects.update(started_at=long_ago)
    assert _asked(client) == (200, "degraded", GOOD | {"queue": "degraded"})
    ended = make_job(state=Job.State.COMPLETED, finished_at=timezone.now())
    assert _asked(client) == (200, "ok", GOOD), "The slot is free since a moment ago."
    ended.delete()
    lease.start_directly(make_job())
    assert _asked(client)[2]["queue"] == "degraded", "What a command runs takes nobody's slot."
    Job.objects.running().update(lease_node=node.holder())
    assert _asked(client) == (200, "ok", GOOD), "There is one slot, and it is taken."


def test_job_that_cannot_start_is_degraded(client: Client, worker: None, make_job):
    make_job(blocked_reason="The disk is full.")
    assert _asked(client) == (200, "degraded", GOOD | {"queue": "degraded"})


@pytest.mark.parametrize("row", [("faster-whisper", "base"), ("diarization", "ge2e")])
def test_job_that_waits_for_a_download_is_no_trouble(
    client: Client, worker: None, make_job, monkeypatch, settings, tmp_path, row
):
    settings.WEIGHTS_DIR = tmp_path
    monkeypatch.setattr("registry.works.lack_of_room", lambda *arguments: "")
    job, missing = make_job(), SpeechModel.objects.get(store=row[0], key=row[1])
    for count in (1, 2):
        with pytest.raises(fetching.BeingInstalled) as told:
            fetching.fetch([missing], since=job.created_at, by=job.owner)
        Job.objects.filter(blocked_reason="").update(blocked_reason=str(told.value))
        Work.objects.update(done_bytes=90, total_bytes=100)
        assert _asked(client) == (200, "ok", GOOD)
        [check] = [check for check in health.current() if check.name == "queue"]
        words = "1 job waits" if count == 1 else "2 jobs wait"
        assert (check.state, check.sentence) == (State.NOTICE, f"{words} for weights that are being downloaded.")
        make_job()
    Job.objects.filter(blocked_reason="").update(blocked_reason="The disk is full.")
    assert _asked(client)[2] == GOOD | {"queue": "degraded"}, "Nobody helps this one."
    Job.objects.filter(blocked_reason="The disk is full.").delete()
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.update(available_at=long_ago)
    Node.objects.update(started_at=long_ago)
    assert _asked(client)[2] == GOOD | {"queue": "degraded"}, "It would have been tried again by now."


def test_held_queue_is_no_trouble(client: Client, worker: None, job: Job):
    Settings.load()
    Settings.objects.update(queue_paused=True)
    Job.objects.update(available_at=timezone.now() - timedelta(minutes=5))
    assert _asked(client) == (200, "ok", GOOD)


def test_full_disk_is_degraded(client: Client, worker: None, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type(usage)(usage.total, usage.total, RESERVE_BYTES - 1))
    assert _asked(client) == (200, "degraded", GOOD | {"disk": "degraded"})


def test_missing_recordings_are_down(client: Client, worker: None, recording, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "not mounted"
    assert _asked(client) == (503, "down", GOOD | {"disk": "down"})


def test_missing_weights_are_degraded(client: Client, worker: None, weights_folder):
    assert _asked(client) == (200, "degraded", GOOD | {"weights": "degraded"})


def test_database_that_is_away_is_down_and_told_without_a_failure(client: Client, worker: None, monkeypatch):
    def away() -> None:
        raise OperationalError("could not connect to server")

    monkeypatch.setattr(queue, "_read", away)
    expected = GOOD | {"database": "down", "worker": "degraded", "queue": "degraded"}
    assert _asked(client) == (503, "down", expected)


@pytest.mark.django_db(transaction=True)
def test_database_that_is_locked_is_down_and_told_soon(client: Client, worker: None, job: Job):
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        status, state, checks = _asked(client)
        assert (status, state, checks["database"]) == (503, "down", "down")
        assert time.monotonic() - began < 5
        other.execute("ROLLBACK")
    assert _asked(client) == (200, "ok", GOOD)


@pytest.mark.usefixtures("worker")
def test_it_costs_few_queries_and_next_to_none_when_asked_again(client: Client, django_assert_max_num_queries):
    Settings.load()
    cache.clear()
    with django_assert_max_num_queries(8):
        client.get("/healthz")
    with django_assert_max_num_queries(0):
        client.get("/healthz")


def test_it_is_only_read(client: Client):
    assert client.post("/healthz").status_code == 405
    assert client.head("/healthz").content == b""


@pytest.mark.usefixtures("worker")
def test_every_check_that_is_not_well_says_what_to_do(job: Job, weights_folder):
    Job.objects.update(available_at=timezone.now() - timedelta(minutes=5))
    Node.objects.all().delete()
    cache.clear()
    broken = [check for check in health.look() if check.state.is_broken]
    assert {check.name for check in broken} == {"worker", "weights"}
    assert all(check.sentence and check.remedy for check in broken)
