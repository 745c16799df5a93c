"""What is known around a text, beside its segments: for a page, by one query together with what people put there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT

from transcripts.models import Job, Speaker
from transcripts.models.gathered import Gathered
from transcripts.services.history import ENTRY, Entry, edits_of
from transcripts.views.attempts import find_attempt
from transcripts.views.text import Names

HEARD = ("pk", "heard", "diarizer", "created_at")
SPEAKER = ("pk", "number", "name")


@dataclass(frozen=True, slots=True)
class Heard:
    """A labelling: how many speakers it has, and what found them; `diarizer` is empty where that is not known."""

    pk: int
    heard: int
    diarizer: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What was done to a text, its labellings, and who speaks in it.

    `identified` is the last job that was to identify its speakers, `retried` the last one that tried its gaps again.
    """

    edits: Sequence[Entry]
    labellings: tuple[Heard, ...]
    names: Names
    identified: Job | None = None
    retried: Job | None = None

    @classmethod
    def of(cls, columns: Iterable[Any], **attempts: Job | None) -> "Known":
        """Return what the columns of `gathered()` say."""
        edits, labellings, speakers = columns
        names = {row[0]: Speaker(**dict(zip(SPEAKER, row, strict=True))) for row in speakers}
        return cls([tuple(edit) for edit in edits], tuple(_heard(*row) for row in labellings), names, **attempts)


def gathered(job: Job) -> dict[str, Combinable]:
    """Return columns for another query, with what is known around this job's text."""
    labellings = job.labellings.annotate(heard=Count("speakers"), diarizer=KT("provenance__diarizer"))
    return {
        "history": Gathered(edits_of(job), *ENTRY),
        "labelled": Gathered(labellings.defer("turns"), *HEARD),
        "spoken_by": Gathered(job.speakers.all(), *SPEAKER),
    }


def read_known(job: Job) -> Known:
    """Return what is known around a text, by two queries."""
    columns = gathered(job)
    row = Job.objects.filter(pk=job.pk).annotate(**columns).values_list(*columns).get()
    return Known.of(row, identified=find_attempt(job).job)


def _heard(pk: int, heard: int, diarizer: str | None, created_at: str) -> Heard:
    """Return a row as it comes out of JSON: SQLite writes a time without its zone."""
    moment = datetime.fromisoformat(created_at)
    return Heard(pk, heard, diarizer or "", moment if moment.tzinfo else moment.replace(tzinfo=UTC))
