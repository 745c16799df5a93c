"""The queue of light tasks, and the schedule that is run through it every minute."""

from datetime import timedelta

import pytest
from django.conf import settings as project
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from transcripts import drain, light, schedule
from transcripts.light import OrmBroker

pytestmark = pytest.mark.django_db(transaction=True)
"""django-q2 closes connections, which ends a transaction around a test."""


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch):
    """Have nothing wait after a look that found nothing."""
    monkeypatch.setattr(Conf, "POLL", 0)
    monkeypatch.setattr(light, "AWAY_SECONDS", 0)


def test_schedule_is_made_once(db):
    for _ in range(3):
        schedule.ensure()

    [made] = Schedule.objects.all()
    assert (made.func, made.minutes, made.repeats) == ("transcripts.tidy.tidy", 1, -1)


def test_schedule_that_was_edited_is_left_alone(db):
    schedule.ensure()
    Schedule.objects.update(minutes=30, name="Ours", repeats=0)

    schedule.ensure()

    assert Schedule.objects.values_list("minutes", "name", "repeats").get() == (30, "Ours", 0)


def test_broker_makes_the_schedule(db):
    assert OrmBroker().dequeue() is None

    assert Schedule.objects.count() == 1


def test_task_is_queued_for_the_light_tasks_and_leaves_no_row_behind(db):
    schedule.ensure()
    broker = OrmBroker()

    light.plan_due(broker)

    [(_, message)] = broker.dequeue()
    task = OrmQ.objects.get().task
    assert (task["func"], task["save"]) == (schedule.TASK, False)
    assert message == OrmQ.objects.get().payload


def test_tasks_do_not_pile_up_while_nobody_takes_them(db):
    schedule.ensure()
    broker = OrmBroker()
    for _ in range(5):
        light.plan_due(broker)
        Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=1))

    assert OrmQ.objects.count() == 1
    scheduler(broker=broker)
    assert OrmQ.objects.count() == 2, "django-q2's own adds one each time."


def test_broker_takes_nothing_once_the_cluster_stops(db):
    schedule.ensure()
    broker = OrmBroker()
    light.plan_due(broker)
    drain.start()
    try:
        assert broker.dequeue() is None
    finally:
        drain._flag.value = 0
    assert broker.dequeue() is not None


def test_broker_lives_on_while_the_database_is_away():
    def fail(*args):
        raise OperationalError("away")

    broker = OrmBroker()
    with connection.execute_wrapper(fail):
        assert broker.dequeue() is None
        light.plan_due(broker)
    light.plan_due(broker)
    assert broker.dequeue() is None
    light.plan_due(broker)
    assert broker.dequeue() is not None


def test_broker_is_made_while_the_database_is_away(monkeypatch):
    def fail(list_key=None):
        raise OperationalError("away")

    monkeypatch.setattr(ORM, "get_connection", staticmethod(fail))
    broker = OrmBroker()
    monkeypatch.undo()

    light.plan_due(broker)
    assert broker.queue_size() == 0


def test_broker_lives_on_while_redis_is_away(db, monkeypatch):
    from transcripts.redis_broker import RedisBroker

    monkeypatch.setattr(Conf, "REDIS", "redis://127.0.0.1:1/0")
    schedule.ensure()
    broker = RedisBroker()

    assert broker.ping()
    assert broker.dequeue() is None
    light.plan_due(broker)
    assert Schedule.objects.get().task is None


def test_jobs_have_a_queue_of_their_own():
    assert ["asr", project.Q_CLUSTER["name"], "long"] == project.QUEUES
    assert [queue["scheduler"] for queue in project.Q_CLUSTER["ALT_CLUSTERS"].values()] == [False, False]
