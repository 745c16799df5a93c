"""Weights that a job waits for, where the installation fetches what a job needs (`Settings.fetch_weights`).

Nothing here downloads: it asks for long work, as an administrator would.
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from registry import diarizers, obtaining, resolver, viability, works
from registry import known as tables
from registry.known import Known
from registry.models import SpeechModel, Work
from registry.resolver import NothingRunnable
from registry.viability import NO_TASK, Task
from speech.weights import DIARIZATION

ON_ITS_WAY = "being installed"
"""By these words what a job says of why it waits is told apart from what nobody helps."""
UNDER_WAY = f"{{}} {ON_ITS_WAY}{{}}."
NOT_INSTALLED = "{} could not be installed: {}"
NOT_FINISHED = "the work was not finished"


class BeingInstalled(NothingRunnable):
    """What a job needs is on its way. The text says how far."""


def missing_model(engine: str, model: str, task: Task, *, by_staff: bool) -> SpeechModel | None:
    """Return the model that a job is to get, where nothing but its weights is missing; None where nothing is to be fetched."""
    known = tables.load()
    engine = engine or known.default_engine
    pair = engine, model or known.default_model
    if resolver.may_not_choose(known, *pair, by_staff=by_staff):
        pair = known.default_engine, known.default_model
    row = known.models.get(pair)
    return row if row and not tables.installed(row) and is_fetched(known, pair, task) else None


def is_fetched(known: Known, pair: tuple[str, str], task: Task = NO_TASK) -> bool:
    """Return whether a job that is to get this engine and model has the weights downloaded where they are missing or damaged."""
    provider, row = known.providers.get(pair[0]), known.models.get(pair)
    if not known.settings.fetch_weights or provider is None or row is None:
        return False
    other = viability.of_use(provider, row, task) or viability.of_memory(row)
    return other is None and obtaining.is_within_reach(row)


def missing_of_diarizer(
    asked: str = "", *, by_staff: bool, known: Known | None = None
) -> tuple[str, list[SpeechModel]]:
    """Return the diarizer that a job is to get and the weights that are downloaded for it first.

    It is the first in the order of trying that can run, or lacks only what can be downloaded. Both are empty where nothing is
    to be fetched.
    """
    known = known or tables.load()
    if not known.settings.fetch_weights:
        return "", []
    for name in diarizers.to_try(known, asked, by_staff=by_staff):
        if diarizers.hindrance_of(known, name) is None:
            break
        if rows := _fetched(known, name):
            return name, rows
    return "", []


def _fetched(known: Known, diarizer: str) -> list[SpeechModel]:
    """Return the weights that a diarizer lacks; none where it lacks anything that is not downloaded."""
    provider = known.providers.get(diarizer)
    if provider is None or viability.of_provider(provider):
        return []
    rows = diarizers.missing_weights(known, diarizer)
    return rows if all(row.enabled and obtaining.is_within_reach(row) for row in rows) else []


def fetch(rows: Iterable[SpeechModel], *, since: datetime, by: User) -> str:
    """Have weights installed, and return why that came to nothing, as a clause; empty where there is nothing to do.

    What ended before `since` is tried again. Raises BeingInstalled while it is under way.
    """
    for row in rows:
        if reason := _fetch(row, since, by):
            return not_installed(row, reason)
    return ""


def _fetch(row: SpeechModel, since: datetime, by: User) -> str:
    unfinished = (Work.State.QUEUED, Work.State.RUNNING)
    work = downloads(row).filter(Q(state__in=unfinished) | Q(finished_at__gte=since)).first()
    if work is None or work.state == Work.State.DONE:
        if tables.installed(row):  # Just now.
            return ""
        try:  # What was installed is gone since: it is missing as if it had never been there.
            work, _ = works.ask(row, Work.Kind.INSTALL, by=by)
        except works.Refused as err:
            return str(err)
    if work.state in unfinished:
        raise BeingInstalled(under_way(row, work))
    return "" if tables.installed(row) else work.message or NOT_FINISHED


def downloads(row: SpeechModel) -> QuerySet[Work]:
    """Return the work of installing weights, the latest first."""
    return Work.objects.filter(model=row, kind=Work.Kind.INSTALL).order_by("-pk")


def under_way(row: SpeechModel, work: Work, *, named: str = "") -> str:
    """Return how far the installation of weights is, as a sentence. `named` is what they are called in it, with the verb."""
    verb = "are" if row.store == DIARIZATION else "is"
    return UNDER_WAY.format(named or f"{_name(row)} {verb}", _share(work))


def not_installed(row: SpeechModel, reason: str) -> str:
    """Return as a clause that weights could not be installed, and why."""
    return NOT_INSTALLED.format(_name(row), reason).rstrip(".")


def _name(row: SpeechModel) -> str:
    return f"The weights {row.key}" if row.store == DIARIZATION else f"Model {row.key}"


def _share(work: Work) -> str:
    return f": {100 * work.done_bytes // work.total_bytes} %" if work.total_bytes else ""
