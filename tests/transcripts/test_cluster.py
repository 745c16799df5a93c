"""A real cluster with real kills. It must lose nothing, leave nothing behind, and end with the text of an undisturbed run."""

import inspect
import os
import time
from contextlib import suppress

import psutil
import pytest
from django_q import cluster as q
from django_q import worker as q_worker

from tests.processes import still_running
from tests.transcripts.installation import SECONDS, count, kill, part, patiently, tree
from transcripts.cluster import Sentinel
from transcripts.mailbox import Mailbox

RECOVERY_SECONDS = 5
STOP_SECONDS = 5


def _death_costs(installation, process: psutil.Process, *, claims: int) -> None:
    """Kill a process and see that the job, claimed so often by then, soon has one more batch."""
    kill(process)
    killed, done = time.monotonic(), installation.job[1]
    installation.wait_for(lambda: installation.job[1] > done and installation.job[2] >= claims)
    assert time.monotonic() - killed < patiently(RECOVERY_SECONDS)
    assert installation.job[2:] == (claims, 0), "A death counts as no crash of the job."


def test_job_outlives_the_death_of_each_process(installation):
    main = installation.start()
    installation.wait_for_batch(1)
    _death_costs(installation, part(main, "engine"), claims=1)
    _death_costs(installation, part(main, "worker asr"), claims=2)
    _death_costs(installation, part(main, "pusher asr"), claims=2)
    _death_costs(installation, part(main, "monitor asr"), claims=2)
    _death_costs(installation, part(main, "sentinel asr"), claims=3)
    _death_costs(installation, part(main, "cluster asr"), claims=4)
    installation.wait_for_end()
    assert installation.has_the_text_of_an_undisturbed_run()
    assert installation.job[2:] == (4, 0)


def test_nothing_outlives_a_kill_and_a_start_goes_on(installation):
    main = installation.start()
    installation.wait_for_batch(1)
    processes = tree(main.pid)
    assert len(processes) == 17

    main.kill()

    assert still_running(processes, within_seconds=3) == []
    done = installation.job[1]
    installation.start()
    installation.wait_for_end()
    assert installation.has_the_text_of_an_undisturbed_run()
    assert installation.job[2] == 2
    assert done >= 1


@pytest.mark.parametrize("whom", ["main process", "all processes"])
def test_stop_gives_both_jobs_back_and_leaves_nothing(installation, whom):
    installation.environment |= {"SELENITE_FAKE_SECONDS": "60", "SELENITE_JOB_SLOTS": "2"}
    installation.add_jobs(1)
    installation.allow_jobs(2)
    main = installation.start()
    installation.wait_for(lambda: [p.name() for p in tree(main.pid)].count("engine") == 2)
    at_work = "SELECT COUNT(*) FROM transcripts_job WHERE state = 'running' AND stage = 'transcribing'"
    installation.wait_for(lambda: installation.read(at_work) == [(2,)])
    processes, began = tree(main.pid), time.monotonic()

    for process in [main] if whom == "main process" else processes:
        with suppress(psutil.NoSuchProcess):  # Those that were told before it may have ended it.
            process.terminate()

    assert still_running(processes, within_seconds=STOP_SECONDS) == []
    assert time.monotonic() - began < STOP_SECONDS
    assert installation.process.wait() == 0
    assert installation.jobs == [("queued", 0, 1, 0)] * 2


