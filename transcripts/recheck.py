"""What stands at waiting jobs for want of a model, kept true while they wait behind others.

A job looks for its model when it is its turn. With an hour of work before it, a model may come or go meanwhile.
"""

from functools import cache
from typing import Any

from django.db.models import Q

from registry import known as tables
from registry.resolver import NO_ENGINE, NO_MODEL, NONE_FITS, NothingRunnable, resolve
from transcripts.models import Job

FOR_WANT_OF_A_MODEL = (
    Q(blocked_reason__startswith=NO_ENGINE)
    | Q(blocked_reason__startswith=NO_MODEL)
    | Q(blocked_reason__startswith=NONE_FITS)
)


def on_change(**_: Any) -> None:
    """Look at once, and not only with the next minute: somebody may be reading when a job will start."""
    look_again()


def look_again() -> int:
    """Note of each job whose turn is late, and that has begun nothing, whether a model could run it now; return how many changed.

    What else keeps a job waiting stays as it is noted. Costs two queries for the tables, one for the jobs, and one for each change.
    """
    known = tables.load()
    if (
        known.settings.fetch_weights
    ):  # A missing model is no reason to wait for long: it is downloaded when it is its turn.
        return 0

    @cache
    def reason(engine: str, model: str, language: str, task: str, by_staff: bool) -> str:
        try:
            resolve(engine=engine, model=model, language=language, task=task, by_staff=by_staff, known=known)
        except NothingRunnable as err:
            return str(err)[:500]
        return ""

    wanted = ("asked_engine", "asked_model", "asked_language", "task", "owner__is_staff")
    late = (
        Job.objects.exclude(kind=Job.Kind.SPEAKERS)
        .claimable()
        .filter(Q(blocked_reason="") | FOR_WANT_OF_A_MODEL, plan__isnull=True)
    )
    changed = 0
    for pk, noted, *asked in late.values_list("pk", "blocked_reason", *wanted):
        now = reason(*asked)
        if now != noted:
            changed += Job.objects.waiting().filter(pk=pk, blocked_reason=noted).update(blocked_reason=now)
    return changed
