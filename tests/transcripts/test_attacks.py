"""What `manage.py chaos` does at random, one thing at a time, where it takes many seconds."""

import sqlite3
import time
from contextlib import closing

import psutil
import pytest

from tests.processes import still_running
from tests.transcripts.installation import SECONDS, part, patiently, tree
from transcripts.chaos import journal

pytestmark = pytest.mark.chaos

LOCK_SECONDS = 12
LEASE_SECONDS = 4
STATES = "SELECT state, stop_request FROM transcripts_job ORDER BY created_at DESC LIMIT 1"
POISONED = 5
"""In the middle of a batch of three: the first piece has one of its own."""
GAPS = "SELECT piece, text, gap FROM transcripts_segment WHERE gap != ''"
LIGHT = """
from django_q.tasks import async_task
print(async_task("transcripts.tidy.tidy"))
"""
LIGHT_SECONDS = """
from django_q.models import Success
print(*[task.time_taken() for task in Success.objects.filter(pk={!r})])
"""


def test_worker_that_was_frozen_past_its_lease_adds_nothing(installation):
    """Another one takes the job. The engine of the frozen one ends by itself before that: nothing is computed twice at once."""
    log = installation.folder / "engine.log"
    installation.environment |= {"SELENITE_LEASE_SECONDS": str(LEASE_SECONDS), "SELENITE_JOB_SLOTS": "2"}
    installation.environment |= {"SELENITE_ENGINE_LOG": str(log), "SELENITE_SILENCED_CHECKS": "selenite.E002"}
    installation.allow_jobs(2)
    main = installation.start()
    installation.wait_for_batch(2)
    engine = part(main, "engine")
    frozen = engine.parent()
    frozen.suspend()

    done = installation.job[1]
    installation.wait_for_batch(done + 1)
    assert still_running([engine], within_seconds=0) == []
    frozen.resume()

    installation.wait_for_end()
    assert installation.has_the_text_of_an_undisturbed_run()
    assert installation.job[2:] == (2, 0)
    events = journal.read(log)
    assert journal.overlaps(events) == []
    assert sum(journal.begun(events).values()) <= installation.job[1] + 1


def test_job_goes_on_where_it_was_while_somebody_else_locks_the_database(installation):
    main = installation.start()
    installation.wait_for_batch(2)

    with closing(sqlite3.connect(installation.folder / "db.sqlite3", timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(LOCK_SECONDS)
        other.execute("ROLLBACK")

    installation.wait_for_end()
    assert installation.has_the_text_of_an_undisturbed_run()
    assert installation.job[2:] == (1, 0)
    assert "database is locked" not in (installation.folder / "log").read_text()
    assert psutil.pid_exists(main.pid)


@pytest.mark.parametrize("wish", ["pause", "cancel"])
def test_stop_request_is_obeyed_in_two_seconds(installation, wish):
    installation.environment["SELENITE_FAKE_SECONDS"] = "0.6"
    installation.start()
    installation.wait_for_batch(2)

    installation.read(f"UPDATE transcripts_job SET stop_request = '{wish}' WHERE state = 'running'")
    asked = time.monotonic()
    installation.wait_for(lambda: installation.job[0] == {"pause": "paused", "cancel": "cancelled"}[wish])

    assert time.monotonic() - asked < patiently(2)
    assert installation.read(STATES)[0][1] == ""


def test_resumed_job_goes_on_at_its_checkpoint(installation):
    log = installation.folder / "engine.log"
    installation.environment["SELENITE_ENGINE_LOG"] = str(log)
    installation.start()
    installation.wait_for_batch(3)
    installation.read("UPDATE transcripts_job SET stop_request = 'pause' WHERE state = 'running'")
    installation.wait_for(lambda: installation.job[0] == "paused")
    done = installation.job[1]

    installation.read("UPDATE transcripts_job SET state = 'queued' WHERE state = 'paused'")
    installation.wait_for_end()

    assert installation.has_the_text_of_an_undisturbed_run()
    begun = [event.pieces[0] for event in journal.read(log) if event.event == "begin"]
    assert done >= 3
    assert sorted(set(begun)) == [0, *range(1, SECONDS // 2, 2)]
    assert len(begun) - len(set(begun)) <= 1, "At most the batch that was being made is made again."


@pytest.mark.parametrize(
    ("how", "reason"), [("abort", "The engine crashed."), ("hang", "The engine stopped answering.")]
)
def test_poisoned_piece_costs_its_neighbours_in_the_batch_nothing(installation, how, reason):
    log = installation.folder / "engine.log"
    installation.environment |= {"SELENITE_FAKE_SECONDS": "0", "SELENITE_FAKE_BATCH": "3"}
    installation.environment |= {"SELENITE_FAKE_CRASH": f"{POISONED}:{how}:always", "SELENITE_ENGINE_LOG": str(log)}
    silence = {"SELENITE_ENGINE_STALL_SECONDS": f"{patiently(2):.0f}", "SELENITE_SILENCED_CHECKS": "selenite.E003"}
    installation.environment |= silence
    installation.start()

    installation.wait_for_end(seconds=patiently(30))

    undisturbed, disturbed = installation.texts
    assert [row for row in disturbed if row[0] != POISONED] == [row for row in undisturbed if row[0] != POISONED]
    assert installation.read(GAPS) == [(POISONED, "", reason)]
    events = journal.read(log)
    batch = (POISONED - 1, POISONED + 2)
    assert [event.pieces for event in events if event.event == "begin"].count(batch) == 2
    assert 3 <= installation.engine_deaths <= 5
    assert installation.job[2:] == (1, 0)


def test_light_task_is_done_in_a_second_while_all_slots_are_busy(installation):
    installation.environment["SELENITE_FAKE_SECONDS"] = "60"
    main = installation.start()
    installation.wait_for(lambda: "engine" in [process.name() for process in tree(main.pid)])

    task = installation.shell(LIGHT).strip()
    installation.wait_for(lambda: installation.shell(LIGHT_SECONDS.format(task)).strip())

    assert float(installation.shell(LIGHT_SECONDS.format(task))) < patiently(1)
    assert installation.job[0] == "running"


def test_schedule_is_made_once_and_runs(installation):
    main = installation.start()
    schedule = "SELECT COUNT(*), MAX(task) FROM django_q_schedule"
    installation.wait_for(lambda: installation.read(schedule)[0][0] == 1)
    # django-q2 looks at its schedules every 30 s.
    installation.wait_for(lambda: installation.read(schedule)[0][1], seconds=patiently(45))
    installation.wait_for(lambda: installation.read("SELECT COUNT(*) FROM django_q_ormq") == [(0,)])

    part(main, "cluster selenite"[:15]).kill()
    installation.wait_for(lambda: len([p for p in tree(main.pid) if p.name() == "pusher selenite"]) == 1)
    time.sleep(1)
    assert installation.read(schedule)[0][0] == 1
