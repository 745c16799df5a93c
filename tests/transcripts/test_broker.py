from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.conf import Conf
from django_q.signing import SignedPackage

from transcripts import drain, worker
from transcripts.broker import RUN, JobBroker
from transcripts.models import Job


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch):
    """Have the broker not wait after a look that found nothing."""
    monkeypatch.setattr(Conf, "POLL", 0)


@pytest.fixture
def draining():
    drain.start()
    yield
    drain._flag.value = 0


def test_broker_gives_the_next_job_as_a_message(job):
    [(_, message)] = JobBroker().dequeue()

    job.refresh_from_db()
    task = SignedPackage.loads(message)
    assert task["args"] == (str(job.pk), str(job.lease_token))
    assert job.state == Job.State.RUNNING
    assert f"{worker.run_claimed.__module__}.{worker.run_claimed.__name__}" == RUN


def test_broker_has_nothing_where_nothing_waits(db):
    assert JobBroker().dequeue() is None


def test_broker_takes_no_job_once_the_cluster_stops(job, draining):
    assert JobBroker().dequeue() is None
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_broker_rescues_before_it_claims(make_job):
    past = timezone.now() - timedelta(seconds=1)
    lost = make_job(state=Job.State.RUNNING, lease_token=uuid4(), lease_node="elsewhere", lease_expires_at=past)

    [(_, message)] = JobBroker().dequeue()

    assert SignedPackage.loads(message)["args"][0] == str(lost.pk)


@pytest.mark.django_db(transaction=True)
def test_broker_lives_on_while_the_database_is_away(job):
    def fail(*args):
        raise OperationalError("away")

    broker = JobBroker()
    with connection.execute_wrapper(fail):
        assert broker.dequeue() is None
    assert broker.dequeue() is not None


def test_broker_counts_what_waits_and_runs(make_job):
    make_job()
    make_job()
    broker = JobBroker()
    broker.dequeue()

    assert (broker.queue_size(), broker.lock_size()) == (1, 1)
