"""What is put right by somebody and loses nothing until then: a full disk, a folder that is not there, a database that is away."""

import errno
import sqlite3

from django.db import DatabaseError, InterfaceError, OperationalError

SQLITE_PRIMARY = 0xFF
"""The bits of an extended result code that say what kind of error it is."""
FULL = frozenset(
    (("os", errno.ENOSPC), ("os", errno.EDQUOT), ("sqlite", sqlite3.SQLITE_FULL), ("postgres", "53100")),
)
STORAGE = FULL | frozenset(
    (
        *(("os", code) for code in (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ENODEV)),
        *(("sqlite", code) for code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)),
        *(("postgres", code) for code in ("25006", "58030")),
    )
)
"""PostgreSQL's are disk_full, read_only_sql_transaction and io_error."""


def is_full_disk(err: BaseException) -> bool:
    """Return whether an error means that no disk space is left, for a file or for the database."""
    return _code(err) in FULL


def is_of_storage(err: BaseException) -> bool:
    """Return whether an error means that a disk or a folder cannot be used now, for a file or for the database."""
    return _code(err) in STORAGE


def is_of_database(err: BaseException) -> bool:
    """Return whether the database is away, locked or cannot be written to: what was asked of it is not to blame."""
    is_away = isinstance(err, (OperationalError, InterfaceError))
    return is_away or (isinstance(err, DatabaseError) and is_of_storage(err))


def _code(err: BaseException) -> tuple[str, object]:
    """Return who reported the error, and what they call it."""
    if isinstance(err, OSError):
        return "os", err.errno
    cause = err.__cause__
    if isinstance(cause, sqlite3.Error):
        return "sqlite", getattr(cause, "sqlite_errorcode", 0) & SQLITE_PRIMARY
    return "postgres", getattr(cause, "sqlstate", None)
