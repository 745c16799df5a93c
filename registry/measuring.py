"""How fast each installed model and each diarizer is on this machine, and how much memory it takes: measured and written down."""

import time
from dataclasses import dataclass

from django.db.models.functions import Now

from registry import known, scan, viability
from registry.diarizers import diarizers, resolve_diarizer
from registry.models import Provider, SpeechModel
from registry.resolver import resolve
from speech.client import EngineProcess, raise_error
from speech.failures import NOT_FINITE, WEIGHTS_BROKEN
from speech.types import DiarizerSpec, EngineError, EngineSpec, OnProgress, ShouldStop, Stopped, to_json

MEASURE_SECONDS = 20.0
"""Of work, beside loading and trying: about half a minute in all. A large model on a small processor takes longer."""
SILENCE_SECONDS = 300.0
"""The engine process gives a sign of life every few seconds."""
ANSWER_SECONDS = 0.2
LONGEST_SECONDS = 900.0
"""With loading. What needs as long for a stretch of half a minute is of no use here, and others wait for the queue."""
TOO_SLOW = "It was stopped after {:.0f} minutes without a result: it is far too slow here, or its weights are damaged."


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of sound for a second of work, without loading, and the most memory that the engine process held."""

    speed: float
    memory_bytes: int


def measure(model: SpeechModel, on_progress: OnProgress, should_stop: ShouldStop) -> Measured:
    """Measure a model in an engine process of its own and write down what was found; for weights that tell speakers apart,
    their diarizer.

    `on_progress` gets the seconds that went by and those that it takes; `should_stop` is asked several times a second. Call it
    from the main thread, see `EngineProcess`. Raises EngineError, NothingRunnable, and Stopped where `should_stop` says so.
    """
    if model.provider.kind == Provider.Kind.DIARIZER:
        return measure_diarizer(model.provider, on_progress, should_stop)
    try:
        found = _ask("engine", _engine(model), on_progress, should_stop)
    except EngineError as err:
        if err.code in (WEIGHTS_BROKEN, NOT_FINITE):
            scan.give_up(model, err.message)
        raise
    SpeechModel.objects.filter(pk=model.pk).update(
        speed=found.speed, memory_bytes=found.memory_bytes, memory_is_measured=True, measured_at=Now()
    )
    return found


def measure_diarizer(provider: Provider, on_progress: OnProgress, should_stop: ShouldStop) -> Measured:
    """Measure a diarizer as `measure` does a model. Raises the same."""
    found = _ask("diarizer", _diarizer(provider), on_progress, should_stop)
    Provider.objects.filter(pk=provider.pk).update(
        speed=found.speed, memory_bytes=found.memory_bytes, measured_at=Now()
    )
    return found


def _engine(model: SpeechModel) -> EngineSpec:
    tables = known.load()
    if found := viability.of_model(tables, model.provider.key, model.key):
        raise EngineError(found.sentence, permanent=True, code="not_available")
    return resolve(engine=model.provider.key, model=model.key, known=tables).spec


def _diarizer(provider: Provider) -> DiarizerSpec:
    spec = resolve_diarizer(provider.key).spec
    if spec.diarizer != provider.key:
        reason = next(one.reason for one in diarizers() if one.diarizer == provider.key)
        raise EngineError(reason, permanent=True, code="not_available")
    return spec


def _ask(kind: str, spec: EngineSpec | DiarizerSpec, on_progress: OnProgress, should_stop: ShouldStop) -> Measured:
    process = EngineProcess()
    try:
        request = process.send("speed", seconds=MEASURE_SECONDS, **{kind: to_json(spec)})
        began = heard = time.monotonic()
        while time.monotonic() - heard < SILENCE_SECONDS:
            if should_stop():
                raise Stopped
            if time.monotonic() - began > LONGEST_SECONDS:
                raise EngineError(TOO_SLOW.format(LONGEST_SECONDS / 60), permanent=False, code="too_slow")
            for message in process.receive(timeout_seconds=ANSWER_SECONDS):
                heard = time.monotonic()
                raise_error(message)
                if message.get("id") == request and message["type"] == "done":
                    return Measured(
                        message["audio_seconds"] / max(message["seconds"], 1e-6), message["peak_memory_bytes"]
                    )
                if message.get("stage") == "measuring":
                    on_progress(message["seconds"], message["total"])
        raise EngineError("The engine process did not answer in time.", permanent=False, code="engine_stalled")
    finally:
        process.kill()
