"""The machines that run jobs."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models.functions import Now

SEEN_SECONDS = 45.0
"""A cluster that has not been seen for so long is taken to be gone. It says every ten seconds that it is there."""


class NodeQuerySet(models.QuerySet["Node"]):
    def alive(self) -> Self:
        return self.filter(seen_at__gt=Now() - timedelta(seconds=SEEN_SECONDS))


class Node(models.Model):
    """A worker cluster, by the name that it puts on leases. Times are by the database's clock."""

    name = models.CharField(max_length=200, primary_key=True)
    slots = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    objects = NodeQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Return the name of the machine."""
        return self.name.partition("|")[0]
