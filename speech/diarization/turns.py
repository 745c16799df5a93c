"""Turns as every diarizer gives them."""

from collections.abc import Iterable

from speech.types import Turn

Stretch = tuple[float, float, object]
"""Start, end, and whatever names the person."""


def number(stretches: Iterable[Stretch], *, duration: float) -> tuple[Turn, ...]:
    """Return turns in order of start, people numbered from 1 by their first turn, all within the recording."""
    inside = [(max(0.0, start), min(end, duration), name) for start, end, name in stretches]
    ordered = sorted((one for one in inside if one[1] > one[0]), key=lambda one: one[:2])
    numbers = {name: index for index, name in enumerate(dict.fromkeys(name for _, _, name in ordered), 1)}
    return tuple(Turn(round(start, 3), round(end, 3), numbers[name]) for start, end, name in ordered)
