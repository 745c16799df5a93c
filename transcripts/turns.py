"""What the claim will do, played through without a database: who is next, and when a slot gets free."""

import heapq
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

UNKNOWN_SECONDS = 600.0
"""How long a job is taken to run of which nothing is known: good enough for the order, never shown."""
LATER = 1e12
"""After every real time, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A job that runs or waits, with what decides when it starts and how long it takes."""

    pk: UUID
    owner: int
    priority: int
    created_at: datetime
    started_at: datetime | None
    served_at: datetime | None
    """When a job of this owner was started last."""
    seconds_left: float | None


def play(waiting: Sequence[Entry], running: Sequence[Entry], *, slots: int) -> Iterator[tuple[Entry, float | None]]:
    """Yield the waiting jobs in the order of their starts, each with the seconds until then, None where nobody can tell.

    `waiting` is in the order of `transcripts.claim` but for the turns of people: priority, rank, age.
    """
    machine = _Machine(running, slots)
    turns = _Turns(waiting, running)
    for _, level in groupby(waiting, key=lambda entry: entry.priority):
        turns.begin(list(level))
        while turns.are_left:
            for owner in machine.wait_for_slot():
                turns.note_end(owner)
            entry = turns.take()
            yield entry, machine.now if machine.is_known else None
            machine.start(entry)


class _Machine:
    """The slots, and when the jobs in them end. `now` is in seconds from the present."""

    def __init__(self, running: Sequence[Entry], slots: int) -> None:
        self._slots = slots
        self._ends: list[tuple[float, int, int]] = []
        self._started = 0
        self.now = 0.0
        self.is_known = True
        for entry in running:
            self.start(entry)

    def start(self, entry: Entry) -> None:
        seconds = entry.seconds_left
        self.is_known = self.is_known and seconds is not None
        self._started += 1
        heapq.heappush(
            self._ends, (self.now + (UNKNOWN_SECONDS if seconds is None else seconds), self._started, entry.owner)
        )

    def wait_for_slot(self) -> Iterator[int]:
        """Go on until a slot is free, and yield the owners of the jobs that end on the way."""
        while len(self._ends) >= self._slots:
            self.now, _, owner = heapq.heappop(self._ends)
            yield owner


class _Turns:
    """The people whose jobs wait on one level of priority. Each is kept in a heap by what `transcripts.claim` looks at.

    A key that has changed is pushed again; the old one is found out of date when it comes up.
    """

    def __init__(self, waiting: Sequence[Entry], running: Sequence[Entry]) -> None:
        self._running = Counter(entry.owner for entry in running)
        self._served = {entry.owner: entry.served_at.timestamp() for entry in waiting if entry.served_at}
        self._later = LATER
        self._jobs: dict[int, deque[Entry]] = {}
        self._oldest: dict[int, float] = {}
        self._heap: list[tuple[int, bool, float, int]] = []

    @property
    def are_left(self) -> bool:
        return bool(self._jobs)

    def begin(self, level: Sequence[Entry]) -> None:
        for entry in level:
            self._jobs.setdefault(entry.owner, deque()).append(entry)
        self._oldest = {owner: min(job.created_at.timestamp() for job in jobs) for owner, jobs in self._jobs.items()}
        self._heap = [self._key(owner) for owner in self._jobs]
        heapq.heapify(self._heap)

    def take(self) -> Entry:
        """Start the next job of the person whose turn it is."""
        while (key := heapq.heappop(self._heap)) != self._key(key[-1]) or key[-1] not in self._jobs:
            continue
        owner = key[-1]
        entry = self._jobs[owner].popleft()
        if not self._jobs[owner]:
            del self._jobs[owner]
        self._running[owner] += 1
        if entry.started_at is None:  # A job that goes on was served when it was started first.
            self._later += 1
            self._served[owner] = self._later
        heapq.heappush(self._heap, self._key(owner))
        return entry

    def note_end(self, owner: int) -> None:
        self._running[owner] -= 1
        if owner in self._jobs:
            heapq.heappush(self._heap, self._key(owner))

    def _key(self, owner: int) -> tuple[int, bool, float, int]:
        served = self._served.get(owner)
        return self._running[owner], served is not None, self._oldest[owner] if served is None else served, owner
