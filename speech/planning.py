"""From the stretches of speech in a recording to pieces that an engine decodes and batches that are committed."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from speech import vad
from speech.types import OnProgress, Piece
from speech.vad import Span

LONGEST_PIECE = 25.0
"""Less than Whisper's window of 30 s: near its brim Whisper leaves out the last sentence (10 minutes of read English, base: 16 % of
words wrong at 30 s, 14 % at 27 s, 7 % at 20 s, before going on where it stopped). Shorter pieces cost more windows."""
LONGEST_GAP = 4.0
"""A silence that is longer is never inside a piece: Whisper tends to invent words there."""
COMFORTABLE_SILENCE = 1.0
"""Cutting in a silence at least this long costs nothing; a shorter one may fall into a sentence."""
SHORT_CUT_COST = 0.35
"""What a cut without any silence costs, in pieces: two such cuts avoided are worth almost one decoding more."""


def find_pieces(work: Path, *, on_progress: OnProgress) -> list[Piece]:
    """Return the pieces of a work file in which somebody speaks, in order."""
    return cut_pieces(vad.find_speech(work, on_progress=on_progress))


def cut_pieces(spans: Sequence[Span]) -> list[Piece]:
    """Return pieces of at most 25 s that cover all spans: as few as possible, cut in the longest silences.

    Dynamic programming over the spans: cost of a piece is 1, and more where the cut before it lies in a short silence.
    """
    costs, starts = [0.0], [0]
    for last in range(1, len(spans) + 1):
        best = min((costs[first] + 1.0 + _cut_cost(spans, first), first) for first in _possible_starts(spans, last))
        costs.append(best[0])
        starts.append(best[1])
    pieces: list[Piece] = []
    last = len(spans)
    while last:
        group = tuple(spans[starts[last] : last])
        pieces.append(Piece(group[0][0], group[-1][1], group))
        last = starts[last]
    return pieces[::-1]


def _possible_starts(spans: Sequence[Span], last: int) -> list[int]:
    """Return the indexes of the spans with which a piece that ends before span `last` may begin."""
    found = [last - 1]
    for first in range(last - 2, -1, -1):
        too_long = spans[last - 1][1] - spans[first][0] > LONGEST_PIECE
        if too_long or spans[first + 1][0] - spans[first][1] > LONGEST_GAP:
            break
        found.append(first)
    return found


def _cut_cost(spans: Sequence[Span], first: int) -> float:
    """Return what it costs to begin a piece with this span."""
    if first == 0:
        return 0.0
    silence = spans[first][0] - spans[first - 1][1]
    return SHORT_CUT_COST * max(0.0, 1.0 - silence / COMFORTABLE_SILENCE)


def group_batches(pieces: Sequence[Piece], *, size: int) -> list[tuple[int, int]]:
    """Return the batches as (first piece, one past the last); the first one is small, so that text appears soon."""
    bounds = [0, min(max(1, size // 2), len(pieces))]
    while bounds[-1] < len(pieces):
        bounds.append(min(bounds[-1] + size, len(pieces)))
    return [(first, last) for first, last in pairwise(bounds) if last > first]
