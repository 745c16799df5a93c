"""The base of all commands that need the tables of the database."""

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from registry import prepared


class PreparedCommand(BaseCommand):
    """Does nothing before the database is prepared. Where only a part needs that, it calls `check_migrations` itself."""

    requires_migrations_checks = True

    def check_migrations(self) -> None:
        """Raise CommandError where tables are missing. Django would print a notice and go on."""
        try:
            require_tables()
        except DatabaseError as err:
            raise CommandError(f"The database does not answer ({' '.join(str(err).split())}).") from err


def require_tables() -> None:
    """Raise CommandError where tables are missing, and DatabaseError where the database does not answer."""
    if found := prepared.lack():
        raise CommandError(f"{found.sentence} {found.remedy}")
