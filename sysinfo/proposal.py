"""What is proposed as defaults for this machine: worked out from what was measured, taken over and taken back by an administrator."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from preferences.models import Settings
from registry import diarizers, machine, obtaining, recommendation, viability
from registry import known as tables
from registry.known import Known
from registry.models import Provider, SpeechModel
from registry.recommendation import Candidate, DiarizerCandidate, Machine, Recommendation
from registry.resolver import NothingRunnable
from sysinfo import detection
from sysinfo.probes import processor
from sysinfo.wording import times

FIELDS = ("default_engine", "default_model", "default_diarizer", "concurrency")
"""What it is about, by the names of the settings."""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A recommendation beside what is set. `is_set` says that jobs get just that already, `better` what may be installed."""

    recommendation: Recommendation
    is_set: bool
    better: SpeechModel | None = None

    @property
    def pace(self) -> str:
        """Return in words how fast the model is here."""
        words = times(self.recommendation.speed)
        return words if self.recommendation.is_measured else f"{words}, estimated"

    @property
    def command(self) -> str:
        """Return what installs the better model, without the page for that."""
        return obtaining.command(self.better) if self.better else ""

    @property
    def by_hand(self) -> str:
        """Return how to bring the better model where no source that is allowed here has it, as a sentence; else nothing."""
        if self.better is None or obtaining.is_within_reach(self.better):
            return ""
        return f"{obtaining.by_hand(self.better)}."

    @property
    def values(self) -> Values:
        found = self.recommendation
        return dict(zip(FIELDS, (found.engine, found.model, found.diarizer, found.concurrency), strict=True))


def current(known: Known | None = None) -> Proposal | None:
    """Return what suits this machine; None where no model can run. Costs three queries, without `known`."""
    known = known or tables.load()
    found = recommendation.recommend(
        list(_models(known)),
        list(_diarizers(known)),
        here(),
        language=known.settings.default_language,
        default=known.default,
    )
    if found is None:
        return None
    better = known.models[found.better.engine, found.better.model] if found.better else None
    return Proposal(found, _is_set(known, found), better)


def can_run(known: Known) -> bool:
    """Return whether any model can run here, also one that is not proposed, such as one for English only."""
    return any(viability.of_model(known, engine.key, row.key) is None for engine, row in known.speech_models())


def can_install(known: Known) -> bool:
    """Return whether a source that is allowed here has any model that is not installed."""
    rows = (row for _, row in known.speech_models())
    return any(obtaining.is_within_reach(row) and not tables.installed(row) for row in rows)


def here() -> Machine:
    """Return what there is to work with, by the last look at the machine."""
    found = detection.found()
    libraries = (found.libraries.value if found else None) or ()
    cards = found.graphics.value.cards if found and found.graphics.value else ()
    is_usable = any(library.cards for library in libraries)
    sizes = [card.memory_bytes or 0 for card in cards]
    return Machine(
        machine.memory_bytes(),
        int(processor.usable_threads() or 1),
        max(sizes, default=0) if is_usable else 0,
    )


def accept(values: Values) -> tuple[Values, Values]:
    """Set the values as the installation's defaults; return what was set before, and what is now.

    Without a diarizer the one that was set stays.
    """
    wanted = {name: value for name, value in values.items() if value != ""}
    before = _read(wanted)
    Settings.objects.update_or_create(pk=1, defaults=wanted)  # What depends on them is told.
    return before, wanted


@transaction.atomic
def undo(before: Values, after: Values) -> bool:
    """Set again what was set before; return False where somebody has changed it since, and leave it then."""
    names = set(before) & set(FIELDS)
    if Settings.objects.select_for_update().filter(pk=1, **after).first() is None:
        return False
    Settings.objects.update_or_create(pk=1, defaults={name: before[name] for name in names})
    return True


def _read(names: Values) -> Values:
    settings = Settings.load()
    return {name: getattr(settings, name) for name in names}


def _models(known: Known) -> Iterator[Candidate]:
    """Yield what jobs may get by default: what can run now, and what could once it is installed."""
    for engine, row in known.speech_models():
        if engine.for_people and row.for_people:
            is_ready = viability.of_model(known, engine.key, row.key) is None
            if is_ready or _could_run(engine, row):
                yield Candidate(
                    engine.key,
                    row.key,
                    row.speed,
                    row.memory_bytes or 0,
                    row.size_bytes,
                    is_installed=is_ready,
                    is_within_reach=is_ready or obtaining.is_within_reach(row),
                    english_only=row.is_english_only,
                )


def _could_run(engine: Provider, row: SpeechModel) -> bool:
    """Return whether nothing but its files is missing, and the catalogue knows them."""
    return viability.of_provider(engine) is None and row.enabled and bool(row.sources) and not tables.installed(row)


def _diarizers(known: Known) -> Iterator[DiarizerCandidate]:
    for one in diarizers.diarizers(known=known):
        provider = known.providers.get(one.diarizer)
        if one.available and provider and provider.for_people:
            yield DiarizerCandidate(provider.key, provider.speed, provider.memory_bytes or 0)


def _is_set(known: Known, found: Recommendation) -> bool:
    return (
        not found.must_be_installed
        and known.default == (found.engine, found.model)
        and known.settings.concurrency == found.concurrency
        and found.diarizer in ("", _diarizer_of_jobs(known))
    )


def _diarizer_of_jobs(known: Known) -> str:
    """Return what tells speakers apart where nobody chooses; empty where nothing can."""
    try:
        return diarizers.resolve_diarizer(known=known).spec.diarizer
    except NothingRunnable:
        return ""
