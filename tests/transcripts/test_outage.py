"""Errors as the system really raises them."""

import errno
import sqlite3
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection

from transcripts import outage
from transcripts.models import Recording


def _error_of(act) -> Exception:
    with pytest.raises((OSError, DatabaseError)) as caught:
        act()
    return caught.value


def test_full_disk_of_a_file_is_told():
    err = _error_of(lambda: Path("/dev/full").write_bytes(b"x"))
    assert (outage.is_full_disk(err), outage.is_of_storage(err), outage.is_of_database(err)) == (True, True, False)


@pytest.mark.django_db(transaction=True)
def test_full_disk_of_the_database_is_told():
    """SQLite reports the same where a database may not grow."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1")  # It then takes what there is.
        err = _error_of(lambda: cursor.execute("CREATE TABLE large AS SELECT zeroblob(10000000)"))
        cursor.execute("PRAGMA max_page_count = 4294967294")
    assert (outage.is_full_disk(err), outage.is_of_storage(err), outage.is_of_database(err)) == (True, True, True)


@pytest.mark.django_db(transaction=True)
def test_locked_database_is_away_but_no_disk_is_to_blame(settings):
    with sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
            err = _error_of(lambda: Recording.objects.update(title=""))
            cursor.execute("PRAGMA busy_timeout = 20000")
        other.execute("ROLLBACK")
    assert isinstance(err, OperationalError)
    assert (outage.is_full_disk(err), outage.is_of_storage(err), outage.is_of_database(err)) == (False, False, True)


@pytest.mark.django_db(transaction=True)
def test_database_that_can_only_be_read_is_told():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
        err = _error_of(lambda: Recording.objects.update(title=""))
        cursor.execute("PRAGMA query_only = 0")
    assert (outage.is_full_disk(err), outage.is_of_storage(err), outage.is_of_database(err)) == (False, True, True)


@pytest.mark.parametrize("sqlstate", ["53100", "25006"])
def test_postgres_is_understood(sqlstate: str):
    cause = type("DiskFull", (Exception,), {"sqlstate": sqlstate})()
    err = OperationalError("no room")
    err.__cause__ = cause
    assert (outage.is_full_disk(err), outage.is_of_storage(err)) == (sqlstate == "53100", True)


@pytest.mark.parametrize("err", [OSError(errno.EISDIR, "x"), IntegrityError("x"), ValueError("x"), BrokenPipeError()])
def test_fault_of_ours_is_none_of_these(err: Exception):
    assert (outage.is_full_disk(err), outage.is_of_storage(err), outage.is_of_database(err)) == (False, False, False)
