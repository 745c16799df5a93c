"""Looking at one subject: within a time limit, and without ever raising."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Value = TypeVar("Value")

LIMIT_SECONDS = 5.0

FAILED = "This could not be found out ({})."
SLOW = "This machine did not tell within {:g} s."


class NotKnown(Exception):
    """Something cannot be found out here. The message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Finding(Generic[Value]):
    """What was found out; `value` is None where nothing was, and `reason` then says why in a sentence."""

    value: Value | None
    reason: str = ""


class Look(Generic[Value]):
    """A look at a subject in a thread of its own, because a disk or a driver that hangs cannot be interrupted."""

    _hanging: dict[str, threading.Thread] = {}
    """The last look at each subject: no second one is started while it hangs."""

    def __init__(self, subject: str, probe: Callable[[], Value], *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._limit_seconds = limit_seconds
        self._deadline = time.monotonic() + limit_seconds
        self._finding: Finding[Value] = Finding(None, SLOW.format(limit_seconds))
        self._probe = probe
        self._thread = threading.Thread(target=self._run, name=f"look at {subject}", daemon=True)
        before = self._hanging.get(subject)
        if before is None or not before.is_alive():
            self._hanging[subject] = self._thread
            self._thread.start()

    def finding(self) -> Finding[Value]:
        """Return what was found, waiting for it up to the limit."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._finding

    def _run(self) -> None:
        self._finding = find(self._probe)


def find(probe: Callable[[], Value]) -> Finding[Value]:
    """Look here and now, for a probe that has a time limit of its own."""
    try:
        return Finding(probe())
    except NotKnown as err:
        return Finding(None, str(err))
    except Exception as err:  # A probe may fail in any way; what depends on it shall not.
        log.exception("%s failed", getattr(probe, "__module__", probe))
        return Finding(None, FAILED.format(type(err).__name__))
