from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Engines and weights"

    def ready(self) -> None:
        from registry import checks, offers  # noqa: F401 - The checks register themselves.

        post_migrate.connect(_fill, sender=self)
        offers.hand_over()


def _fill(**signal: Any) -> None:
    """Know what this version of Selenite knows, after each `migrate`."""
    from registry import sync

    if _has_tables(signal["using"]):
        sync.fill()


def _has_tables(using: str) -> bool:
    """Return whether our tables are there: `migrate` may have gone back beyond them."""
    from django.db import connections

    return "registry_speechmodel" in connections[using].introspection.table_names()
