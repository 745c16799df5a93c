"""Claim, lease, fence, checkpoint, rescue and requests, on real rows."""

import multiprocessing
import subprocess
import sys
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from preferences.models import Settings
from transcripts import lease, node
from transcripts.claim import claim
from transcripts.lease import LeaseLost
from transcripts.models import Job, Segment

State, Wish = Job.State, Job.StopRequest
HOUR = timedelta(hours=1)


@pytest.fixture
def dead_holder() -> str:
    """Return the name of a holder on this machine that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = f"{node.cluster()}|{node.Process.of(process.pid)}"
        process.kill()
    return name


@pytest.fixture
def run(make_job):
    """Return a function that makes a job which runs under a lease of its own."""

    def make(**fields):
        running = {"state": State.RUNNING, "lease_token": uuid4(), "lease_node": node.holder()}
        return make_job(**running | {"lease_expires_at": timezone.now() + HOUR} | fields)

    return make


@pytest.fixture
def concurrency(db):
    """Return a function that sets how many jobs may run at once, here and everywhere."""

    def set_to(number, settings):
        Settings.load()
        Settings.objects.update(concurrency=number)
        settings.JOB_SLOTS = number

    return set_to


def _segment(job, piece=0, text="calm"):
    figures = {"mean_log_probability": 0, "no_speech_probability": 0, "compression_ratio": 1, "temperature": 0}
    return Segment(job=job, piece=piece, index=0, start=0, end=1, text=text, **figures)


def _commit(job, token, batch=0, text="calm"):
    segments = [_segment(job, batch, text)]
    lease.commit_batch(job.pk, token, batch=batch, segments=segments, position=2.0 * (batch + 1), seconds=0.5)


def _age(job, **fields):
    Job.objects.filter(pk=job.pk).update(**fields)


def test_claim_takes_nothing_from_an_empty_queue(db):
    assert claim() is None


def test_claim_starts_the_job_under_a_new_lease(job):
    claimed = claim()

    job.refresh_from_db()
    assert (claimed.job_id, claimed.lease_token) == (job.pk, job.lease_token)
    assert (job.state, job.lease_node, job.claims) == (State.RUNNING, node.holder(), 1)
    assert timedelta(seconds=50) < job.lease_expires_at - timezone.now() < timedelta(seconds=61)


def test_claim_leaves_jobs_that_are_not_due(make_job):
    make_job(available_at=timezone.now() + HOUR)
    make_job(state=State.PAUSED)

    assert claim() is None


def test_claim_goes_by_priority_then_age(make_job, concurrency, settings):
    concurrency(3, settings)
    late, early, urgent = make_job(), make_job(), make_job(priority=5)
    _age(early, created_at=timezone.now() - HOUR)

    assert [claim().job_id for _ in range(3)] == [urgent.pk, early.pk, late.pk]


def test_claim_goes_by_rank_within_a_person_only(make_job, make_recording, bob, concurrency, settings):
    concurrency(4, settings)
    early, moved = make_job(), make_job(rank=1)
    theirs, raised = make_job(make_recording(owner=bob)), make_job(make_recording(owner=bob), rank=9)
    _age(early, created_at=timezone.now() - HOUR)

    assert [claim().job_id for _ in range(4)] == [moved.pk, raised.pk, early.pk, theirs.pk]


def test_claim_takes_nothing_while_the_queue_is_held(job, concurrency, settings):
    concurrency(1, settings)
    Settings.objects.update(queue_paused=True)
    assert claim() is None

    Settings.objects.update(queue_paused=False)
    assert claim().job_id == job.pk


def test_claim_follows_the_setting_where_the_machine_has_no_limit(make_job, concurrency, settings):
    concurrency(2, settings)
    settings.JOB_SLOTS = 0
    for _ in range(4):
        make_job()
    assert [bool(claim()) for _ in range(3)] == [True, True, False]

    Settings.objects.update(concurrency=3)
    assert [bool(claim()) for _ in range(2)] == [True, False]


def test_claim_gives_turns_to_people(make_job, make_recording, bob, concurrency, settings):
    concurrency(4, settings)
    mine = [make_job() for _ in range(3)]
    theirs = make_job(make_recording(owner=bob))

    assert [claim().job_id for _ in range(4)] == [mine[0].pk, theirs.pk, mine[1].pk, mine[2].pk]


def test_claim_serves_the_person_first_who_was_served_longest_ago(make_job, make_recording, alice, bob):
    make_job(state=State.COMPLETED, started_at=timezone.now())
    make_job(make_recording(owner=bob), state=State.COMPLETED, started_at=timezone.now() - HOUR)
    make_job()
    theirs = make_job(make_recording(owner=bob))

    assert claim().job_id == theirs.pk


def test_claim_keeps_to_the_limit_of_all_machines(make_job, run, settings):
    settings.JOB_SLOTS = 5
    run(lease_node="elsewhere|1|2|3:4|5:6")
    make_job()

    assert claim() is None


def test_claim_keeps_to_the_slots_of_this_cluster(make_job, run, concurrency, settings):
    concurrency(5, settings)
    settings.JOB_SLOTS = 1
    run()
    make_job()

    assert claim() is None


def test_claim_does_not_count_commands(make_job, run):
    run(lease_node=node.COMMAND + node.holder())
    waiting = make_job()

    assert claim().job_id == waiting.pk


def _claim_in_process(_):
    try:
        claimed = claim()
        return claimed and claimed.job_id
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_claim_is_exact_when_processes_race(make_job, settings):
    settings.JOB_SLOTS = 8
    Settings.load()
    Settings.objects.update(concurrency=3)
    for _ in range(40):
        make_job()
    for _ in range(12):
        connections.close_all()  # A fork must not share one.
        with multiprocessing.get_context("fork").Pool(8) as pool:
            claimed = [job_id for job_id in pool.map(_claim_in_process, range(16), chunksize=1) if job_id]
        assert len(set(claimed)) == len(claimed) == 3
        assert Job.objects.running().count() == 3
        Job.objects.running().update(state=State.CANCELLED, **lease.FREE)


def test_start_directly_takes_a_queued_job_once(job):
    token = lease.start_directly(job)

    assert Job.objects.held_by(job.pk, token).get().lease_node == f"command:{node.holder()}"
    with pytest.raises(LeaseLost):
        lease.start_directly(job)


def test_adopt_puts_this_process_on_the_lease(run):
    job = run(lease_node=f"{node.cluster()}|1:1")

    assert lease.adopt(job.pk, job.lease_token)
    job.refresh_from_db()
    assert job.lease_node == node.holder()


def test_adopt_refuses_a_claim_that_was_rescued(run):
    job = run()

    assert not lease.adopt(job.pk, uuid4())


def test_heartbeat_renews_a_late_lease(run):
    job = run(lease_expires_at=timezone.now() - HOUR)

    lease.heartbeat(job.pk, job.lease_token)

    job.refresh_from_db()
    assert job.lease_expires_at > timezone.now()


def test_old_token_writes_nothing(run):
    job = run()
    before = list(Job.objects.values())
    for write in (
        lambda: lease.write(job.pk, uuid4(), crashes=2),
        lambda: lease.heartbeat(job.pk, uuid4()),
        lambda: _commit(job, uuid4()),
        lambda: lease.release(job.pk, uuid4(), State.QUEUED),
        lambda: lease.complete(job.pk, uuid4()),
    ):
        with pytest.raises(LeaseLost):
            write()

    assert list(Job.objects.values()) == before
    assert not Segment.objects.exists()


def test_batch_is_written_with_all_that_says_so(run):
    job = run(crashes=2, lease_expires_at=timezone.now() + timedelta(seconds=1))

    _commit(job, job.lease_token)

    job.refresh_from_db()
    done = (job.batches_done, job.audio_seconds_done, job.transcribing_seconds, job.crashes)
    assert done == (1, 2.0, 0.5, 0)
    assert job.lease_expires_at > timezone.now() + timedelta(seconds=30)
    assert list(job.segments.values_list("text", flat=True)) == ["calm"]


def test_batch_is_written_once(run):
    job = run()

    _commit(job, job.lease_token, text="first")
    _commit(job, job.lease_token, text="second")

    job.refresh_from_db()
    assert (job.batches_done, job.transcribing_seconds) == (1, 0.5)
    assert list(job.segments.values_list("text", flat=True)) == ["first"]


def test_batch_out_of_order_is_refused(run):
    job = run()

    with pytest.raises(LeaseLost):
        _commit(job, job.lease_token, batch=1)

    assert not job.segments.exists()


def test_batch_that_cannot_be_written_leaves_the_count(run):
    job = run()
    Segment.objects.bulk_create([_segment(job)])

    with pytest.raises(IntegrityError):
        _commit(job, job.lease_token)

    job.refresh_from_db()
    assert job.batches_done == 0


def test_complete_shows_the_text(run):
    job = run()

    lease.complete(job.pk, job.lease_token)

    job.refresh_from_db()
    assert (job.state, job.lease_token, job.recording.shown_job) == (State.COMPLETED, None, job)
    assert job.finished_at is not None


@pytest.mark.parametrize(
    ("wish", "state"), [("", State.QUEUED), (Wish.PAUSE, State.PAUSED), (Wish.CANCEL, State.CANCELLED)]
)
def test_release_goes_where_a_late_request_wants_it(run, wish, state):
    job = run(stop_request=wish)

    lease.release(job.pk, job.lease_token, State.QUEUED)

    job.refresh_from_db()
    assert (job.state, job.stop_request, job.lease_token) == (state, "", None)
    assert (job.finished_at is not None) == (state == State.CANCELLED)


@pytest.mark.parametrize(
    ("wish", "state"), [("", State.QUEUED), (Wish.PAUSE, State.PAUSED), (Wish.CANCEL, State.CANCELLED)]
)
def test_rescue_puts_back_a_job_whose_lease_ran_out(run, wish, state):
    job = run(lease_expires_at=timezone.now() - HOUR, lease_node="elsewhere", stop_request=wish)
    _age(job, batches_done=3, crashes=1)

    assert (lease.rescue(), lease.rescue()) == (1, 0)

    job.refresh_from_db()
    assert (job.state, job.batches_done, job.crashes, job.lease_token) == (state, 3, 1, None)


def test_rescue_does_not_wait_for_a_holder_that_is_dead(run, dead_holder):
    job = run(lease_node=dead_holder)

    assert lease.rescue() == 1
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_rescue_leaves_the_living_alone(run):
    run()
    run(lease_node="elsewhere|1|2|3:4|5:6")

    assert lease.rescue() == 0


@pytest.mark.parametrize(
    ("wish", "before", "after"),
    [
        (Wish.PAUSE, State.QUEUED, State.PAUSED),
        (Wish.PAUSE, State.PAUSED, State.PAUSED),
        (Wish.CANCEL, State.QUEUED, State.CANCELLED),
        (Wish.CANCEL, State.PAUSED, State.CANCELLED),
    ],
)
def test_request_is_obeyed_at_once_where_nothing_runs(make_job, wish, before, after):
    job = make_job(state=before)

    assert lease.request_stop(job.pk, wish)
    job.refresh_from_db()
    assert job.state == after
    assert (job.finished_at is not None) == (after == State.CANCELLED)


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLED])
def test_request_finds_a_job_over(make_job, state):
    job = make_job(state=state)

    assert not lease.request_stop(job.pk, Wish.CANCEL)
    job.refresh_from_db()
    assert (job.state, job.stop_request) == (state, "")


def test_request_waits_for_a_living_worker(run):
    job = run()

    assert lease.request_stop(job.pk, Wish.CANCEL)
    assert lease.request_stop(job.pk, Wish.PAUSE)

    job.refresh_from_db()
    assert (job.state, job.stop_request) == (State.RUNNING, Wish.CANCEL)


def test_request_needs_no_worker_where_it_died(run):
    job = run(lease_expires_at=timezone.now() - HOUR)

    assert lease.request_stop(job.pk, Wish.CANCEL)

    job.refresh_from_db()
    assert (job.state, job.lease_token) == (State.CANCELLED, None)


def test_resume_puts_a_paused_job_back(make_job):
    job = make_job(state=State.PAUSED, available_at=timezone.now() + HOUR)

    assert lease.resume(job.pk)
    assert claim().job_id == job.pk


def test_resume_takes_back_a_request_to_pause_only(run):
    pausing, cancelling = run(stop_request=Wish.PAUSE), run(stop_request=Wish.CANCEL)

    assert lease.resume(pausing.pk)
    assert not lease.resume(cancelling.pk)
    pausing.refresh_from_db()
    assert (pausing.state, pausing.stop_request) == (State.RUNNING, "")


def test_resume_meets_a_job_that_pauses_just_now(run):
    job = run(stop_request=Wish.PAUSE)
    released = []

    def release_after_the_first_update(execute, sql, *arguments):
        result = execute(sql, *arguments)
        if sql.startswith("UPDATE") and not released:
            released.append(True)
            lease.release(job.pk, job.lease_token, State.PAUSED)
        return result

    with connection.execute_wrapper(release_after_the_first_update):
        assert lease.resume(job.pk)

    job.refresh_from_db()
    assert (job.state, job.stop_request) == (State.QUEUED, "")


@pytest.mark.django_db(transaction=True)
def test_job_ends_once_when_all_happens_at_the_same_time(run, recording):
    def attempt(action):
        try:
            action()
        except LeaseLost:
            pass
        finally:
            connection.close()

    for number in range(200):
        job = run(recording=recording, lease_expires_at=timezone.now() + HOUR * (-1) ** number)
        actions = [
            lambda job=job: lease.complete(job.pk, job.lease_token),
            lambda job=job: lease.request_stop(job.pk, Wish.CANCEL),
            lease.rescue,
        ]
        threads = [threading.Thread(target=attempt, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        job = Job.objects.select_related("recording").get(pk=job.pk)
        shown = job.recording.shown_job_id == job.pk
        assert job.state in (State.COMPLETED, State.CANCELLED)
        assert shown == (job.state == State.COMPLETED)


def _rescue_in_process(_):
    try:
        return lease.rescue()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_rescue_happens_once_when_processes_race(run):
    lost = [run(lease_expires_at=timezone.now() - HOUR, lease_node="elsewhere") for _ in range(5)]
    for job in lost:
        _age(job, crashes=1, claims=1)
    connections.close_all()  # A fork must not share one.
    with multiprocessing.get_context("fork").Pool(4) as pool:
        rescued = pool.map(_rescue_in_process, range(8), chunksize=1)

    assert sum(rescued) == len(lost)
    assert list(Job.objects.values_list("state", "crashes", "claims")) == [(State.QUEUED, 1, 1)] * len(lost)
