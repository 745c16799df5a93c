"""What would let a job go on that nothing can run here: of all that would, the easiest for an administrator.

A way ends with something that can do what the job needs, for whoever asks: never with what is there and cannot do it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from registry import obtaining, viability
from registry.known import Known, installed
from registry.models import ENGLISH, Provider, SpeechModel
from registry.viability import COMMAND, NO_TASK, Hindrance, Task

ENABLE = "Enable {} in the administration"
LET_PEOPLE = "Let people choose {} in the administration"


class Effort(IntEnum):
    """How hard something is to do, the easiest first."""

    ENABLE = 1
    RENEW = 2
    INSTALL = 3
    INSTALL_LIBRARIES = 4
    LET_PEOPLE = 5
    BRING_BY_HAND = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and the hindrance that it does away with."""

    effort: Effort
    fix: str
    hindrance: Hindrance


@dataclass(frozen=True, slots=True)
class Way:
    """All that is to be done so that one engine or diarizer can run with its weights."""

    steps: tuple[Step, ...]

    @property
    def effort(self) -> tuple[int, int]:
        return max((step.effort for step in self.steps), default=0), len(self.steps)

    @property
    def remedy(self) -> str:
        """Return what to do as sentences, the commands last and in one line, so that they can be copied."""
        fixes = list(dict.fromkeys(step.fix for step in self.steps))
        said = [f"{fix}." for fix in fixes if not fix.startswith(COMMAND)]
        run = " && ".join(fix.removeprefix(COMMAND) for fix in fixes if fix.startswith(COMMAND))
        return " ".join([*said, *([f"{COMMAND}{run}"] if run else [])])

    def told_after(self, *told: Hindrance) -> str:
        """Return what to do as sentences for who was told of some hindrances, and why where that would be a surprise."""
        if len(told) == 1 and [step.hindrance for step in self.steps] == [*told]:
            return told[0].remedy
        surprises = [step for step in self.steps if step.effort <= Effort.RENEW and step.hindrance not in told]
        return " ".join([*(step.hindrance.sentence for step in surprises), self.remedy])


def for_job(
    known: Known,
    task: Task = NO_TASK,
    *,
    engine: str = "",
    failed: Collection[tuple[str, str]] = (),
    forbidden: Callable[[tuple[str, str]], Hindrance | None] = lambda _: None,
) -> Way | None:
    """Return the easiest way to a model that can do something, of one engine if named; None where there is none.

    `failed` are the models that failed a moment ago, which are the last of their kind; no way is then to bring by hand
    one of them, or what lies there and cannot be used. `forbidden` says why whoever asks must
    not have a model. Where two ways are alike, the default model goes first, and many languages before English alone.
    """

    def rank(found: tuple[Provider, SpeechModel, Way]) -> tuple[tuple[int, int], bool, bool, bool, bool]:
        provider, row, way = found
        is_narrow = row.is_english_only and task.language != ENGLISH
        is_other = (row.key != known.default_model, row.store != known.default_engine)
        return way.effort, (provider.key, row.key) in failed, is_narrow, *is_other

    ways = (found for found in _ways(known, task, failed, forbidden) if engine in ("", found[0].key))
    return next((way for _, _, way in sorted(ways, key=rank)), None)


def to_diarizer(provider: Provider, rows: Iterable[SpeechModel]) -> Way:
    """Return what is to be done so that a diarizer can run with some weights."""
    rows = list(rows)
    return Way((*_of_provider(provider), *_of_switches(rows), *_of_files(rows, of=provider.key)))


def easiest(ways: Iterable[Way]) -> Way | None:
    """Return the easiest of some ways, the first of those that are alike. What needs nothing is no way: it has failed."""
    return min((way for way in ways if way.steps), key=lambda way: way.effort, default=None)


def _ways(
    known: Known,
    task: Task,
    failed: Collection[tuple[str, str]],
    forbidden: Callable[[tuple[str, str]], Hindrance | None],
) -> Iterator[tuple[Provider, SpeechModel, Way]]:
    for provider, row in known.speech_models():
        if viability.of_task(row, task) or viability.of_memory(row) or (failed and _is_hopeless(provider, row, failed)):
            continue
        steps = [*_of_provider(provider), *_of_rights(provider, row, forbidden), *_of_model(known, provider, row)]
        if steps:
            yield provider, row, Way(tuple(steps))


def _is_hopeless(provider: Provider, row: SpeechModel, failed: Collection[tuple[str, str]]) -> bool:
    """Return whether nobody could bring weights that help where others failed: they failed too, or are there and broken."""
    if obtaining.is_within_reach(row) or installed(row):
        return False
    is_broken = row.status == SpeechModel.Status.BROKEN and not obtaining.is_in_catalogue(row)
    return is_broken or (provider.key, row.key) in failed


def _of_provider(provider: Provider) -> Iterator[Step]:
    if found := viability.disabled(provider, f"{provider.key} is"):
        yield Step(Effort.ENABLE, ENABLE.format(provider.key), found)
    if found := viability.of_library(provider):
        yield Step(Effort.INSTALL_LIBRARIES, found.fix, found)


def _of_rights(
    provider: Provider, row: SpeechModel, forbidden: Callable[[tuple[str, str]], Hindrance | None]
) -> Iterator[Step]:
    if found := forbidden((provider.key, row.key)):
        name = row.key if provider.for_people else provider.key
        yield Step(Effort.LET_PEOPLE, LET_PEOPLE.format(name), found)


def _of_model(known: Known, provider: Provider, row: SpeechModel) -> Iterator[Step]:
    if found := viability.disabled(row, f"Model {row.key} ({row.store}) is"):
        name = row.key if provider.key == known.default_engine else f"{row.key} ({provider.key})"
        yield Step(Effort.ENABLE, ENABLE.format(name), found)
    is_default = (row.store, row.key) == known.default
    if found := viability.of_weights(row, named=f"Model {row.key}", of=provider.key, is_default=is_default):
        yield Step(_effort_of(row), found.fix, found)


def _of_switches(rows: Iterable[SpeechModel]) -> Iterator[Step]:
    for row in rows:
        if found := viability.disabled(row, f"The weights {row.key} are"):
            yield Step(Effort.ENABLE, ENABLE.format(row.key), found)


def _of_files(rows: Iterable[SpeechModel], *, of: str) -> Iterator[Step]:
    """Yield the one step that brings all files of a diarizer that are missing."""
    lacking = [row for row in rows if not installed(row)]
    if lacking:
        clause = f"The weights {' and '.join(row.key for row in lacking)} of {of} are not installed"
        fix = obtaining.fix(*lacking)
        yield Step(max(_effort_of(row) for row in lacking), fix, Hindrance(clause, fix))


def _effort_of(row: SpeechModel) -> Effort:
    if viability.is_unread(row):
        return Effort.RENEW
    if not obtaining.is_within_reach(row):
        return Effort.BRING_BY_HAND
    return Effort.RENEW if row.status == SpeechModel.Status.BROKEN else Effort.INSTALL
