"""A run inside its own installation: work, strikes, and the time until work goes on."""

import logging
import os
import random
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from transcripts.chaos import checks, journal, light_tasks, report, servers
from transcripts.chaos.options import POSTGRES, REDIS, Options
from transcripts.chaos.outcome import Outcome
from transcripts.chaos.place import JOURNAL, LOG
from transcripts.chaos.service import Service
from transcripts.chaos.strikes import Strike, Striker
from transcripts.chaos.visitor import Visitor, sign_in
from transcripts.chaos.watch import AWAY, Watch
from transcripts.chaos.work import Person, Work

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
WAIT_SECONDS = 30.0
"""How long work may stand still before the run goes on to the next strike, and its check fails."""
END_SECONDS = 120.0
"""How long nothing may be finished at the end before the run gives up waiting."""
STOP_SECONDS = 5.0
LIGHT_SECONDS = 15.0
BURST_PROBABILITY = 0.15
"""How often the next strike does not wait until work goes on."""
PAUSE_SECONDS = (0.0, 0.8)
"""Between work that goes on and the next strike."""
REAL_PAUSE_SECONDS = (0.2, 3.0)
"""The same with real weights: a batch takes seconds."""


class Run:
    """Carries out one run. Everything happens in one thread, one look after the other."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options, self._folder = options, folder
        self._dice = random.Random(options.seed)  # noqa: S311 - Nobody must be unable to guess it.
        self._environment = dict(os.environ)

    def carry_out(self) -> dict[str, Any]:
        """Make the installation, attack it, and return the figures."""
        with ExitStack() as stack:
            output = stack.enter_context((self._folder / LOG).open("ab"))
            self._start_servers(output, stack)
            call_command("migrate", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            self._work = Work(self._options, self._folder, self._dice)
            for _ in range(self._options.jobs):
                self._work.add()
            self._attack(output)
            return report.figures(self._outcome, checks.check(self._outcome))

    def _start_servers(self, output: IO[Any], stack: ExitStack) -> None:
        self._redis: servers.Server | None = None
        self._database: servers.PostgreSQL | servers.SQLite
        self._database = servers.SQLite(settings.DATA_DIR / "db.sqlite3")
        if self._options.database == POSTGRES:
            port = urlsplit(self._environment["DATABASE_URL"]).port
            assert port is not None
            self._database = servers.PostgreSQL(self._folder, port=port, log=output)
            self._database.start()
            stack.callback(self._database.crash)
        if self._options.broker == REDIS:
            port = urlsplit(self._environment["REDIS_URL"]).port
            assert port is not None
            self._redis = servers.redis(self._folder, port=port, log=output)
            self._redis.start()
            stack.callback(self._redis.crash)

    def _attack(self, output: IO[Any]) -> None:
        port = servers.free_port()
        self._service = Service(clusters=self._options.clusters, port=port, environment=self._environment, log=output)
        self._watch = Watch(self._work.tasks)
        self._person = Person(self._work.tasks, self._dice, cancels=self._cancels)
        self._visitor = Visitor(port, sign_in(self._work.owner))
        self._striker = Striker(
            self._options, self._service, self._watch, self._dice, database=self._database, redis=self._redis
        )
        self._outcome = Outcome(self._options, self._work, self._watch, self._database)
        began = time.monotonic()
        self._service.keep_running()
        self._visitor.start()
        self._wait(self._is_at_work, limit_seconds=WAIT_SECONDS)
        self._strike_all()
        self._wait_for_the_end()
        self._outcome.seconds = time.monotonic() - began
        self._look_around(self._outcome)

    @property
    def _cancels(self) -> int:
        return 0 if self._options.is_real else max(1, self._options.jobs // 8)

    def _strike_all(self) -> None:
        strikes = self._outcome.strikes
        while len(strikes) < self._options.kills:
            strike = self._striker.strike()
            if strike is None:
                self._tick()
                continue
            log.warning("strike %d: %s", len(strikes) + 1, strike.kind)
            strikes.append(strike)
            if strike.is_light:
                self._wait_for_a_light_task(strike)
            elif self._dice.random() >= BURST_PROBABILITY:
                self._wait_for_work(strike)
            if strike.recovered_at is not None and not self._striker.has_outage:
                self._add_work()
            self._pause(self._dice.uniform(*(REAL_PAUSE_SECONDS if self._options.is_real else PAUSE_SECONDS)))

    def _wait_for_work(self, strike: Strike) -> None:
        """Wait until something was finished after the last strike; with real weights, only as long as batches are left."""
        if self._options.is_real:
            self._wait(lambda: self._computes_since(strike.at) and self._is_due(), limit_seconds=2 * WAIT_SECONDS)
        else:
            self._wait(lambda: strike.recovered_at is not None, limit_seconds=WAIT_SECONDS)

    def _computes_since(self, moment: float) -> bool:
        return journal.first_begin(journal.read(self._folder / JOURNAL), after=moment) is not None

    def _is_due(self) -> bool:
        """Spread the strikes over the batches of the recording: it takes only a few."""
        [task] = self._work.tasks.values()
        return (len(self._outcome.strikes) + 1) / self._options.kills <= self._watch.share_done + 1 / task.batches

    def _wait_for_a_light_task(self, strike: Strike) -> None:
        """Queue a light task after the kill, and wait until somebody has done it."""
        self._wait(lambda: not self._striker.has_outage, limit_seconds=WAIT_SECONDS)
        ping = light_tasks.Ping()
        self._wait(ping.is_done, limit_seconds=LIGHT_SECONDS)
        if ping.is_done():
            strike.recovered_at = time.monotonic()

    def _add_work(self) -> None:
        """Have work wait as long as there are strikes to come."""
        while not self._options.is_real and self._watch.unfinished <= self._options.concurrency + 1:
            self._work.add()

    def _is_at_work(self) -> bool:
        return bool(self._watch.share_done)

    def _wait_for_the_end(self) -> None:
        self._wait(lambda: not self._striker.is_busy, limit_seconds=WAIT_SECONDS)
        self._person.leave()
        seen, since = -1.0, time.monotonic()
        while self._watch.unfinished and time.monotonic() - since < END_SECONDS:
            self._tick(with_person=False)
            if self._watch.share_done != seen:
                seen, since = self._watch.share_done, time.monotonic()

    def _wait(self, condition: Any, *, limit_seconds: float) -> None:
        deadline = time.monotonic() + limit_seconds
        while not condition() and time.monotonic() < deadline:
            self._tick()

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._tick()

    def _tick(self, *, with_person: bool = True) -> None:
        """Keep everything going for a moment."""
        time.sleep(LOOK_SECONDS)
        now = time.monotonic()
        self._striker.finish(now)
        self._service.keep_running()
        if self._watch.look():
            self._note_progress()
        if with_person and not self._options.is_real and not self._striker.has_outage:
            try:
                self._person.act(now)
            except AWAY:
                pass

    def _note_progress(self) -> None:
        for strike in self._outcome.strikes:
            if strike.recovered_at is None and not strike.is_light:
                strike.recovered_at = time.monotonic()

    def _look_around(self, outcome: Outcome) -> None:
        """Note how everything is, and stop it."""
        outcome.light_seconds = light_tasks.seconds_until_done(limit_seconds=LIGHT_SECONDS)
        outcome.page_status = self._visitor.get()
        self._visitor.stop()
        outcome.pages, outcome.page_errors = self._visitor.pages, len(self._visitor.errors)
        self._work.close()
        outcome.left = self._service.stop(seconds=STOP_SECONDS)
        outcome.stop_seconds = [seconds for unit in self._service.units for seconds in unit.stop_seconds]
        outcome.requests = self._person.requests
        outcome.log = (self._folder / LOG).read_text(encoding="utf-8", errors="replace")
        outcome.events = journal.read(self._folder / JOURNAL)
        if self._options.is_real:  # A batch takes many seconds: work goes on when the next one begins.
            for strike in outcome.strikes:
                strike.recovered_at = journal.first_begin(outcome.events, after=strike.at)


def run(options: Options, folder: Path) -> dict[str, Any]:
    """Carry out a run in this process, whose settings are those of the run's own installation, and return its figures."""
    if folder != settings.DATA_DIR:
        raise CommandError("This is not the installation that the run has made for itself.")
    return Run(options, folder).carry_out()
