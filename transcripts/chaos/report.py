"""What a run tells, as a table and as JSON."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from transcripts.chaos.checks import Check, batches_lost, hits_of_jobs
from transcripts.chaos.outcome import Outcome
from transcripts.models import Job


def figures(outcome: Outcome, checks: Sequence[Check]) -> dict[str, Any]:
    """Return all figures of a run as plain JSON values."""
    options = outcome.options
    seconds = [strike.seconds for strike in outcome.strikes if strike.seconds is not None and not _waits(strike.kind)]
    return {
        "version": 1,
        "program_version": settings.VERSION,
        "options": {name: str(getattr(options, name)) for name in options.__slots__},
        "kills": len(outcome.strikes),
        "jobs": len(outcome.work.tasks),
        "states": _states(outcome),
        "batches": sum(task.batches for task in outcome.work.tasks.values()),
        "batches_repeated": sum(batches_lost(outcome).values()),
        "jobs_hit": sum(hits_of_jobs(outcome).values()),
        "requests": outcome.requests,
        "recovery_seconds": _spread(seconds),
        "kinds": _kinds(outcome),
        "stop_seconds": _spread(outcome.stop_seconds),
        "light_task_seconds": outcome.light_seconds,
        "pages": outcome.pages,
        "page_errors": outcome.page_errors,
        "database_away_seconds": round(outcome.watch.away_seconds, 1),
        "load": round(statistics.fmean(strike.load for strike in outcome.strikes), 1) if outcome.strikes else None,
        "seconds": round(outcome.seconds, 1),
        "checks": [
            {"number": one.number, "name": one.name, "holds": one.holds, "broken": list(one.broken)} for one in checks
        ],
    }


def lines(told: dict[str, Any]) -> list[str]:
    """Return the figures as lines for a person."""
    table = [f"{'kill':18}{'times':>6}{'median s':>10}{'longest s':>11}"]
    for kind, spread in [*sorted(told["kinds"].items()), ("all but freeze", told["recovery_seconds"])]:
        table.append(f"{kind:18}{spread['count']:6}{_figure(spread['median']):>10}{_figure(spread['longest']):>11}")
    states = ", ".join(f"{count} {state}" for state, count in sorted(told["states"].items()))
    stop = _figure(told["stop_seconds"]["longest"])
    summary = [
        f"{told['kills']} kills and {told['requests']} requests of a person in {told['seconds']:.0f} s",
        f"{told['jobs']} jobs: {states}; {told['batches']} batches, {told['batches_repeated']} of them repeated",
        f"{told['pages']} pages served, {told['page_errors']} errors; a stop took {stop} s at most",
        f"{told['load']} programs for each processor on average",
    ]
    return [*table, "", *summary, "", *(_line(one) for one in told["checks"])]


def all_hold(told: dict[str, Any]) -> bool:
    return all(check["holds"] for check in told["checks"])


def _line(check: dict[str, Any]) -> str:
    line = f"{check['number']:2} {check['name']:42} {'holds' if check['holds'] else 'BROKEN'}"
    return "\n".join([line, *(f"     {reason}" for reason in check["broken"])])


def _states(outcome: Outcome) -> dict[str, int]:
    states = Job.objects.filter(pk__in=outcome.work.tasks).values_list("state", flat=True)
    return {state: list(states).count(state) for state in set(states)}


def _kinds(outcome: Outcome) -> dict[str, dict[str, Any]]:
    found: dict[str, list[float]] = defaultdict(list)
    for strike in outcome.strikes:
        found[strike.kind] += [] if strike.seconds is None else [strike.seconds]
    return {kind: _spread(seconds) for kind, seconds in found.items()}


def _waits(kind: str) -> bool:
    """Return whether it is a lease that is waited for."""
    return kind == "freeze"


def _spread(seconds: Sequence[float]) -> dict[str, Any]:
    if not seconds:
        return {"count": 0, "median": None, "longest": None}
    return {"count": len(seconds), "median": round(statistics.median(seconds), 2), "longest": round(max(seconds), 2)}


def _figure(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"
