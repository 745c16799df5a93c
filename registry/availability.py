"""What can run here now: engines, models, diarizers and devices, each with the reason where it cannot, and what to do.

The same look is behind the upload form, the administration and the address that programs ask, so that they cannot disagree.
"""

from dataclasses import dataclass, field, replace

from registry import automatic, diarizers, machine, remedies, resolver, viability
from registry import known as tables
from registry.automatic import Automatic, AutomaticDiarizer
from registry.known import Known
from registry.models import Provider

NO_CARD = "There is no graphics card that the speech engines can use."
NOT_ASKED = "The speech engines have not been asked yet whether they can use a graphics card."
DETECT = "Press “Detect” on the page “Machine”."
DRIVER = "Without one the processor does the work. For an NVIDIA card, install its driver and press “Detect”."


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that may be chosen. `reason` and `fix` are sentences, empty where it is available.

    `note` says in sentences what becomes of jobs for which nobody chooses, where this is their default and cannot run now.
    """

    key: str
    name: str
    available: bool
    reason: str = ""
    fix: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelOffer(Offer):
    """A speech model with one engine. What is not known is None.

    `is_automatic` is what jobs get for which nobody chooses: the default, or what stands in for it.
    """

    engine: str = ""
    status: str = ""
    size_bytes: int | None = None
    memory_bytes: int | None = None
    speed: float | None = None
    is_default: bool = False
    is_automatic: bool = False


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

    Costs three queries where `known` is not given, one more where the default is not there, one for each of the weights that a
    job downloads to tell speakers apart, and some milliseconds for small files and names of libraries.
    """
    known = known or tables.load()
    found = automatic.find(known, by_staff=by_staff)
    speakers = automatic.find_diarizer(known, by_staff=by_staff)
    models = [_told(model, found) for model in _models(known, by_staff=by_staff)]
    return Available(
        [_engine(known, engine, models, found) for engine in known.engines()],
        models,
        [_diarizer(known, one, speakers) for one in diarizers.diarizers(by_staff=by_staff, known=known)],
        devices(),
        _automatic(found, speakers),
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
                engine=found.engine,
                status=row.get_status_display() if row else "",
                size_bytes=(row.size_bytes or None) if row else None,
                memory_bytes=row.memory_bytes if row else None,
                speed=row.speed if row else None,
                is_default=(found.engine, found.model) == known.default,
            )
        )
    return offers


def _told(model: ModelOffer, found: Automatic) -> ModelOffer:
    """Return a model with whether jobs get it where nobody chooses, and what they get where it is the default and cannot run."""
    told = replace(model, is_automatic=(model.engine, model.key) == found.taken)
    if not model.is_default or found.hindrance is None:
        return told
    return replace(told, fix=found.remedy, note=found.consequence)


def _engine(known: Known, engine: Provider, models: list[ModelOffer], default: Automatic) -> Offer:
    """Return whether an engine can run at all, and one of its models with it."""
    found = viability.of_provider(engine)
    if found:
        return Offer(engine.key, engine.name, available=False, reason=found.sentence, fix=found.remedy)
    if any(model.available for model in models if model.engine == engine.key):
        return Offer(engine.key, engine.name, available=True)
    kept = (model for model in models if model.engine == engine.key)
    if hidden := next((model for model in kept if viability.of_model(known, engine.key, model.key) is None), None):
        return Offer(engine.key, engine.name, available=False, reason=hidden.reason, fix=hidden.fix)
    reason = f"No model for {engine.key} can run here now."
    if engine.key == known.default_engine and (default.is_fetched or default.under_way):
        return Offer(engine.key, engine.name, False, reason, default.remedy, default.consequence)
    way = remedies.for_job(known, engine=engine.key)
    fix = way.remedy if way else f"{viability.PUT_INTO}."
    return Offer(engine.key, engine.name, available=False, reason=reason, fix=fix)


def _diarizer(known: Known, found: diarizers.DiarizerAvailability, default: AutomaticDiarizer) -> Offer:
    provider = known.providers.get(found.diarizer)
    name = provider.name if provider else found.diarizer
    offer = Offer(found.diarizer, name, found.available, found.reason, found.fix)
    is_fetched = default.hindrance is not None and default.taken == found.diarizer
    return replace(offer, fix=default.remedy, note=default.consequence) if is_fetched else offer


def _automatic(found: Automatic, speakers: AutomaticDiarizer) -> dict[str, str]:
    """Return what a job gets where nobody chooses; nothing where nothing can run."""
    taken = dict(zip(("engine", "model"), found.taken, strict=True)) if found.taken else {}
    return {**taken, "diarizer": speakers.taken} if speakers.taken else taken
