"""Weights: what can be installed, what is there, and how it gets there.

This package imports nothing that runs a model, so that web and worker processes can ask what is installed.
"""

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
from speech.weights.store import Installed, OnProgress, clear, find, installed, place_of, remove, verify
from speech.weights.types import DIARIZATION, ENGINES, FASTER_WHISPER, SOURCES, WHISPER, Weights, WeightsError

__all__ = [
    "CATALOGUE",
    "COMMUNITY",
    "DIARIZATION",
    "DIARIZATION_CATALOGUE",
    "ENCODER",
    "ENGINES",
    "FASTER_WHISPER",
    "MODELS",
    "PURPOSES",
    "SEGMENTATION",
    "SOURCES",
    "WHISPER",
    "Installed",
    "OnProgress",
    "Weights",
    "WeightsError",
    "clear",
    "find",
    "install",
    "installed",
    "known",
    "place_of",
    "remove",
    "verify",
]
