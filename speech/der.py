"""Diarization error rate, exactly: the share of speech that is missed, invented or given to somebody else."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from speech.types import Json

Span = tuple[float, float, str]
"""Start, end, name of the speaker."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds of speech, where each person who speaks counts; `total` is that of the reference."""

    missed: float = 0.0
    invented: float = 0.0
    confused: float = 0.0
    total: float = 0.0

    @property
    def rate(self) -> float:
        return (self.missed + self.invented + self.confused) / self.total if self.total else 0.0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.missed + other.missed,
            self.invented + other.invented,
            self.confused + other.confused,
            self.total + other.total,
        )

    def to_json(self) -> Json:
        return asdict(self)


def score(reference: Sequence[Span], heard: Sequence[Span], *, duration: float, collar: float) -> Errors:
    """Compare the whole recording, overlap included, with speakers matched so that most time agrees.

    `collar` seconds around each edge of a reference turn are not scored, half of them on either side, as in pyannote.metrics.
    """
    missed = invented = shared = total = 0.0
    together: defaultdict[tuple[str, str], float] = defaultdict(float)
    for seconds, wanted, found in _stretches(reference, heard, duration, collar):
        total += seconds * len(wanted)
        missed += seconds * max(0, len(wanted) - len(found))
        invented += seconds * max(0, len(found) - len(wanted))
        shared += seconds * min(len(wanted), len(found))
        for one in wanted:
            for other in found:
                together[one, other] += seconds
    return Errors(missed, invented, shared - _matched(together), total)


def _stretches(
    reference: Sequence[Span], heard: Sequence[Span], duration: float, collar: float
) -> Iterator[tuple[float, set[str], set[str]]]:
    """Yield seconds, reference speakers and heard speakers of each stretch in which nothing changes and that is scored."""
    changes: list[tuple[float, int, str, int]] = []
    for which, spans in enumerate((reference, heard)):
        for start, end, name in spans:
            changes += [(start, which, name, 1), (min(end, duration), which, name, -1)]
    for start, end, _ in reference:
        for edge in (start, end):
            changes += [(edge - collar / 2, 2, "", 1), (edge + collar / 2, 2, "", -1)]
    changes.sort(key=lambda change: change[0])
    active: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
    for (time, which, name, step), (next_time, *_) in pairwise(changes):
        active[which][name] += step
        seconds = min(next_time, duration) - max(time, 0.0)
        if seconds > 0 and not active[2][""]:
            yield seconds, set(+active[0]), set(+active[1])


def _matched(together: Mapping[tuple[str, str], float]) -> float:
    """Return the time that agrees under the best one-to-one matching of speakers."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not together:
        return 0.0
    wanted, found = (sorted({pair[side] for pair in together}) for side in (0, 1))
    times = np.array([[together.get((one, other), 0.0) for other in found] for one in wanted])
    rows, columns = linear_sum_assignment(-times)
    return float(times[rows, columns].sum())
