"""Measuring what can run here, asked for on a page and done by the queue for long work."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User

from registry import diarizers, viability, works
from registry import known as tables
from registry.known import Known
from registry.models import SpeechModel, Work


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is being measured now, None where it only waits, how many models wait, and the other long work that goes first."""

    work: Work | None
    waiting: int
    before: tuple[Work, ...] = ()


def ask(*, by: User) -> int:
    """Queue the measuring of what was not measured yet, or of everything where all was; return how many were queued."""
    known = tables.load()
    everything = [*_models(known), *_diarizers(known)]
    missing = [model for model, speed in everything if speed is None]
    wanted = missing or [model for model, _ in everything]
    return sum(works.ask(model, Work.Kind.MEASURE, by=by)[1] for model in wanted)


def cancel() -> int:
    """Cancel what is being measured and what waits to be; return how much that was."""
    wanted = Work.objects.unfinished().filter(kind=Work.Kind.MEASURE).values_list("pk", flat=True)
    return sum(works.cancel(work) for work in list(wanted))


def under_way() -> UnderWay | None:
    """Return how far the measuring is; None where none is wanted. Costs a query."""
    unfinished = list(Work.objects.unfinished().select_related("model"))
    found = [work for work in unfinished if work.kind == Work.Kind.MEASURE]
    running = next((work for work in found if work.state == Work.State.RUNNING), None)
    others = tuple(work for work in unfinished if work.kind != Work.Kind.MEASURE)
    return UnderWay(running, len(found) - (running is not None), others) if found else None


def _models(known: Known) -> Iterator[tuple[SpeechModel, float | None]]:
    for engine, row in known.speech_models():
        if viability.of_model(known, engine.key, row.key) is None:
            yield row, row.speed


def _diarizers(known: Known) -> Iterator[tuple[SpeechModel, float | None]]:
    """Yield for each diarizer the weights that stand with it: work is on weights. One without any is for the command."""
    usable = {one.diarizer for one in diarizers.diarizers(known=known) if one.available}
    for provider in known.diarizers():
        rows = (row for row in known.models.values() if row.provider_id == provider.pk and tables.installed(row))
        row = next(rows, None)
        if provider.key in usable and row:
            yield row, provider.speed
