"""The versions of what Selenite stands on. Nothing is imported for this: what is installed says so itself."""

import platform
import sqlite3
import sys
from dataclasses import dataclass
from importlib import metadata

from django.conf import settings

from sysinfo import programs
from sysinfo.probing import NotKnown

LIBRARIES = (
    "Django",
    "django-q2",
    "gunicorn",
    "faster-whisper",
    "ctranslate2",
    "openai-whisper",
    "torch",
    "pyannote.audio",
    "whisperx",
    "webrtcvad-wheels",
    "onnxruntime",
    "av",
    "numpy",
    "psutil",
)
DATABASES = {
    "django.db.backends.sqlite3": f"SQLite {sqlite3.sqlite_version}",
    "django.db.backends.postgresql": "PostgreSQL",
}


@dataclass(frozen=True, slots=True)
class Library:
    """`version` is None where it is not installed."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Software:
    """`node` is None where Node is not installed; Selenite does not need it."""

    selenite: str
    python: str
    python_path: str
    database: str
    node: str | None
    libraries: tuple[Library, ...]


def probe() -> Software:
    """Look at what is installed."""
    engine = settings.DATABASES["default"]["ENGINE"]
    return Software(
        selenite=settings.VERSION,
        python=platform.python_version(),
        python_path=sys.executable,
        database=DATABASES.get(engine, engine),
        node=_node(),
        libraries=tuple(Library(name, _version(name)) for name in LIBRARIES),
    )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _node() -> str | None:
    try:
        return programs.ask("node", "--version").strip().removeprefix("v")
    except NotKnown:
        return None
