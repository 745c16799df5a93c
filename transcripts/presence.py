"""Each cluster says that it is there, so that everybody can see whether anything takes the jobs that wait."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, Subquery
from django.db.models.functions import Now

from preferences.models import Settings
from transcripts import node
from transcripts.models import Node

ANNOUNCE_SECONDS = 10.0
"""How often a cluster says so; `transcripts.models.node.SEEN_SECONDS` is a multiple of it."""
FORGOTTEN = timedelta(hours=1)


def announce() -> None:
    """Write that this process's cluster is there now."""
    here = Node(name=node.cluster(), slots=settings.JOB_SLOTS)
    Node.objects.bulk_create([here], update_conflicts=True, unique_fields=["name"], update_fields=["slots", "seen_at"])


def leave() -> None:
    """Take this process's cluster off the list: it was stopped, and whoever waits shall see that at once."""
    Node.objects.filter(pk=node.cluster()).delete()


def must_restart() -> bool:
    """Return whether somebody has asked for a restart since this process's cluster came."""
    asked = Settings.objects.filter(pk=1).values("restart_requested_at")
    return Node.objects.filter(pk=node.cluster(), started_at__lt=Subquery(asked)).exists()


def forget_dead() -> int:
    """Take the clusters off the list that have certainly ended, or were not seen for an hour; return how many."""
    names = Node.objects.values_list("name", flat=True)
    dead = [name for name in names if node.is_cluster_dead(name)]
    gone = Node.objects.filter(Q(pk__in=dead) | Q(seen_at__lt=Now() - FORGOTTEN))
    return gone.delete()[0] if gone.exists() else 0
