"""Fill the registry from the catalogue: rows that are missing are made, and facts that only the catalogue knows are renewed.

What an administrator may change is set when a row is made and never again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.models import ENGLISH, Provider, SpeechModel
from speech.weights import (
    CATALOGUE,
    COMMUNITY,
    DIARIZATION,
    DIARIZATION_CATALOGUE,
    FASTER_WHISPER,
    MODELS,
    WHISPER,
    Weights,
)
from speech.weights import known as known_weights

PYANNOTE, WHISPERX, VAD = "pyannote", "whisperx", "vad"

ASR, DIARIZER = Provider.Kind.ASR, Provider.Kind.DIARIZER


@dataclass(frozen=True, slots=True)
class _Known:
    """A provider that is part of Selenite."""

    key: str
    kind: Provider.Kind
    name: str
    notes: str


PROVIDERS = (
    _Known(
        FASTER_WHISPER,
        ASR,
        "faster-whisper",
        "Whisper on CTranslate2: several times as fast as whisper, with the same models.",
    ),
    _Known(WHISPER, ASR, "whisper", "OpenAI's own program. Slow without a graphics card."),
    _Known(
        PYANNOTE, DIARIZER, "pyannote", "The most exact. Takes community-1 where it is installed, else open weights."
    ),
    _Known(WHISPERX, DIARIZER, "whisperx", "The same pipeline, run by WhisperX, which is installed apart."),
    _Known(VAD, DIARIZER, "vad", "Quick and less exact: a voice activity detector with a speaker encoder."),
)
LICENCES = {
    FASTER_WHISPER: "MIT",
    WHISPER: "MIT",
    "ge2e": "Apache-2.0",
    "pyannote-segmentation": "MIT",
    COMMUNITY: "CC-BY-4.0",
}
"""By engine or weights; see docs/weights.md."""
OF_PROVIDER = {"pyannote-segmentation": PYANNOTE, COMMUNITY: PYANNOTE, "ge2e": VAD}
"""With which diarizer weights stand that several share."""


def fill() -> None:
    """Make the rows that are missing and renew what is known of the others. Safe to repeat."""
    there = set(Provider.objects.values_list("key", flat=True))
    Provider.objects.bulk_create([provider for provider in _providers() if provider.key not in there])
    providers = {provider.key: provider for provider in Provider.objects.all()}
    rows = {(row.store, row.key): row for row in SpeechModel.objects.all()}
    missing = []
    for weights in (*CATALOGUE, *DIARIZATION_CATALOGUE):
        row = rows.get((weights.engine, weights.model))
        if row is None:
            missing.append(_row(weights, providers))
        elif changed := {name: value for name, value in _facts(weights).items() if getattr(row, name) != value}:
            SpeechModel.objects.filter(pk=row.pk).update(**changed)
    SpeechModel.objects.bulk_create(missing)


def unsaved() -> tuple[list[Provider], list[SpeechModel]]:
    """Return the rows as they would be made in an empty database."""
    providers = _providers()
    by_key = {provider.key: provider for provider in providers}
    return providers, [_row(weights, by_key) for weights in (*CATALOGUE, *DIARIZATION_CATALOGUE)]


def by_size(model: SpeechModel) -> tuple[int, str]:
    """Return what sorts models from small to large: in the order of the catalogue, then those brought by hand."""
    return (MODELS.index(model.key) if model.key in MODELS else len(MODELS), model.key)


def _providers() -> list[Provider]:
    return [
        Provider(key=known.key, kind=known.kind, name=known.name, notes=known.notes, position=10 * (index + 1))
        for index, known in enumerate(PROVIDERS)
    ]


def _row(weights: Weights, providers: Mapping[str, Provider]) -> SpeechModel:
    provider = providers[OF_PROVIDER.get(weights.model, weights.engine)]
    return SpeechModel(provider=provider, **_identity(weights), **_decisions(weights), **_facts(weights))


def _identity(weights: Weights) -> dict[str, str]:
    return {"store": weights.engine, "key": weights.model, "name": weights.model}


def _decisions(weights: Weights) -> dict[str, Any]:
    """Return what an administrator may change, as it is to begin with."""
    return {
        "licence": LICENCES.get(weights.model) or LICENCES[weights.engine],
        "languages": ENGLISH if weights.english_only else "",
        "translates": weights.translates and weights.engine != DIARIZATION and not weights.english_only,
        "memory_bytes": _estimated_memory_bytes(weights),
    }


def _facts(weights: Weights) -> dict[str, Any]:
    addresses = [file.url for file in weights.files if file.url]
    sources = {"sources": [*addresses, *weights.requirements]}
    if not weights.files:  # What is built here is known when it is there: see `registry.scan`.
        return sources
    return {**sources, "size_bytes": weights.size_bytes, "sha256": weights.files[0].sha256}


def _size_as_built(weights: Weights) -> int:
    """Return about how large weights are that nobody publishes in this form: as large as what they are built from."""
    origin = known_weights(engine=FASTER_WHISPER, model=weights.model)
    return origin.size_bytes if origin else 0


def estimate_of(row: SpeechModel) -> int | None:
    """Return about how much memory a speech model takes, see below; None for one of unknown size, which is read first."""
    if weights := known_weights(engine=row.store, model=row.key):
        return _estimated_memory_bytes(weights)
    return estimated_memory_bytes(row.size_bytes) if row.size_bytes else None


def _estimated_memory_bytes(weights: Weights) -> int:
    return estimated_memory_bytes(weights.size_bytes or _size_as_built(weights))


def estimated_memory_bytes(size_bytes: int) -> int:
    """Return about how much memory an engine process takes with weights of this size on a processor.

    Measured here in 2026-11: faster-whisper tiny.en 1.0 GB, base 1.2 GB of worker and engine, of which 0.9 GB are libraries
    and the sound; the numbers themselves are converted to 8 or 32 bits, at most twice their size on the disk.
    """
    return 900_000_000 + 2 * size_bytes
