"""What must hold after a run, whatever was killed. In plain words: `docs/reliability.md`, "What always holds"."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from transcripts.chaos import journal
from transcripts.chaos.outcome import Outcome
from transcripts.chaos.servers import SQLite
from transcripts.chaos.strikes import FREEZE_SECONDS
from transcripts.chaos.work import State, Task, labels, rows
from transcripts.models import Job

RECOVERY_SECONDS = 5.0
"""From a kill to the next finished batch, where work waits; as much longer as a machine has more to do than it can."""
LOCKED = "database is locked"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """An invariant by its number and name, and what broke it, in so many words; nothing where it held."""

    number: int
    name: str
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.broken


def check(outcome: Outcome) -> list[Check]:
    """Return all invariants in order. Call it before the database server stops."""
    invariants: list[tuple[str, Callable[[Outcome], list[str]]]] = [
        ("no job is lost", _lost),
        ("no job is computed twice at once", lambda outcome: journal.overlaps(outcome.events)),
        ("no segment is lost, doubled or changed", _changed),
        ("a kill repeats one batch of a job at most", _repeated),
        ("only the engine's deaths count", _miscounted),
        ("work goes on within 5 s", _slow),
        ("nothing is left running", _left),
        ("the database is whole", _damaged),
        ("nobody meets a locked database", _locked),
        ("light tasks go on", _light),
        ("the pages are there", _pages),
    ]
    return [Check(number, name, tuple(find(outcome))) for number, (name, find) in enumerate(invariants, 1)]


def _lost(outcome: Outcome) -> list[str]:
    found = dict(Job.objects.values_list("pk", "state"))
    return [
        f"job {pk} is {found.get(pk, 'gone')} instead of {' or '.join(sorted(task.ends))}"
        for pk, task in outcome.work.tasks.items()
        if found.get(pk) not in task.ends
    ]


def _changed(outcome: Outcome) -> list[str]:
    """Compare every column of the text, and who says it, with the undisturbed run.

    A job that was cancelled has the beginning of the text; where that came while speakers were identified, all of it without them.
    """
    broken = []
    for job in Job.objects.filter(pk__in=outcome.work.tasks):
        text, expected = rows(job.pk), outcome.work.tasks[job.pk].expected
        wanted = expected[: len(text)] if job.state == State.CANCELLED else expected
        if text != wanted:
            broken.append(f"job {job.pk}: {len(text)} segments, {len(wanted)} expected, or their text differs")
        if job.state == State.COMPLETED and not _are_labels_right(job, outcome.work.tasks[job.pk]):
            broken.append(f"job {job.pk}: its speakers are not those of the undisturbed run")
    return broken


def _are_labels_right(job: Job, task: Task) -> bool:
    if State.CANCELLED in task.ends and job.identified == Job.Identified.FAILED:
        return not job.segments.exclude(speaker=None).exists()
    return labels(job.pk) == task.labelled


def _repeated(outcome: Outcome) -> list[str]:
    hits = hits_of_jobs(outcome)
    return [
        f"job {pk}: {lost} batches were lost after {hits[pk]} hits"
        for pk, lost in batches_lost(outcome).items()
        if lost > hits[pk]
    ]


def batches_lost(outcome: Outcome) -> dict[UUID, int]:
    """Return how many batches of each job were begun and not kept: a batch that killed its engine may be kept in two."""
    begun = journal.begun(outcome.events)
    kept = dict(Job.objects.filter(pk__in=outcome.work.tasks).values_list("pk", "batches_done"))
    return {pk: begun[task.work] - kept.get(pk, 0) for pk, task in outcome.work.tasks.items()}


def hits_of_jobs(outcome: Outcome) -> dict[UUID, int]:
    """Return how often each job was hit, by a strike or a person."""
    return {
        pk: task.hits + sum(pk in strike.hit for strike in outcome.strikes) for pk, task in outcome.work.tasks.items()
    }


def _miscounted(outcome: Outcome) -> list[str]:
    """Look for deaths on a job that no kill of its engine explains, and for crashes that a written batch has not taken back."""
    killed = Counter(pk for strike in outcome.strikes if strike.kind == "engine" for pk in strike.hit)
    return [
        f"job {job.pk} has noted {job.crashes} crashes and {len(job.deaths)} deaths after {killed[job.pk]} kills of its engine"
        for job in Job.objects.filter(pk__in=outcome.work.tasks)
        if len(job.deaths) > killed[job.pk] or (job.state == State.COMPLETED and job.crashes)
    ]


def _slow(outcome: Outcome) -> list[str]:
    broken = []
    for number, strike in enumerate(outcome.strikes, 1):
        limit = RECOVERY_SECONDS * max(1.0, strike.load) + (FREEZE_SECONDS[1] if strike.kind == "freeze" else 0)
        if strike.seconds is None or strike.seconds > limit:
            broken.append(f"strike {number} ({strike.kind}): {_seconds(strike.seconds)}")
    load = max((strike.load for strike in outcome.strikes), default=1.0)
    slow_stops = [seconds for seconds in outcome.stop_seconds if seconds > RECOVERY_SECONDS * max(1.0, load)]
    return broken + [f"a stop took {seconds:.1f} s" for seconds in slow_stops]


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


def _left(outcome: Outcome) -> list[str]:
    return outcome.left


def _damaged(outcome: Outcome) -> list[str]:
    if not isinstance(outcome.database, SQLite):
        return []
    result = outcome.database.check()
    return [] if result == "ok" else [result]


def _locked(outcome: Outcome) -> list[str]:
    return [line for line in outcome.log.splitlines() if LOCKED in line][:SHOWN]


def _light(outcome: Outcome) -> list[str]:
    return [] if outcome.light_seconds is not None else ["a light task at the end was not done in time"]


def _pages(outcome: Outcome) -> list[str]:
    return [] if outcome.page_status == 200 else [f"the list of recordings answers {outcome.page_status} at the end"]
