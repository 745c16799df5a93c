"""What jobs get for which nobody chooses, and what becomes of them where that is not the default as it lies there.

The alarm, the checks, the forms, the lists and the address that programs ask all ask here, so that they cannot disagree.
"""

from dataclasses import dataclass

from registry import diarizers, fetching, resolver, viability, works
from registry import known as tables
from registry.known import Known
from registry.models import SpeechModel, Work
from registry.resolver import NothingRunnable
from registry.viability import NO_TASK, Hindrance, Task

FETCHED = "The next job for which nobody chooses a model downloads it."
WAITED_FOR = "Jobs for which nobody chooses a model wait for it."
NOT_FETCHED = "It could not be downloaded: {}. The next job for which nobody chooses a model tries again."
INSTEAD = "Jobs for which nobody chooses a model get {} ({}) instead."
NOTHING_INSTEAD = "No model is left: jobs wait until one is installed or enabled."
SPEAKERS_FETCHED = "The next job that identifies speakers downloads them."
SPEAKERS_WAITED_FOR = "Jobs that identify speakers wait for them."
SPEAKERS_NOT_FETCHED = "{}. The next job that identifies speakers tries again."
CHOOSE_ANOTHER = "Choose another default in the settings of the installation."


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """What jobs get. `taken` is an engine and a model; None where jobs wait, and `nothing` says then for what, with what to do.

    `hindrance` is why the default cannot run now; None where it can. It `is_gone` where there is no such model any more, and
    `is_missing` where it is gone, not installed or damaged, but nobody disabled it. It `is_fetched` where the next job
    downloads it: `trouble` says as a clause why that came to nothing. `under_way` says how far a download is.
    """

    taken: tuple[str, str] | None
    nothing: str = ""
    hindrance: Hindrance | None = None
    is_gone: bool = False
    is_missing: bool = False
    is_fetched: bool = False
    under_way: str = ""
    trouble: str = ""

    @property
    def consequence(self) -> str:
        """Return what becomes of jobs as the default cannot run now, in sentences; empty where it can."""
        if self.hindrance is None:
            return ""
        if self.under_way:
            return f"{self.under_way} {WAITED_FOR if self.is_fetched or self.taken is None else self._instead}"
        if self.is_fetched:
            return NOT_FETCHED.format(self.trouble.rstrip(".")) if self.trouble else FETCHED
        return self._instead

    @property
    def remedy(self) -> str:
        """Return what brings the default back, as a sentence or a command; empty where it is there or comes by itself."""
        if self.hindrance is None or self.under_way or (self.is_fetched and not self.trouble):
            return ""
        return CHOOSE_ANOTHER if self.is_gone else self.hindrance.remedy

    @property
    def is_worry(self) -> bool:
        """Return whether jobs get something else than the default though nobody wants it so."""
        return self.is_missing and not (self.is_fetched and not self.trouble)

    @property
    def _instead(self) -> str:
        return INSTEAD.format(self.taken[1], self.taken[0]) if self.taken else NOTHING_INSTEAD


def find(known: Known, task: Task = NO_TASK, *, by_staff: bool = True) -> Automatic:
    """Return what a job gets where nobody chooses. Costs a query where weights of the default are missing or damaged."""
    taken, nothing = _taken(known, task, by_staff=by_staff)
    hindrance = viability.of_model(known, *known.default, task)
    row = known.models.get(known.default)
    if row is None or hindrance is None:
        is_gone = hindrance is not None
        return Automatic(taken=taken, nothing=nothing, hindrance=hindrance, is_gone=is_gone, is_missing=is_gone)
    lack = viability.of_weights(row, named=f"Model {row.key}", of=row.store, is_default=True)
    if hindrance != lack:
        return Automatic(taken=taken, nothing=nothing, hindrance=hindrance)
    work = fetching.downloads(row).first()
    is_fetched = fetching.is_fetched(known, known.default, task)
    under_way = fetching.under_way(row, work, named="It is") if work and work.is_unfinished else ""
    return Automatic(
        taken=known.default if is_fetched else taken,
        nothing=f"{hindrance.sentence} {under_way} {WAITED_FOR}" if under_way else nothing,
        hindrance=hindrance,
        is_missing=True,
        is_fetched=is_fetched,
        under_way=under_way,
        trouble=_trouble(row, work) if is_fetched and not under_way else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticDiarizer:
    """What tells speakers apart where nobody chooses. `taken` is empty where nothing does, and `nothing` says then why.

    `hindrance` is that its weights are missing, where the next job downloads them; else None. `consequence` says then how that
    goes, in sentences, and `remedy` what helps where it came to nothing.
    """

    taken: str
    nothing: str = ""
    hindrance: Hindrance | None = None
    consequence: str = ""
    remedy: str = ""


def find_diarizer(known: Known, *, by_staff: bool = True) -> AutomaticDiarizer:
    """Return what tells speakers apart where nobody chooses. Costs a query for each of the weights that a job downloads."""
    name, rows = (
        fetching.missing_of_diarizer(by_staff=by_staff, known=known) if known.settings.diarization else ("", [])
    )
    hindrance = diarizers.hindrance_of(known, name) if rows else None
    if hindrance is None:
        try:
            return AutomaticDiarizer(taken=diarizers.resolve_diarizer(by_staff=by_staff, known=known).spec.diarizer)
        except NothingRunnable as err:
            return AutomaticDiarizer(taken="", nothing=str(err))
    downloads = [(row, fetching.downloads(row).first()) for row in rows]
    for row, work in downloads:
        if work and work.is_unfinished:
            sentences = f"{fetching.under_way(row, work)} {SPEAKERS_WAITED_FOR}"
            return AutomaticDiarizer(taken=name, hindrance=hindrance, consequence=sentences)
    for row, work in downloads:
        if trouble := _trouble(row, work):
            sentences = SPEAKERS_NOT_FETCHED.format(fetching.not_installed(row, trouble))
            return AutomaticDiarizer(taken=name, hindrance=hindrance, consequence=sentences, remedy=hindrance.remedy)
    return AutomaticDiarizer(taken=name, hindrance=hindrance, consequence=SPEAKERS_FETCHED)


def consequence_for(row: SpeechModel) -> str:
    """Return what becomes of jobs where this is the default and cannot run now, in sentences; empty otherwise."""
    known = tables.load()
    return find(known).consequence if (row.store, row.key) == known.default else ""


def _taken(known: Known, task: Task, *, by_staff: bool) -> tuple[tuple[str, str] | None, str]:
    """Return what can run now, or nothing and why."""
    try:
        spec = resolver.resolve(language=task.language, task=task.task, by_staff=by_staff, known=known).spec
    except NothingRunnable as err:
        return None, str(err)
    return (spec.engine, spec.model), ""


def _trouble(row: SpeechModel, last: Work | None) -> str:
    """Return why a download would be refused, or why the last one failed; empty where nothing speaks against one."""
    try:
        works.check_install(row)
    except works.Refused as err:
        return str(err)
    return (last.message or fetching.NOT_FINISHED) if last and last.state == Work.State.FAILED else ""
