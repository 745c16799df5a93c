"""Speech recognition engines, each in a module of its own that is imported when it is first asked for."""

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise

from speech.asr.engine import Engine
from speech.failures import of_import
from speech.types import EngineError, EngineSpec, Piece

ENGINES = {
    "faster-whisper": "speech.asr.faster_whisper",
    "whisper": "speech.asr.whisper",
    "fake": "speech.asr.fake",
}
"""Engine name to the module with its `load`."""

SEED = 0
"""Sampling of a piece starts from this plus the piece's index, so that the same recording gives the same text."""
PLACES_TO_LISTEN = 5
"""At how many places the language is listened for."""


def load(spec: EngineSpec) -> Engine:
    """Return the engine with its weights loaded. Raises EngineError where the engine is unknown or cannot be loaded."""
    path = ENGINES.get(spec.engine) or spec.module
    if not path:
        raise EngineError(f"There is no engine named {spec.engine}.", permanent=True, code="unknown_engine")
    try:
        module = import_module(path)
        engine: Engine = module.load(spec)
    except ImportError as err:
        raise of_import(err, what=f"The engine {spec.engine}") from err
    return engine


def places_to_listen(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces in which the language is listened for: the ones with most speech in each part of the recording."""
    count = min(PLACES_TO_LISTEN, len(pieces))
    bounds = [len(pieces) * part // count for part in range(count + 1)] if count else []
    parts = [pieces[first:last] for first, last in pairwise(bounds)]
    return [max(part, key=lambda piece: piece.speech_seconds) for part in parts]
