"""Tells those who ask to be told that other things can run now: weights came or went, or an administrator decided it."""

from django.db import transaction
from django.dispatch import Signal

runnable_changed = Signal()


def tell() -> None:
    """Tell it once what was written is there for everybody. Who is told and fails keeps nothing from happening."""
    transaction.on_commit(lambda: runnable_changed.send_robust(sender=None), robust=True)
