"""What is told of an exception that nobody expected, and of one that ends the loading of weights."""

import json
import re
from pickle import UnpicklingError
from typing import Any

from speech.types import EngineError, Json

OUT_OF_MEMORY = "out_of_memory"
CARD_OUT_OF_MEMORY = "card_out_of_memory"
CARD_FAILED = "card_failed"
LIBRARY_MISSING = "library_missing"
WEIGHTS_BROKEN = "weights_broken"
ENGINE_ERROR = "engine_error"
NOT_FINITE = "not_finite"

NO_MEMORY = (
    *("out of memory", "can't allocate memory", "cannot allocate memory", "failed to allocate memory"),
    *("bad_alloc", "alloc_failed"),
)
"""CUDA in CTranslate2 and in torch; torch's allocator on a processor, in two versions; MKL; C++; cuBLAS and cuDNN."""
NO_ROOM_TO_MAP = ("failed to map segment", "cannot allocate memory")
"""The system's loader, of a library for which there is no room."""
OF_CARD = ("cuda", "cublas", "cudnn", "nvidia", "hip error", "hipblas", "miopen", "rocm")
"""What names a graphics card's driver and libraries, in the words of CTranslate2 and of torch."""
NO_NUMBERS = "The model gave numbers that are infinite or undefined."
SHORT = "There was not enough memory for this."
NO_LIBRARY = "cannot open shared object file"

DAMAGED = "one of their files is damaged"
"""In the place of a library's words about bytes that no text has: it reads names in a file of numbers as text too."""
FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^/\s'\"]+/)+")
"""What leads to a file. Everybody whose job it stopped may read what is told, but not where things lie on this machine."""
UNLOADABLE = (RuntimeError, ValueError, OSError, LookupError, EOFError, UnpicklingError)
"""What the libraries raise of files that are missing, cut short or not what they should be."""


def error_of(err: Exception) -> Json:
    """Return the reply for an exception that nobody expected."""
    told = _known(err) or EngineError(
        f"The speech engine failed: {type(err).__name__}: {_words(err)}"[:500], permanent=False, code=ENGINE_ERROR
    )
    return {"type": "error", "code": told.code, "message": told.message, "permanent": told.permanent}


def not_finite() -> EngineError:
    """Return the error that tells of figures that are infinite or undefined: no text is worth anything that comes with them."""
    return EngineError(NO_NUMBERS, permanent=False, code=NOT_FINITE)


def encoded(message: Any) -> bytes:
    """Return a message as a line of JSON. Raises EngineError where a number in it is infinite or undefined: JSON has none such."""
    try:
        return json.dumps(message, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except ValueError as err:
        raise not_finite() from err


def of_loading(err: Exception, *, what: str) -> EngineError:
    """Return the error that tells why weights could not be loaded; `what` begins the sentence, as "The weights of base"."""
    reason = DAMAGED if isinstance(err, UnicodeDecodeError) else _words(err).rstrip(".")
    return _known(err) or EngineError(
        f"{what} could not be loaded: {reason}."[:500], permanent=False, code=WEIGHTS_BROKEN
    )


def of_import(err: ImportError, *, what: str) -> EngineError:
    """Return the error that tells why a library could not be loaded; `what` begins the sentence, as "The engine whisper"."""
    if is_out_of_memory(err):
        return EngineError(SHORT, permanent=False, code=OUT_OF_MEMORY)
    return EngineError(f"{what} cannot be loaded: {_words(err)}."[:500], permanent=True, code=LIBRARY_MISSING)


def is_out_of_memory(err: BaseException) -> bool:
    """Return whether an exception says that memory ran out: that of the machine, or that of its graphics card.

    CTranslate2 and torch raise a plain RuntimeError for most of these; only the words tell.
    """
    marks = NO_MEMORY if isinstance(err, RuntimeError) else NO_ROOM_TO_MAP
    can_say = isinstance(err, RuntimeError | ImportError | OSError)
    return isinstance(err, MemoryError) or (can_say and any(mark in str(err).lower() for mark in marks))


def is_of_card(err: BaseException) -> bool:
    """Return whether an exception comes from a graphics card, its driver or its libraries."""
    words = str(err).lower()
    may_be = isinstance(err, RuntimeError | ValueError) or (isinstance(err, OSError) and NO_LIBRARY in words)
    return may_be and any(mark in words for mark in OF_CARD)


def _words(err: BaseException) -> str:
    """Return what an exception says, with files by their names alone."""
    return FOLDERS.sub("", str(err))


def _known(err: Exception) -> EngineError | None:
    """Return what is told of an exception whose cause is plain; None for another."""
    if is_out_of_memory(err) and is_of_card(err):
        message = "The graphics card had not enough memory for this."
        return EngineError(message, permanent=False, code=CARD_OUT_OF_MEMORY)
    if is_out_of_memory(err):
        return EngineError(SHORT, permanent=False, code=OUT_OF_MEMORY)
    if is_of_card(err):
        return EngineError(f"The graphics card failed: {_words(err)}"[:500], permanent=False, code=CARD_FAILED)
    if isinstance(err, ImportError) or (isinstance(err, OSError) and NO_LIBRARY in str(err)):
        return EngineError(f"A library cannot be loaded: {_words(err)}."[:500], permanent=True, code=LIBRARY_MISSING)
    return None
