"""Which model, which diarizer and how many jobs at once suit a machine. Pure: knows no database and no disk."""

from collections.abc import Sequence
from dataclasses import dataclass

from speech.weights import FASTER_WHISPER, MODELS, WHISPER

LEAST_SPEED = 2.0
"""A recording shall be done in half its length at most, so that there is time left to tell speakers apart."""
RESERVE_BYTES = 1_200_000_000
"""For the system, the pages and the workers: the latter two take 0.4 GB."""
CARD_RESERVE_BYTES = 2_000_000_000
"""For what a batch needs on a card beside the weights."""
MOST_THREADS = 16
"""As `speech.asr.devices` has it: more make Whisper slower, so another job may have them."""
MOST_JOBS_ON_A_CARD = 2
"""One decodes on the processor while another recognises."""

MEGAPARAMETERS = {
    "tiny": 39,
    "base": 74,
    "small": 244,
    "medium": 769,
    "distil-large-v3": 756,
    "large-v3-turbo": 809,
    "large-v3": 1550,
}
"""By OpenAI's and Hugging Face's model cards. On a processor the work grows with them; on a card by less."""
SPEED_BY_CORE = {FASTER_WHISPER: 8.0, WHISPER: 1.2}
"""Of the model base, which is measured most: 16.9 and 2.5 x real time on two cores (2026-11, see the README)."""
CORES_OF_A_CARD = 16
"""What a card is taken for at the least, until it is measured."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model. `speed` is None where it was not measured here; `weights_bytes` is 0 where it is not known.

    `is_within_reach` says of one that is not installed that a source which is allowed here has it.
    """

    engine: str
    model: str
    speed: float | None
    memory_bytes: int
    weights_bytes: int = 0
    is_installed: bool = True
    is_within_reach: bool = True
    english_only: bool = False

    @property
    def quality(self) -> int:
        """Return a number that is larger for models that make fewer mistakes; -1 for one that nobody knows."""
        return MODELS.index(self.model) if self.model in MODELS else -1


@dataclass(frozen=True, slots=True)
class DiarizerCandidate:
    """A diarizer that can run here. They are given best first."""

    diarizer: str
    speed: float | None
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to work with. `card_bytes` is the memory of the graphics card that can be used, 0 for none."""

    memory_bytes: int
    threads: int
    card_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What suits the machine, with the reasons in sentences. `better` is a model to install, None where there is none.

    `must_be_installed` says that what is proposed is the better one itself, which has to be installed first.
    """

    engine: str
    model: str
    diarizer: str
    concurrency: int
    speed: float
    is_measured: bool
    reasons: tuple[str, ...] = ()
    better: Candidate | None = None
    must_be_installed: bool = False


def recommend(
    models: Sequence[Candidate],
    diarizers: Sequence[DiarizerCandidate],
    machine: Machine,
    *,
    language: str = "",
    default: tuple[str, str] = ("", ""),
) -> Recommendation | None:
    """Return the best model that is quick enough and fits into the memory, and what goes with it; None without any model.

    Where none is quick enough it is one that can be downloaded and is, else the quickest; where none fits, the smallest. A
    default that is missing goes before what is installed and no better. A model that knows English only is proposed where
    English is what is expected.
    """
    useful = [model for model in models if model.quality >= 0 and (language == "en" or not model.english_only)]
    installed = [model for model in useful if model.is_installed]
    if not installed:
        return None
    speeds = {model: estimate(model, models, machine) for model in useful}
    narrow = _narrow(models, useful, machine)
    best, reason = _best(installed, speeds, machine, narrow)
    first = _first_to_install(best, useful, speeds, machine, default)
    if first:
        best, reason = first, _why_first(first, default, narrow)
    diarizer = _diarizer(diarizers)
    concurrency, sharing = _concurrency(best, diarizer, machine)
    return Recommendation(
        best.engine,
        best.model,
        diarizer.diarizer if diarizer else "",
        concurrency,
        speeds[best],
        best.speed is not None,
        (reason, sharing),
        first or _better(best, useful, speeds, machine),
        must_be_installed=first is not None,
    )


def estimate(model: Candidate, models: Sequence[Candidate], machine: Machine) -> float:
    """Return how fast a model is here: as it was measured, else by the nearest in size of its engine that was, else by cores.

    A machine on which another engine was slower than its cores promise is taken to be as slow for this one.
    """
    if model.speed is not None:
        return model.speed
    work = _work(model)
    measured = [other for other in models if other.speed and other.quality >= 0]
    of_engine = [other for other in measured if other.engine == model.engine]
    if of_engine:
        nearest = min(of_engine, key=lambda other: abs(_work(other) - work))
        return (nearest.speed or 0.0) * _work(nearest) / work
    cores = max(min(machine.threads, MOST_THREADS), CORES_OF_A_CARD if machine.card_bytes else 1)
    shares = ((other.speed or 0.0) * _work(other) / (_speed_by_core(other.engine) * cores) for other in measured)
    return _speed_by_core(model.engine) * cores / work * min([1.0, *shares])


def _speed_by_core(engine: str) -> float:
    return SPEED_BY_CORE.get(engine, SPEED_BY_CORE[WHISPER])


