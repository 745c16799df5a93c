"""Who of one labelling is who of another."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

LEAST_SHARED = 0.5
"""Two speakers are one person where they share so much, or more, of the time of whoever speaks less."""

Stretch = tuple[float, float, int | None]
"""Start, end and who speaks in it."""


def same_speakers(segments: Iterable[tuple[Sequence[Stretch], Sequence[Stretch]]]) -> dict[int, int]:
    """Return the earlier speaker for each later one who is the same person, one to one: who shares most time first.

    `segments` has each segment's parts as they were and as they are.
    """
    earlier: dict[int, float] = defaultdict(float)
    later: dict[int, float] = defaultdict(float)
    shared: dict[tuple[int, int], float] = defaultdict(float)
    for before, after in segments:
        _add(earlier, before)
        _add(later, after)
        _add_shared(shared, before, after)
    found: dict[int, int] = {}
    for (old, new), seconds in sorted(shared.items(), key=lambda item: -item[1]):
        is_same = seconds >= LEAST_SHARED * min(earlier[old], later[new])
        if is_same and new not in found and old not in found.values():
            found[new] = old
    return found


def _add(total: dict[int, float], stretches: Sequence[Stretch]) -> None:
    for start, end, speaker in stretches:
        if speaker is not None:
            total[speaker] += end - start


def _add_shared(shared: dict[tuple[int, int], float], before: Sequence[Stretch], after: Sequence[Stretch]) -> None:
    for start, end, old in before:
        for other_start, other_end, new in after:
            seconds = min(end, other_end) - max(start, other_start)
            if old is not None and new is not None and seconds > 0:
                shared[old, new] += seconds