def test_cluster_starts_anew_when_somebody_asks_for_it(installation):
    main = installation.start()
    installation.wait_for_batch(1)
    before = part(main, "cluster asr")
    installation.read("UPDATE settings_settings SET restart_requested_at = strftime('%Y-%m-%d %H:%M:%f', 'now')")

    assert still_running([before], within_seconds=10) == []
    assert installation.job[:2] != ("completed", SECONDS // 4)
    installation.wait_for_end()
    assert installation.has_the_text_of_an_undisturbed_run()
    assert installation.job[2:] == (2, 0), "It was given back once, and nothing was counted."
    after = part(main, "cluster asr")
    time.sleep(3)
    assert after.is_running(), "It starts anew once."

    installation.wait_for(lambda: len(installation.read("SELECT 1 FROM transcripts_node")) == 1)
    main.terminate()
    assert still_running([main, after], within_seconds=5) == []
    assert installation.read("SELECT name FROM transcripts_node") == []


@pytest.mark.parametrize("role", ["worker", "monitor"])
def test_work_goes_on_after_the_death_of_who_waits(installation, role):
    """It is killed while it waits for a message: with Python's own queue, no other would ever get one."""
    installation.environment["SELENITE_FAKE_SECONDS"] = "0"
    installation.read("UPDATE transcripts_job SET state = 'paused' WHERE state = 'queued'")
    main = installation.start()
    installation.wait_for(lambda: len(tree(main.pid)) == 16)
    time.sleep(1)
    kill(part(main, f"{role} asr"))

    installation.read("UPDATE transcripts_job SET state = 'queued' WHERE state = 'paused'")

    installation.wait_for_end(seconds=patiently(RECOVERY_SECONDS))
    assert installation.has_the_text_of_an_undisturbed_run()


def test_jobs_at_once_are_changed_while_the_cluster_runs(installation):
    """More workers are started beside the one that is busy; those that are too many leave after their next job."""
    installation.environment["SELENITE_FAKE_SECONDS"] = "0.4"
    installation.add_jobs(2)
    main = installation.start()
    installation.wait_for(lambda: installation.read("SELECT 1 FROM transcripts_job WHERE batches_done = 1"))
    assert installation.states == ["completed", "queued", "queued", "running"]

    installation.read("UPDATE settings_settings SET concurrency = 2")
    began = time.monotonic()
    installation.wait_for(lambda: installation.states.count("running") == 2)
    assert time.monotonic() - began < 3, "It takes effect at the next claim."
    installation.wait_for(lambda: count(main, "worker asr") == 2)

    installation.read("UPDATE settings_settings SET concurrency = 1")
    installation.wait_for(lambda: installation.states == ["completed"] * 4)
    installation.wait_for(lambda: count(main, "worker asr") == 1, seconds=5)
    assert installation.read("SELECT DISTINCT claims FROM transcripts_job") == [(1,)], "Nothing was interrupted."
    assert len(tree(main.pid)) in (16, 17), "The engine of the worker that left went with it."


def test_held_queue_starts_nothing_and_goes_on_when_it_is_resumed(installation):
    installation.environment["SELENITE_FAKE_SECONDS"] = "0"
    installation.read("UPDATE settings_settings SET queue_paused = 1")
    installation.start()
    time.sleep(3)
    assert installation.job == ("queued", 0, 0, 0)

    installation.read("UPDATE settings_settings SET queue_paused = 0")

    installation.wait_for_end()


def test_cluster_ends_where_no_worker_takes_a_task(monkeypatch):
    ends = []
    monkeypatch.setattr(os, "_exit", ends.append)
    sentinel, mailbox = Sentinel.__new__(Sentinel), Mailbox()
    sentinel.task_queue = mailbox
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def look_at(seconds: float) -> None:
        now[0] = seconds
        sentinel._look_for_stuck_task()

    look_at(0)
    mailbox.put("one")
    look_at(1)
    look_at(90)
    mailbox.get()
    look_at(92)
    mailbox.put("another")
    look_at(93)
    look_at(180)
    assert ends == []
    look_at(184)
    assert ends == [70]
    mailbox._in.close()
    mailbox._out.close()


def test_django_q_is_as_the_cluster_needs_it():
    """Holds the parts of django-q2 that are overridden or stood on: look at them all when this fails after an upgrade."""
    names = {
        name: list(inspect.signature(getattr(q.Sentinel, name)).parameters)
        for name in ("start", "status", "stop", "reincarnate", "spawn_worker")
    }
    assert names == {
        "start": ["self"],
        "status": ["self"],
        "stop": ["self"],
        "reincarnate": ["self", "process"],
        "spawn_worker": ["self"],
    }
    assert "range(self.pool_size)" in inspect.getsource(q.Sentinel.spawn_cluster)
    assert list(inspect.signature(q.Sentinel.spawn_process).parameters) == ["self", "target", "args"]
    assert list(inspect.signature(q.Sentinel).parameters)[:5] == [
        "stop_event",
        "start_event",
        "cluster_id",
        "broker",
        "timeout",
    ]
    assert list(inspect.signature(q.Cluster).parameters) == ["broker"]
    assert "self.start()" in inspect.getsource(q.Sentinel.__init__)
    assert "worker, self.task_queue, self.result_queue, Value(" in inspect.getsource(q.Sentinel.spawn_worker)
    assert "Stat(self).save()" in inspect.getsource(q.Sentinel.guard)
    guard = inspect.getsource(q.Sentinel.guard)
    assert "scheduler(broker=self.broker)" in guard
    assert "process.terminate()" in inspect.getsource(q.Sentinel.reincarnate)
    queues = "".join(inspect.getsource(getattr(q.Sentinel, name)) for name in ("status", "stop"))
    used = {name.partition("(")[0] for part in ("task_queue.", "result_queue.") for name in queues.split(part)[1:]}
    assert used == {"empty", "put", "close", "join_thread"}, "What a mailbox has to offer."
    worker = inspect.getsource(q_worker.worker)
    for line in (
        "post_spawn.send(",
        'iter(task_queue.get, "STOP")',
        "timer.value = -1  # Idle",
        "timer.value = timer_value",
        "except (Exception, TimeoutException) as e",
    ):
        assert line in worker
