"""Settings that would run a job twice or lose one are refused; each check is quiet on what is right."""

from copy import deepcopy
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from transcripts import mounts


def _found() -> set[str]:
    found = run_checks(tags=["selenite"])
    assert all(message.hint for message in found)
    return {str(message.id) for message in found}


@pytest.fixture
def database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Return the settings of the database, to be changed."""
    database = deepcopy(settings.DATABASES["default"])
    monkeypatch.setitem(settings.DATABASES, "default", database)
    return database


@pytest.fixture
def queue(settings: Settings) -> dict:
    """Return the settings of django-q2, to be changed."""
    settings.Q_CLUSTER = deepcopy(settings.Q_CLUSTER)
    return settings.Q_CLUSTER


def test_settings_as_they_are_shipped_are_right():
    assert _found() == set()


@pytest.mark.parametrize(
    ("lease", "heartbeat", "expected"), [(50, 15, set()), (49, 15, {"selenite.E002"}), (15, 15, {"selenite.E001"})]
)
def test_lease_outlasts_two_heartbeats_and_a_busy_database(settings, lease: int, heartbeat: int, expected: set[str]):
    settings.JOB_LEASE_SECONDS, settings.JOB_HEARTBEAT_SECONDS = lease, heartbeat
    assert _found() == expected


def test_stall_limit_is_above_the_sign_of_life(settings):
    settings.ENGINE_STALL_SECONDS = 9
    assert _found() == {"selenite.E003"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"broker_class": "django_q.brokers.redis_broker.Redis"}, "selenite.E011"),
        ({"timeout": None}, "selenite.E012"),
        ({"timeout": -1}, "selenite.E012"),
        ({"timeout": 604800.5}, "selenite.E012"),
        ({"timeout": 3600}, "selenite.E012"),
        ({"retry": 604800}, "selenite.E012"),
        ({"queue_limit": 9}, "selenite.E013"),
        ({"scheduler": True}, "selenite.E014"),
    ],
)
def test_job_queue_must_not_repeat_or_hoard_jobs(queue: dict, fields: dict, expected: str):
    queue["ALT_CLUSTERS"]["asr"] |= fields
    assert _found() == {expected}


def test_job_queue_must_be_there(queue: dict):
    del queue["ALT_CLUSTERS"]
    assert _found() == {"selenite.E010"}


@pytest.mark.parametrize("fields", [{"timeout": 300}, {"timeout": None}, {"retry": 60.5}])
def test_light_tasks_must_not_be_repeated(queue: dict, fields: dict):
    queue |= fields
    assert _found() == {"selenite.E015"}


def test_status_of_the_queue_is_kept_out_of_sqlite(settings, queue: dict):
    settings.CACHES = settings.CACHES | {"queue": {"BACKEND": "django.core.cache.backends.db.DatabaseCache"}}
    assert _found() == {"selenite.W016"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ATOMIC_REQUESTS": True}, "selenite.E020"),
        ({"OPTIONS": {"transaction_mode": "DEFERRED"}}, "selenite.E021"),
        ({"OPTIONS": {"init_command": "PRAGMA synchronous=NORMAL;"}}, "selenite.E022"),
    ],
)
def test_sqlite_must_wait_and_must_not_forget(database: dict, fields: dict, expected: str):
    options = database["OPTIONS"] | fields.get("OPTIONS", {})
    database |= fields | {"OPTIONS": options}
    assert _found() == {expected}


@pytest.mark.parametrize(("is_safe", "expected"), [(True, set()), (False, {"selenite.E023"})])
def test_wal_needs_a_library_without_the_fault(settings, database: dict, is_safe: bool, expected: set[str]):
    settings.SQLITE_WAL_IS_SAFE = is_safe
    database["OPTIONS"] = database["OPTIONS"] | {"init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"}
    assert _found() == expected


def test_sqlite_on_a_network_is_warned_of(database: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    table = tmp_path / "mounts"
    table.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/data /mnt/my\\040data nfs4 rw 0 0\n")
    monkeypatch.setattr(mounts, "MOUNTS", table)
    database["NAME"] = Path("/mnt/my data/selenite/db.sqlite3")
    assert _found() == {"selenite.W024"}
    database["NAME"] = Path("/mnt/other/db.sqlite3")
    assert _found() == set()


def test_postgres_needs_nothing_of_that(settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(
        settings.DATABASES, "default", {"ENGINE": "django.db.backends.postgresql", "ATOMIC_REQUESTS": True}
    )
    assert _found() == set()


def test_uploads_arrive_where_they_stay(settings):
    if Path("/dev/shm").stat().st_dev == settings.MEDIA_ROOT.stat().st_dev:
        settings.INCOMING_DIR = Path("/proc")
    else:
        settings.INCOMING_DIR = Path("/dev/shm/selenite-incoming")
    assert _found() == {"selenite.E040"}


@pytest.mark.parametrize(
    ("sources", "mirror", "expected"),
    [
        (["index"], "", set()),
        ([], "http://mirror.example/", set()),
        (["publisher", "elsewhere"], "", {"selenite.W050"}),
        (["publisher"], "mirror.example", {"selenite.W051"}),
        (["publisher"], "http://name:secret@mirror.example", {"selenite.W051"}),
    ],
)
def test_sources_of_weights_are_such(settings: Settings, sources: list[str], mirror: str, expected: set[str]):
    settings.WEIGHTS_SOURCES, settings.WEIGHTS_MIRROR = sources, mirror
    assert _found() == expected