def _work(model: Candidate) -> float:
    """Return how much there is to compute, where the model base is 1."""
    return MEGAPARAMETERS[model.model.removesuffix(".en")] / MEGAPARAMETERS["base"]


def _best(
    installed: Sequence[Candidate], speeds: dict[Candidate, float], machine: Machine, narrow: str
) -> tuple[Candidate, str]:
    fitting = [model for model in installed if _jobs_that_fit(model, None, machine)]
    if not fitting:
        best = min(installed, key=lambda model: (model.memory_bytes, -speeds[model]))
        return best, f"No installed model fits into the memory for certain; {best.model} is the smallest."
    quick = [model for model in fitting if speeds[model] >= LEAST_SPEED]
    if not quick:
        best = max(fitting, key=lambda model: speeds[model])
        return best, f"{_none_is_quick(narrow)}; {best.model} is the quickest{' of the others' if narrow else ''}."
    best = max(quick, key=lambda model: (model.quality, speeds[model]))
    return best, f"Of the installed models that are quick enough and fit, {best.model} makes the fewest mistakes."


def _none_is_quick(narrow: str) -> str:
    return f"No installed model{narrow} takes half the length of a recording"


def _narrow(models: Sequence[Candidate], useful: Sequence[Candidate], machine: Machine) -> str:
    """Return which installed models are quick enough, but are left out for they know English only; empty for none."""
    left_out = [model for model in models if model.is_installed and model.quality >= 0 and model not in useful]
    names = [model.model for model in left_out if estimate(model, models, machine) >= LEAST_SPEED]
    only = list(dict.fromkeys(names))
    return f" but {' and '.join(only)}, which {'know' if only[1:] else 'knows'} English only," if only else ""


def _diarizer(diarizers: Sequence[DiarizerCandidate]) -> DiarizerCandidate | None:
    """Return the best that is quick enough, else the quickest. One that was not measured is taken to be quick."""
    quick = [one for one in diarizers if one.speed is None or one.speed >= LEAST_SPEED]
    return quick[0] if quick else max(diarizers, key=lambda one: one.speed or 0.0, default=None)


def _concurrency(best: Candidate, diarizer: DiarizerCandidate | None, machine: Machine) -> tuple[int, str]:
    """Return how many jobs gain from running at the same time, and why."""
    fitting = max(1, _jobs_that_fit(best, diarizer, machine))
    if machine.card_bytes:
        jobs = min(MOST_JOBS_ON_A_CARD, fitting)
        return jobs, "Two jobs share the graphics card well." if jobs > 1 else "The graphics card has room for one job."
    jobs = min(max(1, machine.threads // MOST_THREADS), fitting)
    if jobs > 1:
        return jobs, f"Each job uses {MOST_THREADS} threads of {machine.threads}."
    return 1, "One job uses the whole processor: two at once would both take twice as long."


def _jobs_that_fit(model: Candidate, diarizer: DiarizerCandidate | None, machine: Machine) -> int:
    """Return how many jobs find room. A job has one thing loaded at a time: the model, then the diarizer."""
    each = max(model.memory_bytes, diarizer.memory_bytes if diarizer else 0, 1)
    jobs = max(0, machine.memory_bytes - RESERVE_BYTES) // each
    if machine.card_bytes:
        jobs = min(jobs, machine.card_bytes // (model.weights_bytes + CARD_RESERVE_BYTES))
    return jobs


def _first_to_install(
    best: Candidate,
    useful: Sequence[Candidate],
    speeds: dict[Candidate, float],
    machine: Machine,
    default: tuple[str, str],
) -> Candidate | None:
    """Return what is to be installed before the best that is there is proposed: the default, or anything quick enough."""
    missing = [model for model in _missing(useful, speeds, machine) if model.is_within_reach]
    lost = next((model for model in missing if (model.engine, model.model) == default), None)
    if lost and (lost.quality >= best.quality or speeds[best] < LEAST_SPEED):
        return lost
    if speeds[best] >= LEAST_SPEED:
        return None
    return max(missing, key=lambda model: (model.quality, speeds[model]), default=None)


def _why_first(first: Candidate, default: tuple[str, str], narrow: str) -> str:
    if (first.engine, first.model) == default:
        return f"{first.model} is the default, and its files are missing or damaged: install it again first."
    return f"{_none_is_quick(narrow)}; {first.model} ({first.engine}) would: install it first."


def _missing(useful: Sequence[Candidate], speeds: dict[Candidate, float], machine: Machine) -> list[Candidate]:
    """Return the models that are not installed and would be quick enough and fit."""
    return [
        model
        for model in useful
        if not model.is_installed and speeds[model] >= LEAST_SPEED and _jobs_that_fit(model, None, machine)
    ]


def _better(
    best: Candidate, useful: Sequence[Candidate], speeds: dict[Candidate, float], machine: Machine
) -> Candidate | None:
    """Return the most accurate model that is not installed and would be quick enough; None where the best is as good.

    One that can be downloaded goes before one that has to be brought by hand.
    """
    missing = [model for model in _missing(useful, speeds, machine) if model.quality > best.quality]
    return max(missing, key=lambda model: (model.is_within_reach, model.quality, speeds[model]), default=None)
