"""Doing long work: each kind is a function, and what it does on files happens in a process that can be killed at any moment."""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from registry import changes, loading, measuring, obtaining, scan, works
from registry.models import Provider, SpeechModel, Work
from registry.resolver import NothingRunnable
from registry.works import Claim, LeaseLost
from speech.client import EngineDied, EngineProcess, raise_error
from speech.types import EngineError, Json

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often progress is written and a cancel is looked for."""
ANSWER_SECONDS = 0.2
"""How long one wait for the next line of the process may be: a stop of the service is seen as late."""
TRIES = 3
"""How often a process may die under the same work, say for want of memory, before that is given up."""
GIVEN_UP = f"The process that did it was ended {TRIES} times, probably for want of memory. What was downloaded is kept; try again."
STALLED = "The process that does it stopped answering."
UNEXPECTED = "Something unexpected went wrong. The log has the details."
OF_THE_PROCESS = (GIVEN_UP, STALLED, UNEXPECTED)
"""What says nothing of the files."""


class Cancelled(Exception):
    """Somebody wants the work to end."""


class Stopping(Exception):
    """The service stops, or a measurement gives way: the work goes on later."""


class Helper:
    """The process that does a piece of long work, and how far it is. Use it from one thread."""

    def __init__(self, claim: Claim, should_stop: Callable[[], bool]) -> None:
        self._claim = claim
        self._should_stop = should_stop
        self._progress = ("", 0, 0)
        self._written: tuple[str, int, int] | None = None
        self._next_look = self._next_write = 0.0

    def ask(self, kind: str, *, network: bool = False, **fields: Any) -> Json:
        """Have a process of its own answer a request and return its last reply.

        The progress is written to the row. A process that dies is started anew: what it did on files is gone on with.
        Raises EngineError, Cancelled, Stopping and LeaseLost; then nothing is left running.
        """
        for remaining in reversed(range(TRIES)):
            try:
                return self.ask_once(kind, network=network, **fields)
            except EngineDied as err:
                if not remaining:
                    raise EngineError(GIVEN_UP, permanent=False) from err
                log.warning("work %d: %s It is started anew.", self._claim.work_id, err.message)
        raise AssertionError("unreachable")

    def ask_once(self, kind: str, *, network: bool = False, **fields: Any) -> Json:
        """Do as `ask`, without starting a process that dies anew. Raises EngineDied too."""
        process = EngineProcess("--network") if network else EngineProcess()
        try:
            request_id = process.send(kind, **fields)
            heard = time.monotonic()
            while True:
                for message in process.receive(timeout_seconds=ANSWER_SECONDS):
                    heard = time.monotonic()
                    raise_error(message)
                    if message.get("id") == request_id and message["type"] == "done":
                        return message
                    if "step" in message:
                        self.tell(message["step"], message["done"], message["total"])
                self.look()
                if time.monotonic() - heard > settings.ENGINE_STALL_SECONDS:
                    raise EngineError(STALLED, permanent=False)
        finally:
            process.kill()

    def tell(self, step: str, done: int, total: int) -> None:
        """Note how far the work is. It is written once a second."""
        self._progress = (step, done, total)

    def look(self) -> None:
        """Write what is due and obey what is wanted. Call it several times a second. Raises Cancelled, Stopping, LeaseLost."""
        if self._should_stop():
            raise Stopping
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        try:
            self._write_progress()
            if works.is_cancelled(self._claim):
                raise Cancelled
        except (InterfaceError, OperationalError):  # The lease lasts a while.
            log.warning("work %d: the database is away", self._claim.work_id)
            connection.close()

    def _write_progress(self) -> None:
        if self._progress == self._written and time.monotonic() < self._next_write:
            return
        step, done, total = self._progress
        works.note(self._claim, step=step, done=done, total=total)
        self._written = self._progress
        self._next_write = time.monotonic() + settings.JOB_HEARTBEAT_SECONDS


Way = Callable[[SpeechModel, Helper], str]
"""Does one kind of work on a model and returns what came of it, as a sentence. Raises EngineError where it fails."""


def _install(model: SpeechModel, helper: Helper) -> str:
    helper.ask(
        "install",
        network=True,
        engine=model.store,
        model=model.key,
        folder=str(settings.WEIGHTS_DIR),
        sources=settings.WEIGHTS_SOURCES,
        mirror=settings.WEIGHTS_MIRROR,
        token=os.environ.get(obtaining.TOKEN, ""),
    )
    return f"{model} is installed and verified."


def _verify(model: SpeechModel, helper: Helper) -> str:
    helper.ask("verify", engine=model.store, model=model.key, folder=str(settings.WEIGHTS_DIR), path=model.install_path)
    helper.tell("Loading", 0, 0)
    untried = loading.check(model.store, model.key, helper.ask_once)
    return f"{model} is as it must be. {untried}".rstrip()


def _measure(model: SpeechModel, helper: Helper) -> str:
    def should_stop() -> bool:
        helper.look()
        return False

    found = measuring.measure(
        model, lambda seconds, total: helper.tell("Measuring", int(seconds), int(total)), should_stop
    )
    what = model.provider if model.provider.kind == Provider.Kind.DIARIZER else model
    return f"{what} runs at about {found.speed:.1f} x real time and takes {found.memory_bytes / 1e9:.1f} GB."


WAYS: dict[str, Way] = {Work.Kind.INSTALL: _install, Work.Kind.VERIFY: _verify, Work.Kind.MEASURE: _measure}


def do(claim: Claim, *, should_stop: Callable[[], bool], is_busy: Callable[[], bool] = lambda: False) -> None:
    """Do claimed work until it ends, is cancelled, or the service stops. Does nothing where the claim does not hold.

    A measurement also ends, to be begun anew later, once `is_busy` says that this machine has other things to do.
    """
    work = Work.objects.held_by(claim.lease_token).filter(pk=claim.work_id).select_related("model__provider").first()
    if work is None:
        return
    log.info("work %d starts: %s", work.pk, work)
    began = time.monotonic()
    gives_way = is_busy if work.kind == Work.Kind.MEASURE else lambda: False
    try:
        _end(claim, work, *_outcome(claim, work, lambda: should_stop() or gives_way()))
    except LeaseLost:
        log.warning("work %d was taken away or deleted", work.pk)
    log.info("work %d is over after %.1f s", work.pk, time.monotonic() - began)


def _outcome(claim: Claim, work: Work, should_stop: Callable[[], bool]) -> tuple[Work.State, str]:
    """Return how the work ended; queued where it is to be gone on with. Raises LeaseLost."""
    way = WAYS.get(work.kind)
    if way is None:
        return Work.State.FAILED, "This version of Selenite does not know this kind of work."
    try:
        return Work.State.DONE, way(work.model, Helper(claim, should_stop))
    except Stopping:
        return Work.State.QUEUED, ""
    except Cancelled:
        return Work.State.CANCELLED, works.CANCELLED[Work.Kind(work.kind)]
    except (EngineError, NothingRunnable) as err:
        log.warning("work %d failed: %s", work.pk, err)
        return Work.State.FAILED, str(err)
    except (InterfaceError, OperationalError, LeaseLost):
        raise
    except Exception:
        log.exception("work %d failed", work.pk)
        return Work.State.FAILED, UNEXPECTED


def _end(claim: Claim, work: Work, state: Work.State, message: str) -> None:
    """Bring the model's row in line with the disk first: who sees that the work is over sees what came of it."""
    if state == Work.State.QUEUED:
        works.give_back(claim)
        return
    blame = message if state == Work.State.FAILED and work.kind == Work.Kind.VERIFY else ""
    scan.refresh(work.model, blame=blame)
    works.finish(claim, state, message)
    changes.tell()
