"""Which voices are the same person: agglomerative clustering that finds the number of people by itself.

The constants were tuned on twelve recordings (16 minutes: meetings, a phone call, readers, noise; 1 to 8 people) with the
pyannote backend, pooled error with a collar of 0.25 s; each docstring tells how it changes around the value (2026-11).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from speech.types import SpeakerCount

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.intp]
    Levels = NDArray[np.float64]

SHORTEST_SECONDS = 1.4
"""Shorter voices form no person, they are given to one. 6.1 % at 1.4 and 1.5, 6.7 % at 1.25, 7.0 % at 1.1, 7.4 % at 1.6."""
LEAST_AGREEMENT = 0.7
"""Voices below it may be two people, and form no person. 6.1 to 6.5 % from 0.68 to 0.76, 7.4 % at 0.65, 7.7 % without."""
LEAST_SECONDS = 0.9
"""A person has at least so much speech. 6.1 to 6.2 % from 0.7 to 1.1: less makes people of noises, more loses those of few words."""
FORCED_SECONDS = 0.2
"""Where more people are asked for than are heard, so much is enough, of any voice. With the true numbers of people 6.2 % at 0.1
and 0.2, 6.5 % at 0.3, 7.8 % at 0.5, and 8.6 % where only long and pure voices are split."""
SAME, OTHER = 0.83, 0.67
"""Voices of a cosine above SAME are one person, below OTHER two; in between the widest gap decides.

6.1 % for all windows that begin at 0.64 to 0.70 and end at 0.80 to 0.84, 7.3 % for 0.72 to 0.78, 8.2 % for 0.62 to 0.82. One
fixed cosine needs luck: with another choice of voices 7.3 % at 0.74, 9.8 % at 0.76, 8.1 % at 0.72. (Voices of one person have
0.83 to 0.90 here, of two 0.45 to 0.74.)
"""
MOST_VOICES = 5000
"""The tree needs their square in memory (300 MB): of longer recordings, two hours and more, evenly chosen ones are taken."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Voices to be told apart: unit vectors, shape (n, 256); for each the seconds it stands for and its agreement.

    Where stretches overlap, each voice stands for its part only, so that all seconds add up to those spoken. `lengths` are
    the seconds that it was heard from.
    """

    embeddings: "Floats"
    lengths: "Floats"
    seconds: "Floats"
    agreement: "Floats"


def find_people(heard: Heard, *, speakers: SpeakerCount) -> "Floats":
    """Return the voice of each person as a unit vector, shape (people, 256), within the bounds as far as voices allow.

    Memory and time grow with the square of the voices, up to MOST_VOICES.
    """
    people = _group(heard, _choose(heard), lambda tree, seconds: _at_most(tree, seconds, most=speakers.most))
    if len(people) < speakers.least:
        everybody = np.flatnonzero(~np.isnan(heard.embeddings[:, 0]))
        more = _group(heard, everybody, lambda tree, seconds: _at_least(tree, seconds, least=speakers.least))
        people = max(people, more, key=len)
    return people


def _choose(heard: Heard) -> "Indices":
    """Return which voices are long and pure enough to form a person, or the best that there are."""
    is_voice = ~np.isnan(heard.embeddings[:, 0])
    is_long = is_voice & (heard.lengths >= SHORTEST_SECONDS)
    for good in (is_long & (heard.agreement >= LEAST_AGREEMENT), is_long):
        if good.sum() >= 2:
            return np.flatnonzero(good)
    return np.flatnonzero(is_voice)


def _group(heard: Heard, voices: "Indices", cut: Callable[["Levels", "Floats"], "Indices"]) -> "Floats":
    """Return the mean voices of the people that a cut through the tree of these voices makes."""
    thinning = max(1, -(-len(voices) // MOST_VOICES))
    chosen = voices[::thinning]
    embeddings, seconds = heard.embeddings[chosen], heard.seconds[chosen] * np.float32(thinning)
    if len(embeddings) < 2:
        return embeddings
    labels = cut(linkage(embeddings, method="average", metric="cosine"), seconds)
    return np.stack(
        [_mean(embeddings[labels == label], seconds[labels == label]) for label in range(1, labels.max() + 1)]
    )


def _at_most(tree: "Levels", seconds: "Floats", *, most: int) -> "Indices":
    """Return each voice's person as they are heard, joined until there are no more than allowed."""
    natural = _natural_level(tree, seconds)
    coarser = [float(1 - distance) - 1e-9 for distance in np.unique(tree[:, 2]) if 1 - distance < natural]
    for level in (natural, *coarser):
        labels = _label(tree, seconds, level)
        if labels.max() <= most:
            return labels
    return np.ones_like(labels)


def _at_least(tree: "Levels", seconds: "Floats", *, least: int) -> "Indices":
    """Return each voice's person, split until there are enough, at the cost of taking a word or two for somebody."""
    best = np.ones(len(seconds), dtype=np.intp)
    for shortest in (FORCED_SECONDS, 0.0):
        for distance in np.unique(tree[:, 2])[::-1]:
            labels = _label(tree, seconds, 1 - distance + 1e-9, shortest=shortest)
            if labels.max() >= least:
                return np.where(labels <= least, labels, 0)
            best = max(best, labels, key=np.max)
    return best


def _natural_level(tree: "Levels", seconds: "Floats") -> float:
    """Return the cosine in the middle of the widest gap between merges of people, inside the window."""
    merges = sorted(level for level in _merges(tree, seconds) if OTHER < level < SAME)
    points = np.array([OTHER, *merges, SAME])
    widest = int(np.diff(points).argmax())
    return float(points[widest : widest + 2].mean())


def _merges(tree: "Levels", seconds: "Floats") -> list[float]:
    """Return the cosines at which two groups merge that each have enough speech to be a person."""
    weights = [float(weight) for weight in seconds]
    levels = []
    for first, second, distance, _ in tree:
        lighter, heavier = sorted((weights[int(first)], weights[int(second)]))
        weights.append(lighter + heavier)
        if lighter >= LEAST_SECONDS:
            levels.append(1 - float(distance))
    return levels


def _label(tree: "Levels", seconds: "Floats", level: float, *, shortest: float = LEAST_SECONDS) -> "Indices":
    """Return each voice's group at a cosine, numbered from 1 by how much it says; 0 where that is too little.

    Where nobody says enough, whoever says most is somebody.
    """
    groups = fcluster(tree, 1 - level, criterion="distance")
    totals = np.bincount(groups, weights=seconds)
    order = np.argsort(-totals[1:], kind="stable") + 1
    kept = [group for group in order if totals[group] >= min(shortest, totals.max())]
    numbers = np.zeros(len(totals), dtype=np.intp)
    numbers[kept] = np.arange(1, len(kept) + 1)
    labels: Indices = numbers[groups]
    return labels


def _mean(embeddings: "Floats", seconds: "Floats") -> "Floats":
    total = (embeddings * seconds[:, None]).sum(axis=0)
    voice: Floats = (total / np.linalg.norm(total)).astype(np.float32)
    return voice
