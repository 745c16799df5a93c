"""How fast each model and each diarizer that can run is on this machine, and how much memory it takes, as far as it is measured."""

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, InterfaceError

from registry import diarizers, viability
from registry import known as tables
from registry.known import Known
from sysinfo.probing import NotKnown


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` is None where it was not measured. Memory that was not measured is estimated, and None where nobody knows."""

    name: str
    engine: str
    """Empty for a diarizer."""
    speed: float | None
    memory_bytes: int | None
    measured_at: datetime | None
    english_only: bool = False


def probe() -> tuple[Pace, ...]:
    """Look into the registry. Costs three queries. Raises NotKnown where the database does not answer."""
    try:
        known = tables.load()
    except (DatabaseError, InterfaceError) as err:
        raise NotKnown("The database does not answer.") from err
    return (*_models(known), *_diarizers(known))


def _models(known: Known) -> list[Pace]:
    return [
        Pace(row.name, engine.key, row.speed, row.memory_bytes, row.measured_at, row.is_english_only)
        for engine, row in known.speech_models()
        if viability.of_model(known, engine.key, row.key) is None
    ]


def _diarizers(known: Known) -> list[Pace]:
    usable = {one.diarizer for one in diarizers.diarizers(known=known) if one.available}
    return [
        Pace(provider.name, "", provider.speed, provider.memory_bytes, provider.measured_at)
        for provider in known.diarizers()
        if provider.key in usable
    ]
