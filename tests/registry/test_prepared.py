"""What everything says of a database without tables, or with those of another version: the same sentence, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from registry.management.prepared import PreparedCommand

APPS = ("registry", "preferences", "tags", "transcripts", "sysinfo")
WITHOUT_TABLES = {"benchmark_corrections", "chaos", "doctor", "pressure", "sysinfo", "weights"}
"""Commands that work where there are none, or on an installation of their own."""
IN_PART = {"benchmark", "qcluster"}
"""Commands that ask for the tables in a part of what they do."""
NEED_TABLES = {
    "transcribe": ["talk.mp3"],
    "diarize": ["x"],
    "createadmin": [],
    "library": ["make"],
    "up": [],
    "benchmark": ["quick"],
}


@pytest.fixture
def outdated(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the tables be those of another version, and return what is said of that."""
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [("transcripts", "9999")])
    name = connection.settings_dict["NAME"]
    return f"The database {name} is not prepared for this version of Selenite. Run: .venv/bin/python manage.py migrate"


def manage(*arguments: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    """Run a command on a data folder and return its status, output and errors."""
    own = {"DJANGO_SETTINGS_MODULE": "selenite.settings", "SELENITE_DATA_DIR": str(folder), **variables}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    ended = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout, ended.stderr


def sentence(folder: Path) -> str:
    return f"The database {folder / 'db.sqlite3'} is not prepared for this version of Selenite."


@pytest.mark.parametrize("name", NEED_TABLES)
def test_command_that_needs_the_tables_says_that_they_are_missing(outdated: str, name: str):
    with pytest.raises(CommandError) as told:
        call_command(name, *NEED_TABLES[name])
    assert (str(told.value), told.value.returncode) == (outdated, 1)


def test_no_command_of_ours_is_forgotten():
    ours = {name: load_command_class(app, name) for name, app in get_commands().items() if app in APPS}
    assert {name for name, command in ours.items() if isinstance(command, PreparedCommand)} == NEED_TABLES.keys()
    assert ours.keys() == NEED_TABLES.keys() | IN_PART | WITHOUT_TABLES
    assert {
        name for name, command in ours.items() if command.requires_migrations_checks
    } == NEED_TABLES.keys() - IN_PART


def test_worker_ends_where_there_are_no_tables(tmp_path: Path):
    remedy = "Check that SELENITE_DATA_DIR is the right folder. Run: .venv/bin/python manage.py migrate"
    assert manage("qcluster", folder=tmp_path) == (1, "", f"CommandError: {sentence(tmp_path)} {remedy}\n")


def test_doctor_tells_one_thing_of_a_database_without_tables(tmp_path: Path):
    status, said, errors = manage("doctor", folder=tmp_path)

    assert (status, errors) == (1, "")
    assert f"DOWN    Tables: {sentence(tmp_path)}\n        Check that SELENITE_DATA_DIR is the right folder." in said
    titles = [
        line[8:].partition(":")[0] for line in said.splitlines() if line[:1].strip() and "checks found" not in line
    ]
    assert len(titles) == len(set(titles))
    assert not {"Database", "Worker", "Queue", "Model", "Weights", "Speakers"} & {*titles}


def test_machine_is_told_of_where_there_are_no_tables(tmp_path: Path):
    status, said, errors = manage("sysinfo", "--quick", folder=tmp_path)

    assert (status, errors) == (0, "")
    queue = said.partition("\nQueue\n")[2].partition("\nSoftware\n")[0]
    assert " ".join(queue.split()) == sentence(tmp_path)


def test_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path):
    away = "postgres://127.0.0.1:1/selenite"

    status, _, errors = manage("createadmin", folder=tmp_path, DATABASE_URL=away)
    assert (status, errors.count("\n")) == (1, 1)
    assert errors.startswith("CommandError: The database does not answer (connection failed: ")

    status, said, errors = manage("doctor", folder=tmp_path, DATABASE_URL=away)
    assert (status, errors) == (1, "")
    assert "DOWN    Database: The database does not answer.\n" in said
    assert "could not be found out" not in said
