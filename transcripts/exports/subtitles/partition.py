"""The cheapest way to cut a row of things into stretches: of words into cues, and of a cue's words into lines."""

from collections.abc import Callable, Iterable
from math import inf

Costs = Callable[[int], Iterable[float]]
"""Given where a stretch starts, yields what it costs to end it after one thing, after two, as far as it may go."""


def cheapest_partition(count: int, costs: Costs) -> list[tuple[int, int]]:
    """Return (start, end) of each stretch, together all `count` things in order, for the lowest sum of costs.

    Each start must allow at least one end. Takes time in proportion to the number of costs yielded.
    """
    best = [0.0] + [inf] * count
    came_from = [0] * (count + 1)
    for start in range(count):
        for end, cost in enumerate(costs(start), start + 1):
            if best[start] + cost < best[end]:
                best[end] = best[start] + cost
                came_from[end] = start
    return _path(came_from)


def _path(came_from: list[int]) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    end = len(came_from) - 1
    while end > 0:
        stretches.append((came_from[end], end))
        end = came_from[end]
    return stretches[::-1]
