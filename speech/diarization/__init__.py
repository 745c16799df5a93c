"""Who speaks when: diarizers, each in a module of its own that is imported when it is first asked for."""

from importlib import import_module

from speech.diarization.diarizer import Diarizer
from speech.failures import of_import
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
    path = DIARIZERS.get(spec.diarizer) or spec.module
    if not path:
        raise EngineError(f"There is no diarizer named {spec.diarizer}.", permanent=True, code="unknown_diarizer")
    try:
        module = import_module(path)
        diarizer: Diarizer = module.load(spec)
    except ImportError as err:
        raise of_import(err, what=f"The diarizer {spec.diarizer}") from err
    return diarizer
