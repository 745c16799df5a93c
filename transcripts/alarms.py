"""What is wrong with the installation now, each with what to do. Shown to staff on every page until it is gone."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Exists

from preferences.models import Settings
from registry import automatic, terminal
from registry import known as tables
from registry.automatic import Automatic
from transcripts import storage
from transcripts.models import Job, Node, Recording

CACHE_SECONDS = 5
LOCK_SECONDS = 1.0
"""A database that lets nobody write for so long is held by something: our own transactions take milliseconds."""

START = f"Start it with “{terminal.manage('qcluster')}”. “{terminal.manage('up')}” starts it together with the pages."
MOUNT = "Mount the disk or give the folder back to Selenite. Nothing is lost: jobs wait and go on by themselves."
MAKE_ROOM = "New recordings are refused below {:.0f} GB. Free some space; what waits goes on by itself."
UNLOCK = "End what holds it, such as a backup or a database browser. Jobs wait and go on by themselves."
OPEN = "Make the file and its folder writable for Selenite. Jobs wait and go on by themselves."
RESUME = "Running jobs go on; waiting ones start when you resume it on the page “Queue”."


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong: a sentence, and what to do about it. A `notice` is as somebody wants it.

    `model` is the key of the model that would put it right; `is_in_settings` says that the settings of the installation would.
    """

    name: str
    sentence: str
    remedy: str = ""
    is_notice: bool = False
    model: str = ""
    is_in_settings: bool = False


def current() -> list[Alarm]:
    """Return what is wrong now, or was a few seconds ago, notices last. Costs at most five queries."""
    found: list[Alarm] | None = cache.get("alarms")
    if found is None:
        found = sorted(_look(), key=lambda alarm: alarm.is_notice)
        cache.set("alarms", found, CACHE_SECONDS)
    return found


def on_change(**_: Any) -> None:
    """Forget what was found once what was written is there for everybody, so that the next page tells what is so now."""
    transaction.on_commit(forget, robust=True)


def forget() -> None:
    """Have the next page look anew."""
    cache.delete("alarms")


def is_saving_possible() -> bool:
    """Return whether nothing is known that keeps changes from being saved."""
    return not any(alarm.name in ("database", "disk", "media") for alarm in current())


def _look() -> Iterator[Alarm]:
    problem = _database_problem()
    if problem:
        yield problem
    if problem is None or _can_be_read():
        yield from _look_at_queue()
        yield from _look_at_weights()
    for disk in storage.full_disks():
        sentence = f"The disk of {disk.folder} is nearly full: {disk.free} left."
        yield Alarm("disk", sentence, MAKE_ROOM.format(storage.RESERVE_BYTES / 1e9))


def _look_at_weights() -> Iterator[Alarm]:
    try:
        known = tables.load()
        found = automatic.find(known)
    except (DatabaseError, InterfaceError):  # The alarm for that is above.
        return
    if found.taken is None:
        sentence, _, command = found.nothing.partition(" Run: ")
        yield Alarm("weights", sentence, f"Run: {command}" if command else "", model=known.default_model)
    elif found.is_missing:
        yield _of_default(found, key=known.default_model)


def _of_default(found: Automatic, *, key: str) -> Alarm:
    """Tell of a default model that is damaged or missing: all jobs would get another one, and nobody might notice.

    What an administrator has disabled is as somebody wants it, and so is what the next job downloads.
    """
    assert found.hindrance is not None
    sentence = f"{found.hindrance.sentence} {found.consequence}"
    is_wanted = not found.is_worry
    return Alarm("weights", sentence, found.remedy, is_notice=is_wanted, model=key, is_in_settings=found.is_gone)


def _look_at_queue() -> Iterator[Alarm]:
    facts = _facts()
    if facts["waits"] and not facts["has_worker"]:
        yield Alarm("worker", "No worker is running, and jobs wait.", START)
    if facts["queue_paused"]:
        yield Alarm("queue", "The queue is held.", RESUME, is_notice=True)
    if problem := storage.media_problem(has_recordings=facts["has_recordings"]):
        yield Alarm("media", problem, MOUNT)


def _facts() -> dict[str, bool]:
    """Return what the database knows, in one query."""
    exists = {
        "has_worker": Exists(Node.objects.alive()),
        "waits": Exists(Job.objects.waiting()),
        "has_recordings": Exists(Recording.objects.all()),
    }
    rows = Settings.objects.filter(pk=1).annotate(**exists).values("queue_paused", *exists)
    try:
        found = rows.first()
        if found is None:
            Settings.load()
            found = rows.get()
        return dict(found)
    except (DatabaseError, InterfaceError):  # The alarm for that is above.
        return dict.fromkeys(("queue_paused", *exists), False)


def _database_problem() -> Alarm | None:
    """Return why nothing can be written to the database; None where it can be. Looks only at SQLite, which is a file."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:  # Who is in a transaction holds the lock.
        return None
    path = _database_file()
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return Alarm("database", f"The database cannot be written to: {path}.", OPEN)
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as err:
        return Alarm("database", f"The database takes no changes now ({err}).", UNLOCK)
    return None


def _can_be_read() -> bool:
    """Return whether SQLite gives anything to read, without the long wait of our own connections."""
    try:
        with closing(sqlite3.connect(_database_file(), timeout=LOCK_SECONDS)) as database:
            database.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        return False
    return True


def _database_file() -> Path:
    return Path(connection.settings_dict["NAME"])
