"""Who speaks when: diarizers, each in a module of its own that is imported when it is first asked for."""

from importlib import import_module

from speech.diarization.diarizer import Diarizer
from speech.types import DiarizerSpec, EngineError

DIARIZERS = {
    "pyannote": "speech.diarization.pyannote",
    "vad": "speech.diarization.vad",
    "whisperx": "speech.diarization.whisperx",
    "fake": "speech.diarization.fake",
}
"""Diarizer name to the module with its `load`."""


def load(spec: DiarizerSpec) -> Diarizer:
    """Return the diarizer with its weights loaded. Raises EngineError where it is unknown or cannot be loaded."""
    if spec.diarizer not in DIARIZERS:
        raise EngineError(f"There is no diarizer named {spec.diarizer}.", permanent=True, code="unknown_diarizer")
    try:
        module = import_module(DIARIZERS[spec.diarizer])
        diarizer: Diarizer = module.load(spec)
    except ImportError as err:
        message = f"The diarizer {spec.diarizer} cannot be loaded: {err}."
        raise EngineError(message, permanent=True, code="library_missing") from err
    return diarizer
