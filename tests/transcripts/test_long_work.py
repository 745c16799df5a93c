"""The queue for long work on weights, as django-q2's cluster sees it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.conf import Conf
from django_q.signing import SignedPackage

from registry import works
from registry.models import SpeechModel, Work
from tests.conftest import PutWeights
from transcripts import drain, long_work, node
from transcripts.long_work import LongWorkBroker, run_claimed
from transcripts.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing wait after a look that found nothing."""
    monkeypatch.setattr(Conf, "POLL", 0)


@pytest.fixture
def work(put_weights: PutWeights) -> Work:
    """Return a verification that waits, of weights that are not what they should be."""
    put_weights("faster-whisper", "base")
    return works.ask(SpeechModel.objects.get(store="faster-whisper", key="base"), Work.Kind.VERIFY)[0]


def test_work_is_taken_done_and_told_of(work: Work):
    broker = LongWorkBroker()
    assert broker.queue_size() == 1

    [(_, message)] = broker.dequeue()
    task = SignedPackage.loads(message)
    assert (task["func"], task["save"], broker.lock_size()) == ("transcripts.long_work.run_claimed", False, 1)
    assert broker.dequeue() is None
    run_claimed(*task["args"])

    work.refresh_from_db()
    assert (work.state, work.model.status) == (Work.State.FAILED, SpeechModel.Status.BROKEN)
    assert "base is damaged" in work.message


def test_work_of_a_dead_cluster_is_put_back_by_the_next_one(work: Work):
    host, boot, namespace, *_ = node.holder().split("|")
    works.claim(holder=f"{host}|{boot}|{namespace}|999999:1|999999:1")

    assert LongWorkBroker().dequeue() is not None

    work.refresh_from_db()
    assert work.lease_holder == node.holder()


def test_claim_that_does_not_hold_any_more_does_nothing(work: Work):
    [(_, message)] = LongWorkBroker().dequeue()
    works.rescue(lambda holder: True)

    run_claimed(*SignedPackage.loads(message)["args"])

    work.refresh_from_db()
    assert work.state == Work.State.QUEUED


def test_first_look_of_a_cluster_brings_the_rows_in_line(put_weights: PutWeights):
    put_weights("faster-whisper", "tiny")

    assert LongWorkBroker().dequeue() is None

    assert SpeechModel.objects.get(store="faster-whisper", key="tiny").status == SpeechModel.Status.VERIFIED


def test_measuring_waits_for_the_jobs_of_this_machine_and_gives_way_to_them(work: Work, job: Job, monkeypatch):
    works.cancel(work.pk)
    measurement, _ = works.ask(work.model, Work.Kind.MEASURE)
    lease = {"lease_token": uuid4(), "lease_expires_at": timezone.now() + timedelta(minutes=1)}
    running = Job.objects.filter(pk=job.pk)
    running.update(state=Job.State.RUNNING, lease_node=node.holder(), **lease)
    assert LongWorkBroker().dequeue() is None

    running.update(lease_node=f"another|{node.holder()}")
    [(_, message)] = LongWorkBroker().dequeue()
    running.update(lease_node=node.holder())
    monkeypatch.setattr(long_work, "BUSY_SECONDS", 0)
    run_claimed(*SignedPackage.loads(message)["args"])

    measurement.refresh_from_db()
    assert measurement.state == Work.State.QUEUED


def test_nothing_is_taken_once_the_cluster_stops(work: Work):
    drain.start()
    try:
        assert LongWorkBroker().dequeue() is None
    finally:
        drain._flag.value = 0


def test_broker_lives_on_while_the_database_is_away(work: Work):
    def fail(*arguments):
        raise OperationalError("away")

    broker = LongWorkBroker()
    with connection.execute_wrapper(fail):
        assert broker.dequeue() is None
    assert broker.dequeue() is not None


def test_long_work_runs_as_long_as_it_takes_and_is_looked_for_seldom():
    queue = project.Q_CLUSTER["ALT_CLUSTERS"]["long"]
    assert (queue["timeout"], queue["workers"], queue["max_attempts"]) == (7 * 24 * 3600, 1, 0)
    assert queue["poll"] >= 2


def test_weights_that_cannot_be_looked_at_do_not_hold_up_the_work(work: Work, settings, caplog):
    settings.WEIGHTS_DIR = None

    assert LongWorkBroker().dequeue() is not None
    assert "the weights could not be looked at" in caplog.text
