"""Which voices are the same person: agglomerative clustering that finds the number of people by itself.

The constants were tuned on twelve recordings (16 minutes: meetings, a phone call, readers, noise; 1 to 8 people) with the
pyannote backend, pooled error with a collar of 0.25 s; each docstring tells how it changes around the value (2026-11).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from speech.types import SpeakerCount

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Levels = NDArray[np.float64]

SHORTEST_SECONDS = 1.4
"""Shorter voices form no person, they are given to one. 6.1 % at 1.4 and 1.5, 6.7 % at 1.25, 7.0 % at 1.1, 7.4 % at 1.6."""
LEAST_AGREEMENT = 0.7
"""Voices below it may be two people, and form no person. 6.1 to 6.5 % from 0.68 to 0.76, 7.4 % at 0.65, 7.7 % without."""
LEAST_SECONDS = 0.9
"""A person has at least so much speech. 6.1 to 6.2 % from 0.7 to 1.1: less makes people of noises, more loses those of few words."""
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
    good = _choose(heard)
    thinning = max(1, -(-len(good) // MOST_VOICES))
    chosen = good[::thinning]
    embeddings, seconds = heard.embeddings[chosen], heard.seconds[chosen] * thinning
    if len(embeddings) < 2:
        return embeddings
    tree = linkage(embeddings, method="average", metric="cosine")
    labels = _cut(tree, seconds, speakers)
    voices = [_mean(embeddings[labels == label], seconds[labels == label]) for label in np.unique(labels[labels > 0])]
    return np.stack(voices)


def _choose(heard: Heard) -> "NDArray[np.intp]":
    """Return which voices are long and pure enough to form a person, or the best that there are."""
    is_voice = ~np.isnan(heard.embeddings[:, 0])
    is_long = is_voice & (heard.lengths >= SHORTEST_SECONDS)
    for good in (is_long & (heard.agreement >= LEAST_AGREEMENT), is_long):
        if good.sum() >= 2:
            return np.flatnonzero(good)
    return np.flatnonzero(is_voice)


def _cut(tree: "Levels", seconds: "Floats", speakers: SpeakerCount) -> "NDArray[np.intp]":
    """Return each voice's person, counted from 1, or 0 where it belongs to nobody with enough speech."""
    level = _natural_level(tree, seconds)
    levels = np.unique(1 - tree[:, 2])
    coarser, finer = levels[levels < level][::-1], levels[levels >= level]
    labels = _label(tree, seconds, level)
    if labels.max() > speakers.most:
        candidates = (_label(tree, seconds, below) for below in coarser - 1e-9)
        labels = next((one for one in candidates if one.max() <= speakers.most), labels)
    elif labels.max() < speakers.least:
        labels = _split(tree, seconds, finer, least=speakers.least)
    return np.where(labels <= speakers.most, labels, 0)


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


def _split(tree: "Levels", seconds: "Floats", levels: "Levels", *, least: int) -> "NDArray[np.intp]":
    """Return the coarsest labels with so many people; short ones count where there are not enough others."""
    best = _label(tree, seconds, float(levels[0])) if len(levels) else np.ones(len(seconds), dtype=np.intp)
    for shortest in (LEAST_SECONDS, 0.0):
        for level in levels + 1e-9:
            labels = _label(tree, seconds, float(level), shortest=shortest)
            if labels.max() >= least:
                return labels
            best = max(best, labels, key=lambda one: int(one.max()))
    return best


def _label(tree: "Levels", seconds: "Floats", level: float, *, shortest: float = LEAST_SECONDS) -> "NDArray[np.intp]":
    """Return each voice's group at a cosine, numbered from 1 by how much it says; 0 where that is too little.

    Where nobody says enough, whoever says most is somebody.
    """
    groups = fcluster(tree, 1 - level, criterion="distance")
    totals = np.bincount(groups, weights=seconds)
    order = np.argsort(-totals[1:], kind="stable") + 1
    kept = [group for group in order if totals[group] >= min(shortest, totals.max())]
    numbers = np.zeros(len(totals), dtype=np.intp)
    numbers[kept] = np.arange(1, len(kept) + 1)
    labels: NDArray[np.intp] = numbers[groups]
    return labels


def _mean(embeddings: "Floats", seconds: "Floats") -> "Floats":
    total = (embeddings * seconds[:, None]).sum(axis=0)
    voice: Floats = (total / np.linalg.norm(total)).astype(np.float32)
    return voice
