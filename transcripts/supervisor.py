"""Keeps programs running: starts what dies anew, stops all together, and takes them along when it is killed itself."""

import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from speech.process import die_with_parent
from transcripts.wishes import Ear, Wish

log = logging.getLogger(__name__)
"""For the log files only: the terminal is told in sentences."""

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 5.0
"""A part that ran this long had started well: the next restart comes after the first delay again. One that dies every five
seconds costs a start every five seconds, which any machine bears."""
POLL_SECONDS = 0.1
READ_BYTES = 1 << 16
ANSWER_SECONDS = 1.0
"""How long a wish waits, so that the page that it came from is answered and shown before the parts stop."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(slots=True)
class Part:
    """A program to keep running. With a `label` its output is passed on line by line behind it, else left alone.

    One that `may_ask` can have all parts stopped, or the supervisor started anew, see `transcripts.wishes`.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    may_ask: bool = False
    process: subprocess.Popen[bytes] | None = None
    delay_seconds: float = FIRST_DELAY_SECONDS
    started: float = 0.0
    next_start: float = 0.0
    unfinished_line: bytes = b""

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs parts until a signal or a wish comes. Has one thread only: what it starts dies with the thread that started it."""

    def __init__(self, parts: Sequence[Part], *, stop_seconds: float) -> None:
        self._parts = parts
        self._stop_seconds = stop_seconds
        self._stopped_by = 0
        self._ear = Ear()
        self._wish: Wish | None = None
        self._wish_due = 0.0
        self._selector = selectors.DefaultSelector()

    def run(self, *, on_round: Callable[[], None] | None = None) -> Wish:
        """Keep the parts running until SIGTERM, SIGINT, SIGHUP or a wish, then stop them. Calls `on_round` all the time.

        Returns whether they are to start anew, which no signal means.
        """
        for signum in STOP_SIGNALS:
            signal.signal(signum, self._note_signal)
        try:
            while not self._stopped_by and not self._is_wish_due():
                self._start_what_is_due()
                self._pass_output(POLL_SECONDS)
                if on_round:
                    on_round()
        finally:
            self._stop()
        return Wish.STOP if self._stopped_by else self._wish or Wish.STOP

    def _is_wish_due(self) -> bool:
        """Return whether a part has asked for an end, long enough ago."""
        if wish := self._ear.heard():
            log.info("asked to %s", wish)
            self._wish_due = self._wish_due or time.monotonic() + ANSWER_SECONDS
            self._wish = wish
        return self._wish is not None and time.monotonic() >= self._wish_due

    def _note_signal(self, signum: int, frame: FrameType | None) -> None:
        self._stopped_by = signum

    def _start_what_is_due(self) -> None:
        for part in self._parts:
            if part.process is not None and not part.is_alive():
                self._note_death(part)
            if part.process is None and time.monotonic() >= part.next_start:
                self._start(part)

    def _start(self, part: Part) -> None:
        # In a session of its own: Ctrl-C reaches this process alone, which then stops the parts in an orderly way.
        part.process = subprocess.Popen(
            part.command,
            env={**os.environ, **part.environment, **(self._ear.environment if part.may_ask else {})},
            pass_fds=[self._ear.descriptor] if part.may_ask else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if part.label else None,
            stderr=subprocess.STDOUT if part.label else None,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - There is one thread.
        )
        part.started = time.monotonic()
        log.info("%s starts as process %d", part.name, part.process.pid)
        if part.process.stdout is not None:
            os.set_blocking(part.process.stdout.fileno(), False)
            self._selector.register(part.process.stdout, selectors.EVENT_READ, part)

    def _note_death(self, part: Part) -> None:
        """Plan the next start: later each time, unless the part ran well."""
        assert part.process is not None
        if time.monotonic() - part.started > STEADY_SECONDS:
            part.delay_seconds = FIRST_DELAY_SECONDS
        _say(f"{part.name} ended (status {part.process.returncode}); starting it again in {part.delay_seconds:g} s.")
        log.warning("%s ended with status %s", part.name, part.process.returncode)
        part.next_start = time.monotonic() + part.delay_seconds
        part.delay_seconds = min(2 * part.delay_seconds, LONGEST_DELAY_SECONDS)
        self._close_output(part)
        part.process = None

    def _pass_output(self, timeout_seconds: float) -> None:
        """Pass on what the parts have written, waiting for it or for the time."""
        if not self._selector.get_map():
            time.sleep(timeout_seconds)
            return
        for key, _ in self._selector.select(timeout_seconds):
            if self._read(key.data) == b"":
                self._selector.unregister(key.fileobj)

    def _read(self, part: Part) -> bytes | None:
        """Pass on what a part has written and return it: empty at its end, None where there is nothing now."""
        assert part.process is not None
        assert part.process.stdout is not None
        try:
            data = os.read(part.process.stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return None
        *lines, part.unfinished_line = (part.unfinished_line + data).split(b"\n")
        if len(part.unfinished_line) > READ_BYTES or not data:
            lines, part.unfinished_line = [*lines, part.unfinished_line], b""
        for line in filter(None, lines):
            _say(f"{part.label}{line.decode(errors='replace')}")
        return data

    def _close_output(self, part: Part) -> None:
        """Pass on the rest. What the part has left running may hold the other end open."""
        assert part.process is not None
        if part.process.stdout is None or part.process.stdout.closed:
            return
        while self._read(part):
            pass
        if part.process.stdout in self._selector.get_map():
            self._selector.unregister(part.process.stdout)
        part.process.stdout.close()

    def _stop(self) -> None:
        """Ask all parts to stop, pass on what they say meanwhile, and kill what has not stopped in time."""
        deadline = time.monotonic() + self._stop_seconds
        alive = [part for part in self._parts if part.is_alive()]
        for part in alive:
            assert part.process is not None
            part.process.terminate()
        while any(part.is_alive() for part in alive) and time.monotonic() < deadline:
            self._pass_output(POLL_SECONDS)
        for part in alive:
            assert part.process is not None
            part.process.kill()
            part.process.wait()
            self._close_output(part)


def _say(line: str) -> None:
    """Print a line. Where it cannot be written, say because the log fills the disk, the parts run on without."""
    try:
        print(line, flush=True)  # noqa: T201 - This is what its commands print.
    except OSError:
        return
