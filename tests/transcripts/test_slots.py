"""How many jobs a cluster runs, and how its cores are shared out."""

import pytest

from speech.asr.devices import MOST_THREADS, usable_cores
from transcripts import slots


@pytest.fixture(autouse=True)
def unread():
    """Be as a process that has not read the setting yet, before and after."""
    slots._count.value = slots._workers.value = 0
    yield
    slots._count.value = slots._workers.value = 0


def test_one_slot_until_the_setting_is_read():
    assert (slots.count(), slots.has_worker_to_spare(), slots.threads()) == (1, False, 0)


@pytest.mark.parametrize(("limit", "concurrency", "number"), [(0, 1, 1), (0, 8, 8), (2, 8, 2), (4, 3, 3), (1, 64, 1)])
def test_machine_follows_the_setting_up_to_its_own_limit(settings, limit, concurrency, number):
    settings.JOB_SLOTS = limit
    assert slots.follow(concurrency) == slots.count() == number


def test_worker_is_to_spare_when_the_setting_was_lowered():
    slots.follow(3)
    slots.note_workers(3)
    assert not slots.has_worker_to_spare()
    slots.follow(2)
    assert slots.has_worker_to_spare()


def test_cores_are_shared_out_among_the_slots(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(64)), raising=False)
    assert [usable_cores(shared_by=number) for number in (1, 2, 8, 64, 100)] == [MOST_THREADS, MOST_THREADS, 8, 1, 1]
    slots.follow(8)
    assert slots.threads() == 8


def test_number_of_threads_that_was_set_counts(settings):
    settings.ENGINE_THREADS = 3
    slots.follow(8)
    assert slots.threads() == 3
