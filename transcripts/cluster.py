"""django-q2's cluster, hardened: no process outlives its parent, a stop is quick, no kill leaves a queue locked.

What it changes in django-q2 and why is in `docs/reliability.md`; `tests/transcripts/test_cluster.py` holds the parts of
django-q2 that it stands on.
"""

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing import Event, RawValue, parent_process
from types import FrameType
from typing import Any
from uuid import uuid4

import psutil
from django.db import DatabaseError, InterfaceError, connections
from django_q import cluster as q
from django_q.conf import Conf
from django_q.signals import post_spawn

from speech.process import die_with_parent, set_name
from transcripts import drain, lease, light, node, presence, slots, workfile
from transcripts.mailbox import Mailbox

log = logging.getLogger(__name__)

STOP_SECONDS = 3.0
"""How long a stop may take before all processes are killed. It costs nothing then either: the jobs are rescued."""
POLL_SECONDS = 0.2
SILENT_GUARD_SECONDS = 60.0
"""After this the sentinel must be stuck on a lock that a killed process held."""
STUCK_TASK_SECONDS = 90.0
"""A task waits only for a moment, or for a light one, which may take a minute: after this all workers must be frozen or stuck."""
UNHEALTHY_STATUS = 70
"""EX_SOFTWARE of sysexits.h."""

CONTEXT = q.get_mp_context()

_guard_seen = RawValue("d", 0.0)
"""When the sentinel last went round, by the monotonic clock. Without a lock, see `transcripts.drain`."""


class Cluster(q.Cluster):  # type: ignore[misc]  # django-q2 has no types.
    """The main process of one queue."""

    stopped_by = 0

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Note the signal and nothing else: django-q2 stops here, and hangs at a bad moment (its issue 346)."""
        self.stopped_by = signum
        drain.start()

    def run(self) -> int:
        """Run until a signal comes, and return the exit status: 0, or 1 where the cluster has to be started anew."""
        signal.signal(signal.SIGHUP, self.sig_handler)
        _set_role("cluster")
        node.join_cluster()
        _clean_up()
        gc.freeze()  # What is loaded stays shared with the processes below: 20 MB less.
        self.start()
        while not drain.is_on():
            time.sleep(POLL_SECONDS)
            if not self._is_healthy() and not drain.is_on():
                _kill_children()
                return 1
        self.stop()
        if self.stopped_by:  # A cluster that starts anew is there again in a second.
            _leave()
        return 0 if self.stopped_by else 1

    def start(self) -> int:
        """Start the sentinel. Like django-q2's, with our sentinel."""
        self.stop_event, self.start_event = Event(), Event()
        _guard_seen.value = time.monotonic()
        arguments = (self.stop_event, self.start_event, self.cluster_id, self.broker, self.timeout)
        self.sentinel = CONTEXT.Process(target=Sentinel, name=f"Process-{uuid4().hex}", args=arguments)
        self.sentinel.start()
        return os.getpid()

    def stop(self) -> bool:
        """Let the sentinel end everything, and kill what is left after STOP_SECONDS."""
        # A killed process may have left the event's lock taken: only this thread would wait for it for ever.
        threading.Thread(target=self.stop_event.set, daemon=True).start()
        self.sentinel.join(STOP_SECONDS)
        _kill_children()
        return True

    def _is_healthy(self) -> bool:
        silent = time.monotonic() - _guard_seen.value
        if silent > SILENT_GUARD_SECONDS:
            log.critical("the cluster's sentinel is stuck; starting anew")
        return bool(self.sentinel.is_alive()) and silent <= SILENT_GUARD_SECONDS


class Sentinel(q.Sentinel):  # type: ignore[misc]
    """The process that keeps workers, pusher and monitor alive."""

    _waits_since: float | None = None

    def start(self) -> None:
        parent = parent_process()
        assert parent is not None
        die_with_parent(parent.pid or 0)
        _set_role("sentinel")
        for signum in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        self.pool_size = slots.count()
        # django-q2 has just made its own, which a killed process can leave locked.
        self.task_queue, self.result_queue = Mailbox(is_full=_holds_a_task), Mailbox()
        super().start()

    def spawn_process(self, target: Callable[..., None], *args: Any) -> Any:
        """Start a process of the cluster. Like django-q2's, but it dies with the sentinel and survives a SIGTERM."""
        process = CONTEXT.Process(target=_run_child, args=(target, os.getpid(), *args), name=f"Process-{uuid4().hex}")
        process.daemon = True
        if target is q.worker:
            process.daemon = Conf.DAEMONIZE_WORKERS
            process.timer = args[2]
            process.terminate = process.kill  # Past its time limit. A SIGTERM would be the wish to stop the cluster.
            self.pool.append(process)
        process.start()
        return process

    def reincarnate(self, process: Any) -> None:
        """Start anew what has ended, but for a worker that left because it is one too many."""
        if process in self.pool and process.exitcode == 0 and len(self.pool) > slots.count():
            self.pool.remove(process)
        else:
            super().reincarnate(process)

    def status(self) -> str:
        """Return the cluster's status. django-q2 asks for it in each round of the guard: it is the guard's pulse."""
        _guard_seen.value = time.monotonic()
        self._add_workers()
        self._look_for_stuck_task()
        return str(super().status())

    def _add_workers(self) -> None:
        """Have a worker for each slot, also for those that the settings have added since."""
        if self.start_event.is_set() and not self.stop_event.is_set() and not drain.is_on():
            while len(self.pool) < slots.count():
                self.spawn_worker()
            slots.note_workers(len(self.pool))

    def _look_for_stuck_task(self) -> None:
        """End this cluster where nobody takes the next task. It is started anew, and jobs go on after their last batch."""
        now = time.monotonic()
        self._waits_since = None if self.task_queue.empty() else self._waits_since or now
        if self._waits_since is not None and now - self._waits_since > STUCK_TASK_SECONDS:
            log.critical("no worker takes the next task; starting anew")
            os._exit(UNHEALTHY_STATUS)


def _run_child(target: Callable[..., None], parent_pid: int, *args: Any) -> None:
    """Run a part of the cluster. A signal may go to all processes of a group: only the main one acts on it."""
    die_with_parent(parent_pid)
    _set_role(target.__name__)
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _note_stop if target is q.worker else signal.SIG_IGN)
    target(*args)


def _note_stop(signum: int, frame: FrameType | None) -> None:
    drain.start()


def _holds_a_task(mailbox: Mailbox) -> bool:
    """Have one task wait here at most, others where they came from. In a cluster that stops nobody waits for a free worker."""
    return not mailbox.empty() and not drain.is_on()


def _set_role(role: str) -> None:
    set_name(f"{role} {Conf.CLUSTER_NAME}")


def _clean_up() -> None:
    """Put back what was interrupted, and leave no connection open that a fork would share."""
    try:
        lease.rescue()
        presence.forget_dead()
        workfile.sweep()
    except (DatabaseError, InterfaceError) as err:  # The pusher looks again every few seconds.
        log.warning("interrupted jobs could not be put back yet: %s", err)
    connections.close_all()


def _leave() -> None:
    try:
        presence.leave()
    except (DatabaseError, InterfaceError) as err:  # It is forgotten in time.
        log.warning("the cluster could not be taken off the list: %s", err)


def _rescue_at_start(**signal_fields: object) -> None:
    """Put back the job of the worker that this one replaces."""
    _clean_up()


def _kill_children() -> None:
    """Kill every process below this one, the engines too."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(children, timeout=1)


post_spawn.connect(_rescue_at_start)
q.scheduler = light.plan_due
