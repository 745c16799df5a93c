"""What the settings must not be, because a job could run twice or be lost. `manage.py check` runs these, and so does `up`."""

import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from transcripts import mounts

JOBS = "asr"
BROKER = "transcripts.broker.JobBroker"
LONG_SECONDS = 7 * 24 * 3600
"""A job may take so long. django-q2 needs whole numbers, and neither None nor -1 (its cluster then loses sight of idleness)."""
MOST_SLOTS = 64
"""As many jobs as the settings page allows at once."""
NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.glusterfs", "ceph", "lustre"))


@register("selenite")
def check_lease(**kwargs: Any) -> list[CheckMessage]:
    """Look at the times by which a worker is taken to be dead."""
    return list(_lease_problems())


@register("selenite")
def check_queues(**kwargs: Any) -> list[CheckMessage]:
    """Look at what django-q2 does with the jobs and with light tasks."""
    light = settings.Q_CLUSTER
    own = light.get("ALT_CLUSTERS", {}).get(JOBS)
    if own is None:
        return [Error(f"Q_CLUSTER has no queue “{JOBS}”: no job would run.", hint="Restore it.", id="selenite.E010")]
    return list(chain(_job_queue_problems({**light, **own}), _light_queue_problems(light)))


@register("selenite")
def check_database(**kwargs: Any) -> list[CheckMessage]:
    """Look at how SQLite is used. PostgreSQL needs nothing of this."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    return list(_sqlite_problems(database))


@register("selenite")
def check_folders(**kwargs: Any) -> list[CheckMessage]:
    """Look at whether accepting an upload is a rename."""
    places = [mounts.existing(Path(folder)) for folder in (settings.INCOMING_DIR, settings.MEDIA_ROOT)]
    if len({place.stat().st_dev for place in places}) == 1:
        return []
    sentence = (
        "Uploads arrive on another file system than the one where they are kept: a crash could leave half a file."
    )
    return [Error(sentence, hint="Put INCOMING_DIR below MEDIA_ROOT.", id="selenite.E040")]


def _lease_problems() -> Iterator[CheckMessage]:
    from speech.lifesigns import SIGN_OF_LIFE_SECONDS  # Of no use to web and worker, which import this module too.

    lease, heartbeat = settings.JOB_LEASE_SECONDS, settings.JOB_HEARTBEAT_SECONDS
    busy = settings.DATABASES["default"].get("OPTIONS", {}).get("timeout", 0) if _is_sqlite() else 0
    if heartbeat >= lease:
        yield Error(
            f"A lease of {lease} s is renewed every {heartbeat} s only: running jobs would be taken away.",
            hint="Leave JOB_HEARTBEAT_SECONDS at a quarter of SELENITE_LEASE_SECONDS.",
            id="selenite.E001",
        )
    elif lease < 2 * heartbeat + busy:
        yield Error(
            f"A lease of {lease} s may run out while its worker waits for the database: its job would run twice.",
            hint=f"Set SELENITE_LEASE_SECONDS to {2 * busy} or more.",  # A heartbeat is a quarter of it.
            id="selenite.E002",
        )
    if settings.ENGINE_STALL_SECONDS < 2 * SIGN_OF_LIFE_SECONDS:
        yield Error(
            f"An engine says every {SIGN_OF_LIFE_SECONDS:g} s that it lives: it would be ended at work.",
            hint=f"Set SELENITE_ENGINE_STALL_SECONDS to {2 * SIGN_OF_LIFE_SECONDS:g} or more; 300 is the default.",
            id="selenite.E003",
        )


def _job_queue_problems(queue: dict[str, Any]) -> Iterator[CheckMessage]:
    if queue.get("broker_class") != BROKER:
        yield Error(
            f"Jobs are not taken by {BROKER}: they could run twice or be lost.",
            hint="Set it as the broker_class of the queue.",
            id="selenite.E011",
        )
    timeout, retry = _whole(queue.get("timeout")), _whole(queue.get("retry"))
    if not LONG_SECONDS <= timeout < retry:
        yield Error(
            "django-q2 would end long jobs, or start them again while they run.",
            hint=f"Set timeout to {LONG_SECONDS} and retry above it, both as whole numbers.",
            id="selenite.E012",
        )
    if _whole(queue.get("queue_limit")) < max(settings.JOB_SLOTS, MOST_SLOTS):
        yield Error(
            "A cluster could claim more jobs than its queue holds: it would then neither rescue nor claim any.",
            hint=f"Set queue_limit to {max(settings.JOB_SLOTS, MOST_SLOTS)} or more.",
            id="selenite.E013",
        )
    if queue.get("scheduler", True):
        yield Error(
            "The job queue would run schedules, and workers would wait for them.",
            hint="Set its scheduler to False.",
            id="selenite.E014",
        )


def _light_queue_problems(queue: dict[str, Any]) -> Iterator[CheckMessage]:
    timeout, retry = _whole(queue.get("timeout")), _whole(queue.get("retry"))
    if not 0 < timeout < retry:
        yield Error(
            "Light tasks would be started again while they run.",
            hint="Set timeout and retry of Q_CLUSTER to whole numbers, retry the larger one.",
            id="selenite.E015",
        )
    backend = settings.CACHES.get(queue.get("cache", "default"), {}).get("BACKEND", "")
    if backend.endswith("DatabaseCache") and _is_sqlite():
        yield checks.Warning(
            "django-q2 writes its status to the cache twice a second, and the cache is in the SQLite database.",
            hint="Give Q_CLUSTER a cache in memory.",
            id="selenite.W016",
        )


def _sqlite_problems(database: dict[str, Any]) -> Iterator[CheckMessage]:
    options = database.get("OPTIONS", {})
    start = options.get("init_command", "").replace(" ", "").upper()
    if database.get("ATOMIC_REQUESTS"):
        yield Error(
            "With ATOMIC_REQUESTS each page takes SQLite's only write lock: workers would lose their leases.",
            hint="Leave it off, or use PostgreSQL.",
            id="selenite.E020",
        )
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        yield Error(
            "Without IMMEDIATE transactions SQLite fails with “database is locked” instead of waiting.",
            hint='Set "transaction_mode": "IMMEDIATE" in the OPTIONS of the database.',
            id="selenite.E021",
        )
    if "SYNCHRONOUS=FULL" not in start and "SYNCHRONOUS=EXTRA" not in start:
        yield Error(
            "Without synchronous=FULL a power cut may take back what was accepted.",
            hint="Put PRAGMA synchronous=FULL into the init_command of the database.",
            id="selenite.E022",
        )
    if "JOURNAL_MODE=WAL" in start and not settings.SQLITE_WAL_IS_SAFE:
        yield Error(
            f"SQLite {sqlite3.sqlite_version} may damage a database in WAL mode (sqlite.org/wal.html#walresetbug).",
            hint="Use journal_mode=DELETE, or SQLite 3.51.3 or newer.",
            id="selenite.E023",
        )
    mount = mounts.of(Path(database["NAME"]))
    if mount and mount.kind in NETWORK:
        yield checks.Warning(
            f"The SQLite database lies on a network file system ({mount.kind}), whose locks cannot be relied on.",
            hint="Put SELENITE_DATA_DIR on a disk of this machine, or use PostgreSQL.",
            id="selenite.W024",
        )


def _is_sqlite() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3")


def _whole(value: object) -> int:
    """Return a whole number; 0 for None and for a fraction, neither of which django-q2 can take."""
    return value if isinstance(value, int) else 0
