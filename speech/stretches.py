"""A stretch of a recording by itself: where somebody speaks in it, without listening to all the rest."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from speech.audio import BYTES_PER_SAMPLE
from speech.channels import FindPieces
from speech.types import SAMPLE_RATE, OnProgress, Piece


def find_pieces(find: FindPieces, work: Path, start: float, end: float, *, on_progress: OnProgress) -> list[Piece]:
    """Return the pieces between two times of a work file, found by an engine, in order."""
    with _cut_out(work, start, end) as part:
        return [_moved(piece, _sample(start) / SAMPLE_RATE) for piece in find(part, on_progress=on_progress)]


@contextmanager
def _cut_out(work: Path, start: float, end: float) -> Iterator[Path]:
    """Write a stretch of a work file to one of its own, beside it, which is gone afterwards."""
    part = work.with_name(f"{work.name}.{os.getpid()}.part")
    first, last = _sample(start), _sample(end)
    try:
        with work.open("rb") as whole:
            whole.seek(first * BYTES_PER_SAMPLE)
            part.write_bytes(whole.read((last - first) * BYTES_PER_SAMPLE))
        yield part
    finally:
        part.unlink(missing_ok=True)


def _sample(seconds: float) -> int:
    return int(seconds * SAMPLE_RATE)


def _moved(piece: Piece, seconds: float) -> Piece:
    speech = tuple((start + seconds, end + seconds) for start, end in piece.speech)
    return replace(piece, start=piece.start + seconds, end=piece.end + seconds, speech=speech)
