"""What transcribed which pieces of a job, where it was more than one engine, model or device. Kept with its provenance."""

from collections.abc import Sequence
from itertools import groupby

from speech.types import Json, Piece

MADE_BY = "made_by"
"""The list in a provenance: each stretch of pieces with its times and its maker. Not there where one made all."""
MAKER = ("engine", "engine_version", "model", "weights_sha256", "device", "compute_type", "instruction_set")

ACCEPTED = "accepted"
"""The list in a provenance, or an export: each stretch whose text was made again, and accepted. Not there where there is none."""

IMPORTED_FROM = "imported_from"
"""The name of the file in a provenance that a text was imported from. No export has it."""

IMPORTED = "imported"
"""True in the provenance of an export whose text was imported and no engine made. Not there otherwise."""


def stretch_made(start: float, end: float, provenance: Json) -> Json:
    """Return a stretch with its maker, as the list has it."""
    return {"start": start, "end": end, **{name: provenance[name] for name in MAKER if name in provenance}}


def note(provenance: Json, pieces: Sequence[Piece], batch: tuple[int, int], pins: Json, *, is_whole: bool) -> Json:
    """Return the provenance after a batch that was made as `pins` say; the same where that was the maker before.

    Of a whole recording the maker of a batch is expected to make the rest too; otherwise other pieces stay whose they are.
    """
    maker = {name: pins[name] for name in MAKER if name in pins}
    before = _spread(provenance, len(pieces))
    first, last = batch[0], len(pieces) if is_whole else batch[1]
    if all(_is_same(one, maker) for one in before[first:last]):
        return provenance
    makers = [*before[:first], *[maker] * (last - first), *before[last:]]
    news = {**provenance, **maker, MADE_BY: _stretches(makers, pieces)}
    if len(news[MADE_BY]) == 1:
        del news[MADE_BY]
    return news


def _spread(provenance: Json, count: int) -> list[Json]:
    """Return the maker of each piece."""
    stretches = provenance.get(MADE_BY) or [{**provenance, "first_piece": 0, "last_piece": count - 1}]
    return [
        {name: stretch[name] for name in MAKER if name in stretch}
        for stretch in stretches
        for _ in range(stretch["first_piece"], stretch["last_piece"] + 1)
    ]


def _is_same(one: Json, other: Json) -> bool:
    """Return whether two makers are the same, as far as it is known of both."""
    return all(one[name] == other[name] for name in one if name in other)


def _stretches(makers: Sequence[Json], pieces: Sequence[Piece]) -> list[Json]:
    stretches = []
    for maker, numbers in groupby(range(len(pieces)), key=lambda number: makers[number]):
        first, *others = numbers
        last = others[-1] if others else first
        times = {"start": pieces[first].start, "end": max(piece.end for piece in pieces[first : last + 1])}
        stretches.append({"first_piece": first, "last_piece": last, **times, **maker})
    return stretches
