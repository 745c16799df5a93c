"""What follows the death of an engine process: one ladder for each batch, from another try down to a gap in the text.

In plain words: `docs/reliability.md`. Nothing here touches the database or an engine.
"""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from speech.client import EngineDied
from speech.failures import (
    CARD_FAILED,
    CARD_OUT_OF_MEMORY,
    ENGINE_ERROR,
    LIBRARY_MISSING,
    NOT_FINITE,
    OUT_OF_MEMORY,
    WEIGHTS_BROKEN,
)
from speech.types import EngineError, Json
from transcripts.engine import EngineStalled

Batch = tuple[int, int]
"""The first piece, and one past the last."""

HOPELESS = (LIBRARY_MISSING, WEIGHTS_BROKEN, "unknown_engine", "unknown_diarizer", "unknown_language")
"""The codes of errors that stay as they are however often it is tried: something else is taken at once."""
OF_CARD = (CARD_FAILED, CARD_OUT_OF_MEMORY)
"""The codes of what a processor cannot suffer from."""


class Phase(StrEnum):
    """What an engine was at, as its progress told last. `speech.server` has the words."""

    STARTING = "starting"
    PREPARING = "preparing"
    LOADING = "loading"
    TRANSCRIBING = "transcribing"


PHASES = {phase.value: phase for phase in Phase}

DEATHS_ALONE = 2
"""So often a piece may kill its engine when nothing else is being decoded: the first time may be bad luck."""


class Cause(StrEnum):
    """What an engine died of. Kept on the row of the job."""

    KILLED = "killed"
    MEMORY = "memory"
    CRASH = "crash"
    STALL = "stall"
    ERROR = "error"
    CARD = "card"
    NUMBERS = "numbers"

    @property
    def is_want_of_memory(self) -> bool:
        return self in (Cause.KILLED, Cause.MEMORY)


REPORTED = {
    OUT_OF_MEMORY: Cause.MEMORY,
    CARD_OUT_OF_MEMORY: Cause.MEMORY,
    CARD_FAILED: Cause.CARD,
    ENGINE_ERROR: Cause.ERROR,
    NOT_FINITE: Cause.NUMBERS,
}
"""By the code of what an engine reports of itself where it would have been killed, or would have crashed."""

REASONS = {
    Cause.KILLED: "the engine was killed, probably for want of memory.",
    Cause.MEMORY: "the engine ran out of memory.",
    Cause.CRASH: "the engine crashed.",
    Cause.STALL: "the engine stopped answering.",
    Cause.ERROR: "the engine failed.",
    Cause.CARD: "the graphics card failed.",
    Cause.NUMBERS: "the model gave numbers that are infinite or undefined.",
}
"""Each goes on a sentence after a colon."""
MAKE_ROOM = "Free some memory or choose a smaller model, and transcribe it again."
CHANGE = "Choose another model or engine, and transcribe it again; the log of the worker has the details."


@dataclass(frozen=True, slots=True)
class Death:
    """An engine that died, and the batch it was in."""

    batch: Batch
    cause: Cause

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls((data["batch"][0], data["batch"][1]), Cause(data["cause"]))

    def to_json(self) -> Json:
        return {"batch": list(self.batch), "cause": self.cause.value}

    def concerned(self, batch: Batch) -> bool:
        """Return whether all pieces of a batch were in the one that the engine died in."""
        return self.batch[0] <= batch[0] and batch[1] <= self.batch[1]


def cause_of(err: EngineError) -> Cause | None:
    """Return what an engine died of; None where it only says that it could not do what was asked."""
    if isinstance(err, EngineStalled):
        return Cause.STALL
    if isinstance(err, EngineDied):
        return Cause.KILLED if err.returncode == -signal.SIGKILL else Cause.CRASH
    return REPORTED.get(err.code)


def is_survivable(err: EngineError, phase: Phase) -> bool:
    """Return whether a job goes on after this error in this phase: what did not die may be tried again later as it is."""
    if isinstance(err, EngineDied | EngineStalled) or err.code in (*HOPELESS, *OF_CARD):
        return True
    if err.permanent:
        return False
    cause = cause_of(err)
    return phase == Phase.LOADING or cause == Cause.MEMORY or (phase == Phase.TRANSCRIBING and cause is not None)


def must_leave_card(batch: Batch, deaths: Sequence[Death]) -> bool:
    """Return whether a graphics card has failed in a batch so often that a processor has to do it: the first time may be bad luck."""
    return sum(death.cause == Cause.CARD and death.concerned(batch) for death in deaths) >= DEATHS_ALONE


def advice(cause: Cause | None) -> str:
    """Return the sentence that tells a person what to do where nothing could be transcribed."""
    return MAKE_ROOM if cause and cause.is_want_of_memory else CHANGE


def is_poisoned(batch: Batch, deaths: Sequence[Death]) -> bool:
    """Return whether a batch is a single piece that kills its engine when it is alone."""
    return _size(batch) == 1 and sum(death.batch == batch for death in deaths) >= DEATHS_ALONE


def split(batches: Sequence[Batch], index: int, deaths: Sequence[Death]) -> list[Batch]:
    """Return a plan's batches after the last of these deaths, in the batch with this index.

    After the first death that its pieces saw it stays as it is, or is halved where memory ran out; then come its pieces
    one by one. The other batches are left alone. Since the history decides, a batch that was finished needs no notice.
    """
    batch = batches[index]
    return [*batches[:index], *_parts(batch, deaths), *batches[index + 1 :]]


def _parts(batch: Batch, deaths: Sequence[Death]) -> list[Batch]:
    first, last = batch
    seen = [death for death in deaths if death.concerned(batch)]
    if _size(batch) == 1:
        return [batch]
    if len(seen) > 1:
        return [(piece, piece + 1) for piece in range(first, last)]
    if not seen or not seen[0].cause.is_want_of_memory:
        return [batch]
    middle = (first + last + 1) // 2
    return [(first, middle), (middle, last)]


def _size(batch: Batch) -> int:
    return batch[1] - batch[0]
