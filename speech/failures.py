"""What is told of an exception that nobody expected."""

from speech.types import Json

NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc", "alloc_failed")
"""CUDA in CTranslate2 and in torch; torch's allocator on a processor, in two versions; C++; cuBLAS and cuDNN."""


def error_of(err: Exception) -> Json:
    """Return the reply for an exception that nobody expected."""
    if is_out_of_memory(err):
        return _error("out_of_memory", "There was not enough memory for this.")
    return _error("engine_error", f"The speech engine failed: {type(err).__name__}: {err}"[:500])


def is_out_of_memory(err: BaseException) -> bool:
    """Return whether an exception says that memory ran out: that of the machine, or that of its graphics card.

    CTranslate2 and torch raise a plain RuntimeError for most of these; only the words tell.
    """
    words = str(err).lower()
    return isinstance(err, MemoryError) or (isinstance(err, RuntimeError) and any(mark in words for mark in NO_MEMORY))


def _error(code: str, message: str) -> Json:
    return {"type": "error", "code": code, "message": message, "permanent": False}
