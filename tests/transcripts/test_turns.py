"""The play of what the claim will do, by hand-made examples. Against the claim itself: `test_line.py`."""

import uuid
from datetime import UTC, datetime, timedelta

from transcripts.turns import Entry, play

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE, BOB, CAROL = 1, 2, 3


def _entry(owner=ALICE, seconds_left=60.0, *, minute=0, **fields):
    defaults = {"priority": 0, "started_at": None, "served_at": None, "created_at": NOON + timedelta(minutes=minute)}
    return Entry(pk=uuid.uuid4(), owner=owner, seconds_left=seconds_left, **defaults | fields)


def _owners(waiting, running=(), slots=1):
    return [entry.owner for entry, _ in play(waiting, running, slots=slots)]


def _starts(waiting, running=(), slots=1):
    return [start for _, start in play(waiting, running, slots=slots)]


def test_nothing_waits():
    assert list(play([], [_entry()], slots=1)) == []


def test_jobs_start_one_after_the_other():
    assert _starts([_entry(seconds_left=100.0), _entry(), _entry()], [_entry(seconds_left=30.0)]) == [30, 130, 190]


def test_jobs_start_where_a_slot_gets_free_first():
    running = [_entry(seconds_left=30.0), _entry(seconds_left=500.0)]
    assert _starts([_entry(seconds_left=40.0), _entry(), _entry()], running, slots=2) == [30, 70, 130]


def test_free_slot_starts_at_once():
    assert _starts([_entry(), _entry(), _entry()], [_entry()], slots=3) == [0, 0, 60]


def test_more_jobs_than_slots_have_to_end_after_the_number_was_lowered():
    assert _starts([_entry()], [_entry(seconds_left=10.0), _entry(seconds_left=20.0)], slots=1) == [20]


def test_nobody_can_tell_behind_a_job_of_unknown_length():
    waiting = [_entry(), _entry(seconds_left=None), _entry(), _entry()]
    assert _starts(waiting, [_entry(seconds_left=5.0)]) == [5, 65, None, None]
    assert _starts([_entry()], [_entry(seconds_left=None)]) == [None]


def test_people_take_turns():
    hundred = [_entry(minute=number) for number in range(4)]
    assert _owners([*hundred, _entry(BOB, minute=9)]) == [ALICE, BOB, ALICE, ALICE, ALICE]


def test_person_with_running_jobs_waits_for_those_without():
    running = [_entry(ALICE, 10.0), _entry(ALICE, 500.0)]
    waiting = [_entry(ALICE), _entry(BOB, minute=5), _entry(BOB, minute=6)]
    assert _owners(waiting, running, slots=2) == [BOB, BOB, ALICE]


def test_person_served_longest_ago_is_next():
    waiting = [_entry(ALICE, served_at=NOON), _entry(BOB, served_at=NOON - timedelta(hours=1)), _entry(CAROL, minute=9)]
    assert _owners(waiting) == [CAROL, BOB, ALICE]


def test_priority_goes_before_turns():
    waiting = [_entry(ALICE, priority=1), _entry(ALICE, priority=1), _entry(BOB)]
    assert _owners(waiting) == [ALICE, ALICE, BOB]


def test_job_that_goes_on_does_not_count_as_served_again():
    resumed = _entry(ALICE, started_at=NOON, served_at=NOON)
    waiting = [resumed, _entry(ALICE, minute=1, served_at=NOON), _entry(BOB, served_at=NOON + timedelta(hours=1))]
    assert _owners(waiting) == [ALICE, ALICE, BOB]
