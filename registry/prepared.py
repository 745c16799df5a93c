"""Whether the database has the tables of this version of Selenite, in the words of everything that tells of it."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from registry import terminal

UNPREPARED = "The database {} is not prepared for this version of Selenite."
MIGRATE = f"Run: {terminal.manage('migrate')}"
RIGHT_FOLDER = f"Check that SELENITE_DATA_DIR is the right folder. {MIGRATE}"
RIGHT_DATABASE = f"Check that DATABASE_URL is the right database. {MIGRATE}"


@dataclass(frozen=True, slots=True)
class Lack:
    """That tables are missing: a sentence, and what to do, which ends with a command that can be copied."""

    sentence: str
    remedy: str


def lack() -> Lack | None:
    """Return what is wrong with the tables; None where all of them are there. Raises DatabaseError where nothing answers.

    Reads all migrations, which takes a tenth of a second. Of a database that has no tables it is doubtful whether it is the one
    that was meant: SQLite makes the file that it does not find.
    """
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return None
    return Lack(sentence(), MIGRATE if executor.loader.applied_migrations else _doubt())


def sentence() -> str:
    return UNPREPARED.format(_name())


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _doubt() -> str:
    """Return what to do about a database without tables, by whichever variable names it."""
    return RIGHT_FOLDER if _name() == str(settings.DATA_DIR / "db.sqlite3") else RIGHT_DATABASE
