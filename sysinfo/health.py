"""How the service is doing, in five checks that cost next to nothing: what a monitor asks again and again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.core.cache import cache
from django.utils import timezone

from sysinfo.probes import queue
from sysinfo.probes.queue import Queue
from sysinfo.probing import find
from sysinfo.wording import counted
from transcripts import alarms
from transcripts.alarms import Alarm

CACHE_SECONDS = 5
LATE = timedelta(minutes=2)
"""A job that could start and a free slot find each other within seconds."""
TIDY_LATE = timedelta(minutes=10)
"""The light task is due every minute, and one before it may take a minute."""

UNSEEN = "This is not known while the database is away."
LOOK_AT_WORKER = "Look at the worker's log. Restart the workers on the page “System”: nothing is lost."
LOOK_AT_QUEUE = "The page “Queue” says of each what it waits for. They start by themselves when that changes."


class State(StrEnum):
    """How it stands with something. A notice is as somebody wants it, or a hint: nothing is broken."""

    OK = "ok"
    NOTICE = "notice"
    DEGRADED = "degraded"
    DOWN = "down"

    @property
    def is_broken(self) -> bool:
        return self in (State.DEGRADED, State.DOWN)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: a sentence on how it is, and what to do where it is not as it should be."""

    name: str
    title: str
    state: State
    sentence: str
    remedy: str = ""
    is_in_settings: bool = False
    """Whether the settings of the installation are where it is put right."""

    @property
    def is_about_weights(self) -> bool:
        """Return whether the list of models is where it is put right."""
        return self.name in ("weights", "model", "speakers")


def current() -> list[Check]:
    """Return the five checks, as they are now or were a few seconds ago."""
    found: list[Check] | None = cache.get("health")
    if found is None:
        found = look()
        cache.set("health", found, CACHE_SECONDS)
    return found


def overall(checks: Iterable[Check]) -> State:
    """Return the worst state among the checks, where a notice counts as well."""
    states = {check.state for check in checks}
    return next((state for state in (State.DOWN, State.DEGRADED) if state in states), State.OK)


def look() -> list[Check]:
    """Look now. Costs eight queries."""
    by_name: dict[str, list[Alarm]] = {}
    for alarm in alarms.current():
        by_name.setdefault(alarm.name, []).append(alarm)
    # Where the database is locked each query would wait for it, for many seconds.
    of_queue = None if "database" in by_name else find(queue.probe).value
    return [_database(by_name, of_queue), _worker(of_queue), _queue(of_queue), _disk(by_name), _weights(by_name)]


def _database(by_name: Mapping[str, Sequence[Alarm]], of_queue: Queue | None) -> Check:
    """Without a database no page is shown and nothing is saved."""
    check = ("database", "Database")
    if "database" in by_name:
        return _told(*check, State.DOWN, by_name["database"])
    if of_queue is None:
        return Check(*check, State.DOWN, "The database does not answer.", "Start it, and look at DATABASE_URL.")
    return Check(*check, State.OK, "It can be read and written.")


def _worker(of_queue: Queue | None) -> Check:
    """Without a worker the pages work, uploads are taken, and jobs wait: degraded."""
    check = ("worker", "Worker")
    if of_queue is None:
        return Check(*check, State.DEGRADED, UNSEEN)
    if not of_queue.workers:
        return Check(*check, State.DEGRADED, "No worker is running.", alarms.START)
    if of_queue.next_tidy_at and timezone.now() - of_queue.next_tidy_at > TIDY_LATE:
        return Check(*check, State.DEGRADED, "Light tasks have not run for a while.", LOOK_AT_WORKER)
    hosts = ", ".join(dict.fromkeys(of_queue.workers))
    return Check(*check, State.OK, f"{counted(len(of_queue.workers), 'worker')} on {hosts}.")


def _queue(of_queue: Queue | None) -> Check:
    check = ("queue", "Queue")
    if of_queue is None:
        return Check(*check, State.DEGRADED, UNSEEN)
    if of_queue.is_held:
        return Check(*check, State.NOTICE, "The queue is held.", alarms.RESUME)
    if of_queue.blocked:
        return Check(*check, State.DEGRADED, f"{counted(of_queue.blocked, 'job')} cannot start.", LOOK_AT_QUEUE)
    if _is_late(of_queue):
        return Check(*check, State.DEGRADED, "A job waits although nothing keeps it from starting.", LOOK_AT_WORKER)
    if of_queue.fetching:
        jobs = f"{counted(of_queue.fetching, 'job')} {'waits' if of_queue.fetching == 1 else 'wait'}"
        return Check(*check, State.NOTICE, f"{jobs} for weights that are being downloaded.", LOOK_AT_QUEUE)
    return Check(*check, State.OK, f"{of_queue.running} running, {of_queue.waiting} waiting.")


def _is_late(of_queue: Queue) -> bool:
    """Return whether the queue stands still. Behind others a job may wait for hours; without a worker, see above."""
    if of_queue.oldest_ready_at is None or of_queue.running >= of_queue.slots:
        return False
    since = max(filter(None, (of_queue.oldest_ready_at, of_queue.changed_at)))
    return timezone.now() - since > LATE


def _disk(by_name: Mapping[str, Sequence[Alarm]]) -> Check:
    """On a full disk new recordings are refused; without the folder of the recordings none can be played or kept."""
    check = ("disk", "Disks")
    if "media" in by_name:
        return _told(*check, State.DOWN, by_name["media"])
    if "disk" in by_name:
        return _told(*check, State.DEGRADED, by_name["disk"])
    return Check(*check, State.OK, "There is room, and the recordings are there.")


def _weights(by_name: Mapping[str, Sequence[Alarm]]) -> Check:
    check = ("weights", "Weights")
    if "weights" in by_name:
        told = by_name["weights"]
        is_notice = all(alarm.is_notice for alarm in told)
        return _told(*check, State.NOTICE if is_notice else State.DEGRADED, told)
    return Check(*check, State.OK, "A model is installed that can run.")


def _told(name: str, title: str, state: State, told: Sequence[Alarm]) -> Check:
    """Return what alarms say, as a check."""
    remedies = dict.fromkeys(alarm.remedy for alarm in told)
    sentence, is_in_settings = " ".join(alarm.sentence for alarm in told), any(alarm.is_in_settings for alarm in told)
    return Check(name, title, state, sentence, " ".join(remedies), is_in_settings)
