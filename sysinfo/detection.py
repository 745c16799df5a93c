"""Looking closely at the machine in the background, and keeping what was found for the pages."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection

from registry import machine
from sysinfo import report
from sysinfo.report import Lasting

log = logging.getLogger(__name__)

FOUND, STEP, LOCK = "sysinfo:found", "sysinfo:step", "sysinfo:lock"
LONGEST_SECONDS = 240
"""After this a detection must have been killed, and another one may begin."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A detection at work: the number of its step from 0, of how many, and what it is doing."""

    step: int

    @property
    def steps(self) -> int:
        return len(report.STEPS)

    @property
    def name(self) -> str:
        return report.STEPS[self.step]


def found() -> Lasting | None:
    """Return what the last detection found; None where there was none since the start."""
    kept: Lasting | None = cache.get(FOUND)
    return kept


def progress() -> Progress | None:
    """Return how far the detection is that is at work; None where none is."""
    return Progress(cache.get(STEP, 0)) if cache.get(LOCK) else None


def start() -> bool:
    """Begin to look closely, in a thread; return False where that is being done already."""
    if not cache.add(LOCK, True, LONGEST_SECONDS):
        return False
    cache.set(STEP, 0, LONGEST_SECONDS)
    threading.Thread(target=_detect, name="detection", daemon=True).start()
    return True


def look_at_start() -> None:
    """Look quickly, in a thread, as a server starts: the page shall not be empty. Only a card is worth more."""
    threading.Thread(target=_look_at_start, name="detection", daemon=True).start()


def _look_at_start() -> None:
    quick = report.look_quickly()
    cache.add(FOUND, quick, None)
    if report.has_card(quick):
        start()
    elif quick.graphics.value is not None:  # Without a card there is nothing to ask the libraries.
        machine.keep_cards([])


def _keep_cards(found: Lasting) -> None:
    """Tell what decides about models and devices which cards the libraries can compute on."""
    if found.libraries.value is not None:
        machine.keep_cards(
            [machine.Cards(library.name, library.cards, library.problem) for library in found.libraries.value]
        )


def _detect() -> None:
    began = time.monotonic()
    try:
        closely = report.look_closely(_note_step)
        cache.set(FOUND, closely, None)
        _keep_cards(closely)
        log.info("this machine was looked at in %.1f s", time.monotonic() - began)
    except Exception:  # Nobody waits for this thread: the log is the only one to tell.
        log.exception("this machine could not be looked at")
    finally:
        cache.delete(LOCK)
        connection.close()


def _note_step(step: int) -> None:
    cache.set(STEP, step, LONGEST_SECONDS)


def as_json() -> dict[str, Any]:
    """Return all that is known now as plain values."""
    return report.to_json(found(), report.look_now())
