"""Weights that a command needs on the disk, whether or not the registry has a row for them."""

from django.conf import settings
from django.core.management.base import CommandError

from registry import obtaining
from registry.management.named import named
from registry.models import SpeechModel
from speech import weights
from speech.types import EngineSpec
from speech.weights import Installed, WeightsError


def require(engine: str, model: str) -> Installed:
    """Return the weights of an engine. Raises CommandError with what brings them here, or with the names there are."""
    if found := weights.find(settings.WEIGHTS_DIR, engine=engine, model=model):
        return found
    try:
        named(model, engine)
    except WeightsError as err:
        raise CommandError(str(err)) from err
    row = SpeechModel(store=engine, key=model)
    raise CommandError(f"Model {model} is not installed for {engine}. {obtaining.fix(row)}")


def spec(engine: str, model: str, *, threads: int = 0) -> EngineSpec:
    """Return how to run the weights of an engine; 0 threads leave their number to it. Raises CommandError like `require`."""
    return EngineSpec(engine, model, str(require(engine, model).path), threads=threads)
