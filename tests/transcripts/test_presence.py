from datetime import timedelta

import psutil
import pytest
from django.utils import timezone

from preferences.models import Settings
from transcripts import node, presence
from transcripts.models import Node


def _seen(seconds: float) -> None:
    """Put back when all clusters were seen last."""
    Node.objects.update(seen_at=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.django_db
def test_cluster_that_announces_itself_is_alive(settings):
    settings.JOB_SLOTS = 3
    presence.announce()
    [here] = Node.objects.alive()
    assert (here.name, here.slots) == (node.cluster(), 3)
    assert here.host == node.cluster().split("|")[0]


@pytest.mark.django_db
def test_cluster_keeps_when_it_came_and_renews_when_it_was_seen():
    presence.announce()
    _seen(40)
    before = Node.objects.get()
    presence.announce()
    after = Node.objects.get()
    assert after.started_at == before.started_at
    assert after.seen_at > before.seen_at


@pytest.mark.django_db
def test_cluster_not_seen_for_long_is_not_alive():
    presence.announce()
    _seen(44)
    assert Node.objects.alive().exists()
    _seen(46)
    assert not Node.objects.alive().exists()


@pytest.mark.django_db
def test_cluster_that_stops_is_off_the_list_and_others_stay():
    presence.announce()
    Node.objects.create(name="elsewhere|boot|pid:[1]|7:1", slots=1)
    presence.leave()
    assert list(Node.objects.values_list("name", flat=True)) == ["elsewhere|boot|pid:[1]|7:1"]


@pytest.mark.django_db
def test_dead_clusters_are_forgotten():
    presence.announce()
    dead = node.cluster().replace(node.cluster().split("|")[3], "999999999:1")
    assert not psutil.pid_exists(999999999)
    Node.objects.create(name=dead, slots=1)
    Node.objects.create(name="elsewhere|boot|pid:[1]|7:1", slots=1)
    Node.objects.create(name="long ago|boot|pid:[1]|7:1", slots=1, seen_at=timezone.now() - timedelta(minutes=61))

    assert presence.forget_dead() == 2
    assert presence.forget_dead() == 0
    assert set(Node.objects.values_list("name", flat=True)) == {node.cluster(), "elsewhere|boot|pid:[1]|7:1"}


@pytest.mark.django_db
def test_restart_is_for_clusters_that_came_before_it_was_asked_for():
    presence.announce()
    assert not presence.must_restart()
    Settings.load()
    Settings.objects.update(restart_requested_at=timezone.now() + timedelta(seconds=1))
    assert presence.must_restart()
    Node.objects.update(started_at=timezone.now() + timedelta(seconds=2))
    assert not presence.must_restart()
