"""What is killed, and how."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import psutil

from transcripts.chaos.options import REDIS, Options
from transcripts.chaos.place import LEASE_SECONDS
from transcripts.chaos.servers import LONGEST_OUTAGE_SECONDS, PostgreSQL, Server, SQLite
from transcripts.chaos.service import Service, Unit, kill
from transcripts.chaos.watch import Watch

T = TypeVar("T")

ASR, LIGHT = "asr", "selenite"
PARTS = ("worker", "monitor", "pusher", "sentinel", "cluster")
QUIET_SECONDS = LEASE_SECONDS / 4
"""An engine whose worker has no database for half a lease ends itself. A database may take a while to come back."""
FREEZE_SECONDS = (LEASE_SECONDS + 0.5, LEASE_SECONDS + 2.5)


@dataclass(slots=True)
class Strike:
    """One kill: of what, when, and when work went on. `hit` are the jobs that lost what their engine was at."""

    kind: str
    at: float
    hit: set[UUID] = field(default_factory=set)
    recovered_at: float | None = None
    is_light: bool = False
    load: float = field(default_factory=lambda: os.getloadavg()[0] / (os.cpu_count() or 1))
    """How many programs wanted each processor at that time: where it is more than one, everything takes longer."""

    def start_clock(self) -> None:
        """Count from now: what was to be away for a time is back."""
        self.at = time.monotonic()
        self.recovered_at = None

    @property
    def seconds(self) -> float | None:
        """Return how long nothing was finished after it."""
        return None if self.recovered_at is None else self.recovered_at - self.at


class Striker:
    """Kills at random. A strike that takes time, such as a frozen process, is ended by `finish`."""

    def __init__(
        self,
        options: Options,
        service: Service,
        watch: Watch,
        dice: random.Random,
        *,
        database: "PostgreSQL | SQLite",
        redis: Server | None,
    ) -> None:
        self._service, self._watch, self._dice = service, watch, dice
        self._database, self._redis = database, redis
        self._engine_kills: set[tuple[UUID, int]] = set()
        self._away: list[PostgreSQL | SQLite | Server] = []
        self._pending: list[tuple[float, Callable[[], None]]] = []
        self._kinds = self._real_kinds() if options.is_real else self._all_kinds(options)

    def strike(self) -> Strike | None:
        """Kill something that is there; None where what was chosen is not."""
        kind = self._dice.choice(list(self._kinds))
        strike = Strike(kind, time.monotonic(), is_light=kind in ("light", "redis"))
        return strike if self._kinds[kind](strike) else None

    def finish(self, now: float) -> None:
        """End what was begun for a time and is due."""
        due = [entry for entry in self._pending if now >= entry[0]]
        self._pending = [entry for entry in self._pending if entry not in due]
        for _, end in due:
            end()

    @property
    def has_outage(self) -> bool:
        """Return whether a server is away: who writes now waits for it."""
        return bool(self._away)

    @property
    def is_busy(self) -> bool:
        """Return whether something is frozen or away."""
        return bool(self._pending)

    def _real_kinds(self) -> dict[str, Callable[[Strike], bool]]:
        """Return what real weights are tried with: all that can take a worker along, and the engine."""
        return {
            "engine": self._engine,
            "worker": self._busy_worker,
            "sentinel": lambda strike: self._part(strike, "sentinel", ASR),
            "cluster": lambda strike: self._part(strike, "cluster", ASR),
            "queue parent": self._queue_parent,
            "everything": self._everything,
        }

    def _all_kinds(self, options: Options) -> dict[str, Callable[[Strike], bool]]:
        more = {
            "idle worker": self._idle_worker,
            "monitor": lambda strike: self._part(strike, "monitor", ASR),
            "pusher": lambda strike: self._part(strike, "pusher", ASR),
            "stop": self._stop,
            "freeze": self._freeze,
            "web": self._web,
            "database": self._database_outage,
            "light": self._light_part,
        }
        own = {"redis": self._redis_outage} if options.broker == REDIS else {}
        return self._real_kinds() | more | own

    def _engine(self, strike: Strike) -> bool:
        """Kill an engine, once a batch: more often is a fault of the recording, by the rules."""
        for job in self._shuffled(self._watch.running()):
            engines = [engine for engine in self._service.find("engine") if _parent(engine) == job.pid]
            if engines and (job.job_id, job.batches_done) not in self._engine_kills:
                self._engine_kills.add((job.job_id, job.batches_done))
                return self._kill(strike, engines[0], {job.job_id})
        return False

    def _busy_worker(self, strike: Strike) -> bool:
        busy = {job.pid: job.job_id for job in self._watch.running()}
        for worker in self._shuffled(self._service.find("worker asr")):
            if worker.pid in busy:
                return self._kill(strike, worker, {busy[worker.pid]})
        return False

    def _idle_worker(self, strike: Strike) -> bool:
        busy = {job.pid for job in self._watch.running()}
        idle = [worker for worker in self._service.find("worker asr") if worker.pid not in busy]
        if not idle:
            return False
        chosen = self._dice.choice(idle)
        return self._kill(strike, chosen, self._hit_below({chosen.pid}))

    def _part(self, strike: Strike, part: str, queue: str) -> bool:
        found = self._service.find(f"{part} {queue}"[:15])
        if not found:
            return False
        chosen = self._dice.choice(found)
        takes_all = part in ("sentinel", "cluster") and queue == ASR
        return self._kill(strike, chosen, self._hit_below({chosen.pid, _parent(chosen)}) if takes_all else set())

    def _light_part(self, strike: Strike) -> bool:
        part = self._dice.choice(PARTS)
        strike.kind = f"light {part}"
        return self._part(strike, part, LIGHT)

    def _queue_parent(self, strike: Strike) -> bool:
        found = self._service.find_command("qcluster")
        if not found:
            return False
        chosen = self._dice.choice(found)
        return self._kill(strike, chosen, self._hit_below({child.pid for child in chosen.children(recursive=True)}))

    def _everything(self, strike: Strike) -> bool:
        tree = self._service.tree(self._dice.choice(self._service.units))
        return bool(tree) and self._kill(strike, tree[0], self._hit_below({process.pid for process in tree}))

    def _stop(self, strike: Strike) -> bool:
        """Ask every process of a unit to stop, as a service manager does. Work goes on when it is started again."""
        unit: Unit = self._dice.choice(self._service.units)
        tree = self._service.tree(unit)
        if not tree or unit.stopping_since is not None:
            return False
        strike.hit = self._hit_below({process.pid for process in tree})
        unit.stopping_since = strike.at
        unit.on_stopped = strike.start_clock
        for process in tree:
            try:
                process.terminate()
            except psutil.NoSuchProcess:
                continue
        return True

    def _freeze(self, strike: Strike) -> bool:
        """Stop a busy worker until its lease is over, and let it go on then.

        Not while it writes: SQLite has one lock, and all would have to wait for the frozen one.
        """
        busy = {job.pid: job.job_id for job in self._watch.running()}
        awake = [worker for worker in self._service.find("worker asr") if worker.pid in busy and _is_awake(worker)]
        if not awake:
            return False
        worker = self._dice.choice(awake)
        worker.suspend()
        if not self._database.is_free():
            worker.resume()
            return False
        strike.hit = {busy[worker.pid]}
        self._later(self._dice.uniform(*FREEZE_SECONDS), lambda: _resume(worker))
        return True

    def _web(self, strike: Strike) -> bool:
        found = self._service.find_command("gunicorn")
        return bool(found) and self._kill(strike, self._dice.choice(found), set())

    def _database_outage(self, strike: Strike) -> bool:
        """Have the database away for a moment. What was computed meanwhile is written when it is back."""
        return self._outage(strike, self._database)

    def _redis_outage(self, strike: Strike) -> bool:
        assert self._redis is not None
        return self._outage(strike, self._redis)

    def _outage(self, strike: Strike, server: "PostgreSQL | SQLite | Server") -> bool:
        if server in self._away:
            return False

        running = {job.job_id for job in self._watch.running()}

        def back() -> None:
            server.start()
            self._away.remove(server)
            if server is self._database and time.monotonic() - strike.at > QUIET_SECONDS:
                strike.hit = running
            strike.start_clock()

        self._away.append(server)
        server.crash()
        self._later(self._dice.uniform(0, LONGEST_OUTAGE_SECONDS), back)
        return True

    def _later(self, seconds: float, end: Callable[[], None]) -> None:
        self._pending.append((time.monotonic() + seconds, end))

    def _kill(self, strike: Strike, process: psutil.Process, hit: set[UUID]) -> bool:
        strike.hit = hit
        strike.at = time.monotonic()
        kill(process)
        return True

    def _hit_below(self, pids: set[int]) -> set[UUID]:
        """Return the jobs whose worker, or whose cluster's main process, is among these."""
        return {job.job_id for job in self._watch.running() if pids & {job.pid, job.cluster_pid}}

    def _shuffled(self, items: list[T]) -> list[T]:
        return self._dice.sample(items, len(items))


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _is_awake(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def _resume(process: psutil.Process) -> None:
    try:
        process.resume()
    except psutil.NoSuchProcess:
        return
