"""What this machine can compute on, as far as that decides which models can run."""

from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from django.core.cache import cache

from speech import limits

KEPT = "registry:cards"
PROCESSOR, CUDA = "cpu", "cuda"


@dataclass(frozen=True, slots=True)
class Cards:
    """The graphics cards that a library can compute on, as it said when it was asked; `problem` where it could not say."""

    library: str
    names: tuple[str, ...]
    problem: str = ""


def memory_bytes() -> int:
    """Return how much memory may be used here: all there is, or what the container or the service is allowed."""
    total = int(psutil.virtual_memory().total)
    return min(total, limits.memory_bytes() or total)


def keep_cards(found: Sequence[Cards]) -> None:
    """Remember what the libraries said, for `cards`. Whoever asks them in an engine process calls this."""
    cache.set(KEPT, tuple(found), None)


def cards() -> tuple[Cards, ...] | None:
    """Return what the libraries said when they were asked last; None where nobody has since this process started."""
    kept: tuple[Cards, ...] | None = cache.get(KEPT)
    return kept
