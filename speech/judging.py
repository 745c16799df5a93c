"""How well `speech.doubt` tells which words are wrong: against references, and fitted anew. Runs in the engine process."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from speech import doubt
from speech.attribution import Normalise
from speech.doubt import Calibration, Signs
from speech.types import EngineError, Json, Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

MOST_DOUBTFUL = 0.1
"""The share of the words in which wrong ones are looked for."""
BINS = 10
STEPS = 50
RIDGE = 1.0
"""Keeps a sign that is rare in the recordings from counting for much."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The words of a recording that are compared with its reference: their signs and probabilities, and which are wrong."""

    signs: "Numbers"
    """Of shape (n_words, n_signs)."""
    probabilities: "Numbers"
    wrong: "Numbers"
    """1 for a wrong word, 0 for a right one."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well doubt and the recogniser's own probability tell the wrong words.

    `in_most_doubtful` and `in_least_probable` are how many wrong ones are among the tenth of all words that each holds for the worst;
    `error_before` and `error_after` the expected calibration errors of the probability and of the doubt, in ten bins of equal width.
    """

    words: int
    wrong: int
    most_doubtful: int
    in_most_doubtful: int
    in_least_probable: int
    error_before: float
    error_after: float


def judge(files: Sequence[tuple[Sequence[Segment], str]], *, normalise: Normalise) -> Json:
    """Return the figures of each file and of all, each judged by a fit to the other files, and the fit to all of them.

    `files` are what was recognised and what is said in truth. Raises EngineError where no word is wrong, or none is right.
    """
    import numpy as np

    rows = [_judged(segments, reference, normalise=normalise) for segments, reference in files]
    if not 0 < sum(row.wrong.sum() for row in rows) < sum(len(row.wrong) for row in rows):
        raise EngineError("There is nothing to tell apart: all words are right, or all are wrong.", permanent=True)
    doubts = [_doubts(row, fit([*rows[:number], *rows[number + 1 :]])) for number, row in enumerate(rows)]
    every = Judged(*(np.concatenate([getattr(row, name) for row in rows]) for name in Judged.__slots__))
    return {
        "files": [asdict(_figures(row, found)) for row, found in zip(rows, doubts, strict=True)],
        "all": asdict(_figures(every, np.concatenate(doubts))),
        "fit": asdict(fit(rows)),
    }


def fit(rows: Sequence[Judged]) -> Calibration:
    """Return the logistic regression on the signs of some recordings, by Newton's method with a ridge."""
    import numpy as np

    signs = np.concatenate([row.signs for row in rows])
    wrong = np.concatenate([row.wrong for row in rows])
    columns = np.column_stack([np.ones(len(signs)), signs])
    ridge = np.diag([0.0, *[RIDGE] * signs.shape[1]])
    weights = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chances = _chances(columns @ weights)
        slope = columns.T @ (wrong - chances) - ridge @ weights
        bend = (columns * (chances * (1 - chances))[:, None]).T @ columns + ridge + 1e-9 * np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    return Calibration(*(round(float(weight), 3) for weight in weights))


def verdicts(words: Sequence[str], reference: str, *, normalise: Normalise) -> list[bool | None]:
    """Return of each recognised word whether it is wrong; None where nothing of it is compared, such as a dash or “uh”.

    Words are compared as `normalise` leaves them. Where that joins or parts words, as in numbers, they share what is found of them.
    """
    wanted, heard = normalise(reference).split(), normalise("".join(words)).split()
    right = _right(wanted, heard)
    places = _places([normalise(word).split() for word in words], heard)
    return [not right.issuperset(mine) if mine else None for mine in places]


def _places(own: Sequence[Sequence[str]], heard: Sequence[str]) -> list[list[int]]:
    """Return which of the normalised words each word became: all of their stretch, where they do not match one by one."""
    flat = [(number, token) for number, tokens in enumerate(own) for token in tokens]
    places: list[list[int]] = [[] for _ in own]
    matcher = SequenceMatcher(None, [token for _, token in flat], heard, autojunk=False)
    for _tag, first, last, start, end in matcher.get_opcodes():
        is_same = last - first == end - start
        for step in range(first, last):
            places[flat[step][0]] += [start + step - first] if is_same else range(start, end)
    return places


def _right(wanted: Sequence[str], heard: Sequence[str]) -> set[int]:
    """Return which of the words that were heard are those that were said, in the cheapest alignment of both (Levenshtein)."""
    table = [list(range(len(heard) + 1))]
    for row, word in enumerate(wanted, 1):
        above, line = table[-1], [row]
        for column, other in enumerate(heard):
            line.append(min(above[column] + (word != other), above[column + 1] + 1, line[column] + 1))
        table.append(line)
    found = set()
    row, column = len(wanted), len(heard)
    while row and column:
        is_same = wanted[row - 1] == heard[column - 1]
        if table[row][column] == table[row - 1][column - 1] + (not is_same):
            row, column = row - 1, column - 1
            found |= {column} if is_same else set()
        elif table[row][column] == table[row - 1][column] + 1:
            row -= 1
        else:
            column -= 1
    return found


def _judged(segments: Sequence[Segment], reference: str, *, normalise: Normalise) -> Judged:
    import numpy as np

    words = [word for segment in segments for word in segment.words]
    signs = [each for segment in segments for each in doubt.signs(segment, _rows(segment))]
    wrong = verdicts([word.text for word in words], reference, normalise=normalise)
    kept = [number for number, verdict in enumerate(wrong) if verdict is not None]
    return Judged(
        np.array([signs[number] for number in kept]).reshape(-1, len(fields(Signs))),
        np.array([words[number].probability for number in kept]),
        np.array([float(bool(wrong[number])) for number in kept]),
    )


def _rows(segment: Segment) -> list[tuple[float, float, str, float]]:
    return [(word.start, word.end, word.text, word.probability) for word in segment.words]


def _doubts(row: Judged, calibration: Calibration) -> "Numbers":
    import numpy as np

    first, *others = asdict(calibration).values()
    return _chances(first + row.signs @ np.array(others))


def _chances(sums: "Numbers") -> "Numbers":
    import numpy as np

    return 1 / (1 + np.exp(-np.clip(sums, -30, 30)))


def _figures(row: Judged, doubts: "Numbers") -> Figures:
    import numpy as np

    count = math.ceil(MOST_DOUBTFUL * len(row.wrong))
    worst, least = (np.argsort(-order, kind="stable")[:count] for order in (doubts, 1 - row.probabilities))
    return Figures(
        words=len(row.wrong),
        wrong=int(row.wrong.sum()),
        most_doubtful=count,
        in_most_doubtful=int(row.wrong[worst].sum()),
        in_least_probable=int(row.wrong[least].sum()),
        error_before=_calibration_error(1 - row.probabilities, row.wrong),
        error_after=_calibration_error(doubts, row.wrong),
    )


def _calibration_error(doubts: "Numbers", wrong: "Numbers") -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015): how far doubts are from what is wrong, bin by bin."""
    import numpy as np

    bins = np.minimum((doubts * BINS).astype(int), BINS - 1)
    gaps = [abs(float((doubts - wrong)[bins == number].sum())) for number in range(BINS)]
    return round(sum(gaps) / max(1, len(wrong)), 4)
