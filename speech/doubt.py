"""How likely it is that a recognised word is wrong. Pure: it knows neither rows nor engines.

A word is judged by the probability that its recogniser gave it and the words beside it, and by the figures of its segment. A
`Calibration` weighs these signs so that of the words with a doubt of 0.3 three in ten are wrong: `manage.py benchmark doubt` fits it
and tells how well it holds, see `docs/doubt.md`.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Protocol

from speech.asr.checks import LONGEST_REPEATED, NO_SPEECH_LIMIT, REPEATS

DOUBTFUL = 0.3
"""From here on a word is marked: with base about one in eighteen, of which almost every second one is wrong."""
SURE, UNSURE = 0.99, 0.01
"""A probability beyond these says no more than they do."""
USUAL_MEAN, WORST_MEAN = 0.3, 3.0
LOG_ODDS = math.log(DOUBTFUL / (1 - DOUBTFUL))
ESTIMATED, NO_SPEECH = 0.5, 1.0
"""What is added to the log-odds where the times of a recognised word are estimates, and where the model holds it probable that nobody
speaks. Chosen, not fitted: such words are too rare among those with references.
"""
LOOPS = ("compression", "repetition")
"""The checks that a segment fails for the sake of a loop."""

Row = Sequence[Any]
"""A word as [start, end, text, probability], and then perhaps whether its times are estimated and whether a person has heard it."""


class SegmentLike(Protocol):
    """What is to be known of a segment: the library's own and the rows of the database have it."""

    @property
    def mean_log_probability(self) -> float: ...
    @property
    def no_speech_probability(self) -> float: ...
    @property
    def doubts(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks against a word. The first two are log-odds: 0 for a probability of a half, more for less."""

    own: float
    beside: float
    mean: float
    """How improbable its segment is: the mean log-probability of its tokens, negated; at most 3."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How much each of the signs counts, in a sum that is the log-odds that the word is wrong."""

    base: float
    own: float
    beside: float
    mean: float

    def log_odds(self, signs: Signs) -> float:
        return self.base + self.own * signs.own + self.beside * signs.beside + self.mean * signs.mean


CALIBRATIONS = {
    "faster-whisper": Calibration(-0.71, 0.78, 0.27, 1.18),
    "whisper": Calibration(-0.81, 0.74, 0.25, 1.41),
}
"""By engine: fitted to 2,591 words that base recognised in the recordings of `docs/doubt.md`, on 28 November 2026."""
USUAL = CALIBRATIONS["faster-whisper"]
"""Of an engine that is not among them."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word that is perhaps wrong, by its place in its segment, with the chance that it is and why."""

    place: int
    chance: float
    reasons: tuple[str, ...]


def doubtful(segment: SegmentLike, words: Sequence[Row], *, engine: str, times_said: int = 1) -> list[Doubt]:
    """Return the words of a segment that are perhaps wrong: none that a person wrote, or has heard.

    `times_said` is how often the same text stands in a row, this segment included. Fast where nothing is doubtful: the probability
    that a word has to be under is worked out once.
    """
    calibration, more = CALIBRATIONS.get(engine, USUAL), _more(segment)
    is_loop = times_said >= REPEATS or any(name in LOOPS for name in segment.doubts)
    said = _times_said([word[2] for word in words], times_said) if is_loop else None
    bound = 1.0 if is_loop else _bound(segment, words, calibration, more + ESTIMATED)
    found = []
    for place, word in enumerate(words):
        if word[3] is None or word[3] > bound or (len(word) > 5 and word[5]):
            continue
        signs, is_estimated = _signs(segment, words, place), len(word) > 4 and word[4]
        times = said[place] if said else 1
        chance = _chance(calibration.log_odds(signs) + more + ESTIMATED * is_estimated)
        chance = max(chance, 1 - 1 / times) if times >= REPEATS else chance  # One of them was said, perhaps.
        if chance >= DOUBTFUL:
            reasons = _reasons(signs, times, is_estimated=is_estimated, is_silence=more > 0)
            found.append(Doubt(place, chance, tuple(reasons)))
    return found


def signs(segment: SegmentLike, words: Sequence[Row]) -> list[tuple[float, ...]]:
    """Return the signs of all words of a segment, all of which were recognised, as what a calibration is fitted to."""
    return [astuple(_signs(segment, words, place)) for place in range(len(words))]


def _signs(segment: SegmentLike, words: Sequence[Row], place: int) -> Signs:
    own = _log_odds(words[place][3])
    around = [word[3] for word in (*words[max(0, place - 1) : place], *words[place + 1 : place + 2])]
    beside = [_log_odds(probability) for probability in around if probability is not None]
    mean = sum(beside) / len(beside) if beside else own
    return Signs(own, mean, _improbability(segment))


def _improbability(segment: SegmentLike) -> float:
    """Return how improbable a segment is as a whole; as much as is usual where that is not known, as of an imported text."""
    value = -segment.mean_log_probability
    return min(max(value, 0.0), WORST_MEAN) if math.isfinite(value) else USUAL_MEAN


def _log_odds(probability: float) -> float:
    """Return the logarithm of the odds against a word."""
    chance = min(max(probability, UNSURE), SURE)
    return math.log((1 - chance) / chance)


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _more(segment: SegmentLike) -> float:
    is_silence = NO_SPEECH_LIMIT < segment.no_speech_probability <= 1  # More than that stands for what is not known.
    return NO_SPEECH if is_silence else 0.0


def _bound(segment: SegmentLike, words: Sequence[Row], calibration: Calibration, more: float) -> float:
    """Return a probability above which no word of the segment is doubtful."""
    least = min((word[3] for word in words if word[3] is not None), default=1.0)
    worst = _log_odds(least)
    rest = calibration.log_odds(Signs(0.0, worst, _improbability(segment))) + more
    needed = (LOG_ODDS - rest) / calibration.own
    return 0.0 if needed > worst else 1 - _chance(needed)


def _times_said(words: Sequence[str], times_said: int) -> list[int]:
    """Return how often in a row the phrase of up to eight words stands that each word is part of."""
    keys = [re.sub(r"\W", "", word).casefold() for word in words]
    found = [times_said] * len(keys)
    for length in range(1, LONGEST_REPEATED + 1):
        for first, last in _runs(keys, length):
            times = (last - first) // length
            found[first:last] = [max(times, known) for known in found[first:last]]
    return found


def _runs(keys: Sequence[str], length: int) -> Iterator[tuple[int, int]]:
    """Yield the (first, one past the last) of the stretches in which a phrase of so many words follows itself."""
    first = 0
    for place in range(length, len(keys) + 1):
        if place == len(keys) or keys[place] != keys[place - length]:
            if place - first >= REPEATS * length:
                yield first, place
            first = place - length + 1


def _reasons(signs: Signs, times: int, *, is_estimated: bool, is_silence: bool) -> Iterator[str]:
    """Yield in words what speaks against a word, the weightiest first."""
    if times >= REPEATS:
        yield "the text repeats here"
    if is_silence:
        yield "perhaps nobody speaks here"
    if signs.own > 0:
        yield "it was hard to make out"
    elif signs.beside > 0:
        yield "the words beside it were hard to make out"
    elif times < REPEATS and not is_silence:
        yield "it was not quite clear"
    if is_estimated:
        yield "its time is estimated"
