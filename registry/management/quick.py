"""`manage.py benchmark quick`: how fast each installed model and each diarizer is here, written down for the page “System”."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from registry import measuring, terminal
from registry.diarizers import DiarizerAvailability, diarizers
from registry.measuring import Measured
from registry.models import Provider, SpeechModel
from registry.resolver import Availability, NothingRunnable, available
from speech.types import EngineError

NOTHING = f"Nothing is installed that could be measured. Run: {terminal.manage('weights list')}"
NOTHING_NAMED = f"Nothing here is called {{}}. Run: {terminal.manage('weights list')}"
HEAD = f"{'':34}{'speed':>22}{'memory':>11}"
Measure = Callable[[Callable[[float, float], None], Callable[[], bool]], Measured]


def run(out: OutputWrapper, options: dict[str, Any]) -> None:
    """Measure one after the other and print a line for each. Raises CommandError where nothing could be measured."""
    found = list(_all(options["model"]))
    if not found:
        raise CommandError(_why_not(options["model"]) if options["model"] else NOTHING)
    out.write(HEAD)
    done = [_print(out, name, measure) for name, measure in found]
    if not any(done):
        raise CommandError("Nothing could be measured.")


def _all(only: str) -> Iterator[tuple[str, Measure]]:
    """Yield what can run here: the models, from small to large, then the diarizers."""
    runnable = {(one.engine, one.model) for one in available() if one.available}
    for model in SpeechModel.objects.filter(provider__kind=Provider.Kind.ASR).select_related("provider"):
        if (model.store, model.key) in runnable and only in ("", model.key):
            yield f"{model.key} ({model.provider.key})", lambda *how, model=model: measuring.measure(model, *how)
    usable = {one.diarizer for one in diarizers() if one.available}
    for provider in Provider.objects.filter(kind=Provider.Kind.DIARIZER, key__in=usable):
        if only in ("", provider.key):
            name = f"speakers by {provider.key}"
            yield name, lambda *how, provider=provider: measuring.measure_diarizer(provider, *how)


def _why_not(name: str) -> str:
    """Return why what has this name cannot run here and what to do about it, a line for each engine."""
    models = [one for one in available() if one.model == name]
    same: list[Availability | DiarizerAvailability] = [*models, *(one for one in diarizers() if one.diarizer == name)]
    return "\n".join(f"{one.reason} {one.fix}".strip() for one in same) or NOTHING_NAMED.format(name)


def _print(out: OutputWrapper, name: str, measure: Measure) -> bool:
    """Measure and print a line; return whether it could be measured. On a terminal it says meanwhile how far it is."""
    is_shown = sys.stderr.isatty()

    def show(seconds: float, total: float) -> None:
        if is_shown:
            sys.stderr.write(f"\r{name:34}{seconds:10.0f} of {total:.0f} s ")

    try:
        found = measure(show, lambda: False)
    except (EngineError, NothingRunnable) as err:
        out.write(f"\r{name:34} {err}" if is_shown else f"{name:34} {err}")
        return False
    line = f"{name:34}{found.speed:10.1f} x real time{found.memory_bytes / 1e6:8.0f} MB"
    out.write(f"\r{line}" if is_shown else line)
    out.flush()
    return True
