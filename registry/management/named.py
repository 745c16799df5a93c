"""What is meant by the names that `manage.py weights` is given: weights of the catalogue, and those that somebody brought."""

from collections.abc import Iterable

from django.conf import settings

from registry import scan, terminal
from speech import weights
from speech.weights import ENGINES, FASTER_WHISPER, Weights, WeightsError, catalogue

ALL = "all"
ANY = ""
"""No engine was named: it is faster-whisper, unless the name alone tells."""
NO_NAME = f"Name a model. Run: {terminal.manage('weights list')}"


def named(name: str | None, engine: str) -> list[Weights]:
    """Return what is meant by a name, where it is None everything, and by an engine, ALL or ANY.

    What tells speakers apart has names of its own, and needs no engine. Raises WeightsError where nothing has the name.
    """
    if name is not None and not name.strip():
        raise WeightsError(NO_NAME)
    same = [entry for entry in _catalogue() if name in (None, entry.model)]
    if name is None or not same:
        same += [entry for entry in _own() if name in (None, entry.model)]
    found = _of_engine(same, engine)
    if name and not found:
        raise WeightsError(_unknown(name, engine, same))
    return found


def _catalogue() -> list[Weights]:
    return [*catalogue.CATALOGUE, *catalogue.DIARIZATION_CATALOGUE]


def _own() -> list[Weights]:
    """Return what no catalogue knows and `weights list` shows: what somebody brought, whole or broken."""
    whole = [(found.engine, found.model) for found in weights.brought(settings.WEIGHTS_DIR)]
    places = dict.fromkeys([*whole, *scan.broken_if_possible()])
    return [Weights(engine, model, ()) for engine, model in places if not weights.known(engine=engine, model=model)]


def _of_engine(entries: Iterable[Weights], engine: str) -> list[Weights]:
    entries = list(entries)
    if engine == ALL:
        return entries
    of_engine = [entry for entry in entries if entry.engine == (engine or FASTER_WHISPER)]
    return of_engine or [entry for entry in entries if engine == ANY and entry.engine not in ENGINES]


def _unknown(name: str, engine: str, same: list[Weights]) -> str:
    """Return why nothing is meant by a name, and what would be."""
    asked = "" if engine == ALL else f" for {engine or FASTER_WHISPER}"
    if others := [entry.engine for entry in same if entry.engine in ENGINES]:
        return f"There is no model {name!r}{asked}. Write: --engine {others[0]}"
    if same:
        return f"{name} is not{asked}. Leave out --engine."
    names = [*catalogue.MODELS, *(entry.model for entry in catalogue.DIARIZATION_CATALOGUE)]
    known = ", ".join(dict.fromkeys([*names, *(entry.model for entry in _own())]))
    return f"There is no model {name!r}{asked}. Known models: {known}."
