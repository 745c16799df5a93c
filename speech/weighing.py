"""What the engine process does with weights beside loading them: install and verify. It can be killed at any moment."""

import time
from collections.abc import Callable
from pathlib import Path

from speech import weights
from speech.types import EngineError, Json
from speech.weights import OnProgress, WeightsError

SAY_SECONDS = 0.2
"""How often it is told how far something is; a new step is told at once."""
CODE = "weights"
"""Of an error whose message is a sentence about the weights, not about the engine."""


def install(request: Json, send: Callable[[Json], None]) -> Json:
    """Install a model, see `speech.weights.install`. Raises EngineError."""
    try:
        weights.install(
            request["model"],
            engine=request["engine"],
            folder=Path(request["folder"]),
            on_progress=_teller(request, send),
            sources=request["sources"],
            token=request["token"],
            mirror=request["mirror"],
        )
    except WeightsError as err:
        raise EngineError(err.message, permanent=True, code=CODE) from err
    return {}


def verify(request: Json, send: Callable[[Json], None]) -> Json:
    """Compare a model with its hashes, see `speech.weights.check`. Raises EngineError."""
    try:
        weights.check(
            Path(request["folder"]),
            engine=request["engine"],
            model=request["model"],
            path=request["path"],
            on_progress=_teller(request, send),
        )
    except WeightsError as err:
        raise EngineError(err.message, permanent=True, code=CODE) from err
    return {}


def _teller(request: Json, send: Callable[[Json], None]) -> OnProgress:
    said, last = "", 0.0

    def tell(step: str, done: int, total: int) -> None:
        nonlocal said, last
        now = time.monotonic()
        if step == said and now - last < SAY_SECONDS and done < total:
            return
        said, last = step, now
        send({"type": "progress", "id": request["id"], "stage": CODE, "step": step, "done": done, "total": total})

    return tell
