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
from registry.sync import PYANNOTE
from registry.viability import NO_TASK, Task
from speech.weights import DIARIZATION

UNDER_WAY = "{} is being installed{}."
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


def missing_of_diarizer(asked: str, *, by_staff: bool) -> tuple[str, list[SpeechModel]]:
    """Return the diarizer that a job is to get and the weights that it lacks; none where nothing else is missing, or all is there."""
    known = tables.load()
    name = _diarizer(known, asked, by_staff=by_staff)
    provider = known.providers.get(name)
    if not known.settings.fetch_weights or provider is None or viability.of_provider(provider):
        return name, []
    if _is_there(known, diarizers.BETTER_WEIGHTS.get(name, "")):
        return name, []
    rows = [known.models.get((DIARIZATION, key)) for key in diarizers.OPEN_WEIGHTS.get(name, ())]
    lacking = [row for row in rows if row and not tables.installed(row)]
    return name, [row for row in lacking if row.enabled and obtaining.is_within_reach(row)]


def fetch(rows: Iterable[SpeechModel], *, since: datetime, by: User) -> str:
    """Have weights installed, and return why that came to nothing, as a clause; empty where there is nothing to do.

    What ended before `since` is tried again. Raises BeingInstalled while it is under way.
    """
    for row in rows:
        if reason := _fetch(row, since, by):
            return NOT_INSTALLED.format(_name(row), reason).rstrip(".")
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
        raise BeingInstalled(under_way(_name(row), work))
    return "" if tables.installed(row) else work.message or NOT_FINISHED


def downloads(row: SpeechModel) -> QuerySet[Work]:
    """Return the work of installing weights, the latest first."""
    return Work.objects.filter(model=row, kind=Work.Kind.INSTALL).order_by("-pk")


def under_way(name: str, work: Work) -> str:
    """Return how far the installation of something is, as a sentence."""
    return UNDER_WAY.format(name, _share(work))


def _name(row: SpeechModel) -> str:
    return f"The weights {row.key}" if row.store == DIARIZATION else f"Model {row.key}"


def _share(work: Work) -> str:
    return f": {100 * work.done_bytes // work.total_bytes} %" if work.total_bytes else ""


def _diarizer(known: Known, asked: str, *, by_staff: bool) -> str:
    if asked and not diarizers.may_not_choose(known, asked, by_staff=by_staff):
        return asked
    return known.settings.default_diarizer or PYANNOTE


def _is_there(known: Known, key: str) -> bool:
    row = known.models.get((DIARIZATION, key))
    return bool(row and row.enabled and tables.installed(row))
