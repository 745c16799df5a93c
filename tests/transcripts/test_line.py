"""The line that people see is the one that the claim follows."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from preferences.models import Settings
from transcripts import lease, line, node
from transcripts.claim import claim
from transcripts.models import Job, Node

State = Job.State
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def worker(db):
    """Have a machine on the list: without one nobody can tell when a job starts."""
    Node.objects.create(name="here", slots=0)


@pytest.fixture
def run(make_job):
    """Return a function that makes a running job with a duration of 100 s of which half is done in 25 s."""

    def make(recording=None, **fields):
        running = {"state": State.RUNNING, "lease_token": uuid4(), "lease_expires_at": timezone.now() + MINUTE}
        done = {"lease_node": node.holder(), "audio_seconds_done": 50.0, "transcribing_seconds": 25.0}
        return make_job(recording, **running | done | fields)

    return make


@pytest.fixture
def hundred_seconds(make_recording):
    """Return a function that makes a recording of this length."""
    return lambda **fields: make_recording(b"x", duration_seconds=100.0, **fields)


def _starts():
    return [place.starts_in_seconds for place in line.read().places]


def test_empty_line_tells_the_settings(db):
    Settings.objects.create(pk=1, concurrency=3, queue_paused=True)
    now = line.read()
    assert (now.is_busy, now.is_held, now.concurrency) == (False, True, 3)


@pytest.mark.parametrize("seed", range(8))
def test_line_is_in_the_order_of_the_claim(make_job, make_recording, seed):
    """Jobs of five people, some served before, with priorities and ranks; each is ended before the next is claimed."""
    chance = random.Random(seed)
    recordings = [
        make_recording(b"x", owner=User.objects.create_user(f"person{number}"), duration_seconds=10.0)
        for number in range(5)
    ]
    for recording in chance.sample(recordings, 3):
        make_job(recording, state=State.COMPLETED, started_at=timezone.now() - chance.random() * 100 * MINUTE)
    for _ in range(25):
        job = make_job(chance.choice(recordings), priority=chance.choice((0, 0, 0, 1)), rank=chance.choice((0, 0, 1)))
        created = timezone.now() - chance.random() * 50 * MINUTE
        started = chance.choice((None, None, created))
        Job.objects.filter(pk=job.pk).update(created_at=created, started_at=started)
    expected = [place.job_id for place in line.read().places]
    assert [place.position for place in line.read().places] == list(range(1, 26))

    claimed = []
    while taken := claim():
        claimed.append(taken.job_id)
        Job.objects.filter(pk=taken.job_id, started_at=None).update(started_at=timezone.now())
        lease.release(taken.job_id, taken.lease_token, State.CANCELLED)
    assert claimed == expected


@pytest.mark.parametrize("count", [1, 300])
def test_line_costs_one_query_however_long_it_is(make_job, hundred_seconds, django_assert_num_queries, count):
    recording = hundred_seconds()
    for _ in range(count):
        make_job(recording)
    with django_assert_num_queries(1):
        assert len(line.read().places) == count


def test_start_is_told_from_what_runs_and_the_pace_of_those_ahead(run, make_job, hundred_seconds):
    run(hundred_seconds())  # 50 s of the recording are left, at 0.5 s of work for each.
    make_job(hundred_seconds(), expected_pace=0.1)
    make_job(hundred_seconds(), expected_pace=0.1)
    assert _starts() == [25, 35]


def test_job_of_unknown_pace_goes_as_one_of_its_kind_that_runs(run, make_job, hundred_seconds):
    run(hundred_seconds())
    make_job(hundred_seconds())
    make_job(hundred_seconds(), asked_model="large-v3")
    make_job(hundred_seconds())
    assert _starts() == [25, 75, None]


def test_slots_of_all_machines_limit_the_start(run, make_job, hundred_seconds):
    Settings.objects.create(pk=1, concurrency=8)
    make_job(hundred_seconds(), expected_pace=0.1)
    run(hundred_seconds())
    assert _starts() == [0]

    Node.objects.update(slots=1)
    assert _starts() == [25]

    Node.objects.update(slots=0)
    assert _starts() == [0], "This machine has no limit of its own."

    Node.objects.update(seen_at=timezone.now() - 60 * MINUTE)
    assert _starts() == [None], "No machine is there that could start it."


def test_trying_gaps_again_is_short(run, make_job, hundred_seconds):
    run(hundred_seconds(), kind=Job.Kind.GAPS)
    make_job(hundred_seconds())
    assert _starts() == [line.GAPS_SECONDS]


def test_command_takes_no_slot(run, make_job, hundred_seconds):
    run(hundred_seconds(), lease_node=node.COMMAND + node.holder())
    make_job(hundred_seconds())
    assert _starts() == [0]


def test_held_queue_keeps_its_order_and_tells_no_start(run, make_job, hundred_seconds):
    Settings.objects.create(pk=1, queue_paused=True)
    run(hundred_seconds())
    make_job(hundred_seconds())
    [place] = line.read().places
    assert (place.position, place.starts_in_seconds, place.is_held) == (1, None, True)


def test_blocked_job_is_in_no_line(make_job):
    blocked, waiting = make_job(blocked_reason="No speech model is installed."), make_job()
    now = line.read()
    assert [place.job_id for place in now.places] == [waiting.pk]
    assert [member.job_id for member in now.blocked] == [blocked.pk]
    assert now.place_of(blocked.pk) is None
