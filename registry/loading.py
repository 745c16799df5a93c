"""Loading weights that no catalogue knows once, to see whether an engine can: of these no hash tells whether they are whole."""

from collections.abc import Callable

from django.conf import settings

from speech import weights
from speech.failures import WEIGHTS_BROKEN
from speech.types import EngineError, EngineSpec, Json, to_json

UNTRIED = "Whether it can be loaded is not known: {}"

Ask = Callable[..., Json]
"""Has the engine process answer a request of a kind, with fields, as `speech.client.ask`. Raises EngineError."""


def check(store: str, key: str, ask: Ask) -> str:
    """Load weights that somebody brought, and return a sentence where that could not be tried; empty for those of a catalogue.

    Raises EngineError where the files cannot be loaded: they are broken from then on, until they change.
    """
    found = weights.find(settings.WEIGHTS_DIR, engine=store, model=key)
    if found is None or weights.known(engine=store, model=key):
        return ""
    spec = EngineSpec(store, key, str(found.path), threads=settings.ENGINE_THREADS)
    try:
        ask("load", engine=to_json(spec))
    except EngineError as err:
        if err.code == WEIGHTS_BROKEN and weights.condemn(found, err.message):
            raise
        return UNTRIED.format(err.message)
    return ""
