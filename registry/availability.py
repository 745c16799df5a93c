"""What can run here now: engines, models, diarizers and devices, each with the reason where it cannot, and what to do.

The same look is behind the upload form, the administration and the address that programs ask, so that they cannot disagree.
"""

from dataclasses import dataclass, field

from registry import diarizers, machine, remedies, resolver, viability
from registry import known as tables
from registry.known import Known
from registry.models import Provider
from registry.resolver import NothingRunnable

NO_CARD = "There is no graphics card that the speech engines can use."
NOT_ASKED = "The speech engines have not been asked yet whether they can use a graphics card."
DETECT = "Press “Detect” on the page “Machine”."
DRIVER = "Without one the processor does the work. For an NVIDIA card, install its driver and press “Detect”."


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that may be chosen. `reason` and `fix` are sentences, empty where it is available."""

    key: str
    name: str
    available: bool
    reason: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class ModelOffer(Offer):
    """A speech model with one engine. What is not known is None."""

    engine: str = ""
    status: str = ""
    size_bytes: int | None = None
    memory_bytes: int | None = None
    speed: float | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Available:
    """All that is known, in the order in which it is offered. `automatic` are what a job gets where nobody chooses."""

    engines: list[Offer]
    models: list[ModelOffer]
    diarizers: list[Offer]
    devices: list[Offer]
    automatic: dict[str, str] = field(default_factory=dict)


def current(*, by_staff: bool = True, known: Known | None = None) -> Available:
    """Return what can run here now and may be chosen: by administrators, or by everybody else.

    Costs three queries where `known` is not given, and some milliseconds for small files and names of libraries.
    """
    known = known or tables.load()
    models = _models(known, by_staff=by_staff)
    return Available(
        [_engine(known, engine, models) for engine in known.engines()],
        models,
        [_diarizer(known, found) for found in diarizers.diarizers(by_staff=by_staff, known=known)],
        devices(),
        _automatic(known, by_staff=by_staff),
    )


def devices() -> list[Offer]:
    """Return what jobs can compute on: the processor always, graphics cards as the libraries said when they were asked."""
    processor = Offer(machine.PROCESSOR, "Processor", available=True)
    found = machine.cards()
    if found is None:
        return [processor, Offer(machine.CUDA, "Graphics card", available=False, reason=NOT_ASKED, fix=DETECT)]
    names = list(dict.fromkeys(name for cards in found for name in cards.names))
    if names:
        return [processor, Offer(machine.CUDA, ", ".join(names), available=True)]
    problem = next((cards.problem for cards in found if cards.problem), "")
    return [processor, Offer(machine.CUDA, "Graphics card", available=False, reason=problem or NO_CARD, fix=DRIVER)]


def _models(known: Known, *, by_staff: bool) -> list[ModelOffer]:
    offers = []
    for found in resolver.available(by_staff=by_staff, known=known):
        row = known.models.get((found.engine, found.model))
        offers.append(
            ModelOffer(
                found.model,
                row.name if row else found.model,
                found.available,
                found.reason,
                found.fix,
                found.engine,
                row.get_status_display() if row else "",
                (row.size_bytes or None) if row else None,
                row.memory_bytes if row else None,
                row.speed if row else None,
                (found.engine, found.model) == known.default,
            )
        )
    return offers


def _engine(known: Known, engine: Provider, models: list[ModelOffer]) -> Offer:
    """Return whether an engine can run at all, and one of its models with it."""
    found = viability.of_provider(engine)
    if found:
        return Offer(engine.key, engine.name, available=False, reason=found.sentence, fix=found.remedy)
    if any(model.available for model in models if model.engine == engine.key):
        return Offer(engine.key, engine.name, available=True)
    kept = (model for model in models if model.engine == engine.key)
    if hidden := next((model for model in kept if viability.of_model(known, engine.key, model.key) is None), None):
        return Offer(engine.key, engine.name, available=False, reason=hidden.reason, fix=hidden.fix)
    way = remedies.for_job(known, engine=engine.key)
    reason = f"No model for {engine.key} can run here now."
    fix = way.remedy if way else f"{viability.PUT_INTO}."
    return Offer(engine.key, engine.name, available=False, reason=reason, fix=fix)


def _diarizer(known: Known, found: diarizers.DiarizerAvailability) -> Offer:
    provider = known.providers.get(found.diarizer)
    name = provider.name if provider else found.diarizer
    return Offer(found.diarizer, name, found.available, found.reason, found.fix)


def _automatic(known: Known, *, by_staff: bool) -> dict[str, str]:
    """Return what a job gets where nobody chooses; nothing where nothing can run."""
    automatic: dict[str, str] = {}
    try:
        spec = resolver.resolve(by_staff=by_staff, known=known).spec
        automatic |= {"engine": spec.engine, "model": spec.model}
    except NothingRunnable:
        pass
    try:
        automatic["diarizer"] = diarizers.resolve_diarizer(by_staff=by_staff, known=known).spec.diarizer
    except NothingRunnable:
        pass
    return automatic
