"""Whether weights can be had from the sources that are allowed: known before anybody tries, without asking a network."""

from collections.abc import Sequence
from pathlib import Path

from speech.weights import catalogue
from speech.weights.store import find
from speech.weights.types import FASTER_WHISPER, INDEX, PUBLISHER, WHISPER, Weights


def is_within_reach(weights: Weights, *, folder: Path, sources: Sequence[str]) -> bool:
    """Return whether one of the sources has all the files, or what they can be rebuilt from is there or can be had."""
    if PUBLISHER in sources and weights.files:
        return True
    if INDEX in sources and weights.requirements:
        return True
    return can_be_rebuilt(weights, folder=folder, sources=sources)


def can_be_rebuilt(weights: Weights, *, folder: Path, sources: Sequence[str]) -> bool:
    """Return whether a checkpoint can be made from faster-whisper's files, which are there or can be had."""
    if weights.engine != WHISPER:
        return False
    original = catalogue.known(engine=FASTER_WHISPER, model=weights.model)
    if original is None:
        return False
    is_there = find(folder, engine=original.engine, model=original.model) is not None
    return is_there or is_within_reach(original, folder=folder, sources=sources)
