"""Which models share a fault with another one."""

from registry.models import Provider, SpeechModel

Pair = tuple[str, str]
"""Engine and model."""


def models_of(engine: str) -> list[Pair]:
    """Return all models of an engine: those that its missing library rules out."""
    return _pairs(engine=engine)


def no_smaller(engine: str, model: str) -> list[Pair]:
    """Return the other models that need as much memory as one that had too little, or more, as far as that is known."""
    row = SpeechModel.objects.filter(store=engine, key=model).first()
    if row is None or row.memory_bytes is None:
        return []
    return [pair for pair in _pairs(least_bytes=row.memory_bytes) if pair != (engine, model)]


def _pairs(*, engine: str = "", least_bytes: int | None = None) -> list[Pair]:
    rows = SpeechModel.objects.filter(provider__kind=Provider.Kind.ASR)
    if engine:
        rows = rows.filter(store=engine)
    if least_bytes is not None:
        rows = rows.filter(memory_bytes__gte=least_bytes)
    return list(rows.values_list("store", "key"))
