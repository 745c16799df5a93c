"""Typed reading of environment variables, so that `settings.py` stays a list of values."""

import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
STAMP = "%Y%m%d-%H%M%S"
DATABASES = "Use postgres://user:password@host/name, or sqlite:///path, or leave it out for SQLite in the data folder."
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str) -> str:
    """Return the variable `name`, or `default` where it is not set."""
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    """Return the variable `name` as a boolean. Raises ImproperlyConfigured on any other word."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def integer(name: str, default: int) -> int:
    """Return the variable `name` as a whole number from 0 up. Raises ImproperlyConfigured on anything else."""
    value = os.environ.get(name)
    if not value:
        return default
    if not value.strip().isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number from 0 up, not {value!r}.")
    return int(value)


def level(name: str, default: str) -> str:
    """Return the variable `name`, the least level that is logged, in capitals. Raises ImproperlyConfigured on no level."""
    value = os.environ.get(name) or default
    if value.strip().upper() not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name} must be DEBUG, INFO, WARNING or ERROR, not {value!r}.")
    return value.strip().upper()


def time_zone(name: str, default: str) -> str:
    """Return the variable `name`, a time zone's name. Raises ImproperlyConfigured on one that this machine does not know."""
    value = os.environ.get(name) or default
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError) as err:
        raise ImproperlyConfigured(f"{name} must be a time zone such as Europe/Berlin, not {value!r}.") from err


def database(name: str, default: str) -> dict[str, Any]:
    """Return the variable `name`, the address of a database, as Django takes it. Raises ImproperlyConfigured on another kind."""
    try:
        found: dict[str, Any] = {**dj_database_url.parse(os.environ.get(name) or default)}
    except ValueError as err:  # It is not told: there may be a password in it.
        raise ImproperlyConfigured(f"{name} cannot be understood. {DATABASES}") from err
    if not found["ENGINE"].endswith((".sqlite3", ".postgresql")):
        raise ImproperlyConfigured(f"{name} names a kind of database that Selenite does not use. {DATABASES}")
    return found


def words(name: str, default: str) -> list[str]:
    """Return the comma-separated variable `name` as a list without empty entries."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def hosts(name: str, default: str) -> list[str]:
    """Return the variable `name`, under what the pages are reached. Raises ImproperlyConfigured on none: no page would open."""
    found = words(name, default)
    if not found:
        raise ImproperlyConfigured(
            f"{name} has no name or address in it. Set it to some, as in {default}, or leave it out."
        )
    return found


def folder(name: str, default: Path) -> Path:
    """Return the variable `name` as an absolute path, or `default`."""
    value = os.environ.get(name)
    return Path(value).expanduser().resolve() if value else default


def made(name: str, path: Path) -> Path:
    """Return a folder that is there from now on; `name` is the variable that it came from. Raises ImproperlyConfigured."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        why = "is a file" if path.is_file() else f"cannot be made: {err.strerror}"
        raise ImproperlyConfigured(f"{name} must be a folder, and {path} {why}.") from err
    return path


def stamp(name: str) -> str:
    """Return the variable `name`, else the time now, as 20261122-101500. What this process starts inherits it."""
    value = os.environ.setdefault(name, f"{datetime.now().astimezone():{STAMP}}")
    try:
        datetime.strptime(value, STAMP)
    except ValueError as err:
        raise ImproperlyConfigured(f"{name} must be a time such as 20261122-101500, not {value!r}.") from err
    return value


def secret(name: str, path: Path) -> str:
    """Return the variable `name`, else the content of `path`, which is written once with a random value.

    Raises ImproperlyConfigured where it cannot be read or written.
    """
    if value := os.environ.get(name):
        return value
    try:
        if not path.exists():
            _write_secret(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as err:
        raise ImproperlyConfigured(
            f"The secret key cannot be read: {path} ({err.strerror}). Run this as the user who runs Selenite, or set {name}."
        ) from err


def _write_secret(path: Path) -> None:
    """Write a random key for this user only. Two processes starting at once agree on the first one written."""
    from django.core.management.utils import get_random_secret_key

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(get_random_secret_key())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
