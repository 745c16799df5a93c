"""Weights: what can be installed, what is there, and how it gets there.

This package imports nothing that runs a model, so that web and worker processes can ask what is installed.
"""

from speech.weights.by_hand import check, files_brought, is_there, lies_beside, look, passed_over, unknown
from speech.weights.catalogue import (
    CATALOGUE,
    COMMUNITY,
    DIARIZATION_CATALOGUE,
    ENCODER,
    MODELS,
    PURPOSES,
    SEGMENTATION,
    known,
)
from speech.weights.install import install
from speech.weights.manifest import resolve
from speech.weights.reach import can_be_rebuilt, is_within_reach
from speech.weights.sources import address_of, lack_of_room, missing_bytes
from speech.weights.store import (
    BY_HAND,
    Installed,
    OnProgress,
    brought,
    clear,
    condemn,
    find,
    installed,
    is_manifest_damaged,
    place_of,
    remove,
    verify,
)
from speech.weights.types import (
    DIARIZATION,
    ENGINES,
    FASTER_WHISPER,
    INDEX,
    PUBLISHER,
    SOURCES,
    WHISPER,
    Weights,
    WeightsError,
)

__all__ = [
    "BY_HAND",
    "CATALOGUE",
    "COMMUNITY",
    "DIARIZATION",
    "DIARIZATION_CATALOGUE",
    "ENCODER",
    "ENGINES",
    "FASTER_WHISPER",
    "INDEX",
    "MODELS",
    "PUBLISHER",
    "PURPOSES",
    "SEGMENTATION",
    "SOURCES",
    "WHISPER",
    "Installed",
    "OnProgress",
    "Weights",
    "WeightsError",
    "address_of",
    "brought",
    "can_be_rebuilt",
    "check",
    "clear",
    "condemn",
    "files_brought",
    "find",
    "install",
    "installed",
    "is_manifest_damaged",
    "is_there",
    "is_within_reach",
    "known",
    "lack_of_room",
    "lies_beside",
    "look",
    "missing_bytes",
    "passed_over",
    "place_of",
    "remove",
    "resolve",
    "unknown",
    "verify",
]
