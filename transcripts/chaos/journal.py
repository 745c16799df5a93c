"""What the engine processes really computed, from the log that `speech.journal` writes."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Event:
    """An engine process begins, goes on with or ends a stretch of pieces. `at` is by the machine's monotonic clock."""

    event: str
    at: float
    pid: int
    work: str
    pieces: tuple[int, int]


def read(path: Path) -> list[Event]:
    """Return all events by time. A line that a kill has cut off is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    values = [json.loads(line) for line in lines if line.endswith("\n")]
    return sorted((_event(value) for value in values), key=lambda event: event.at)


def _event(value: dict[str, object]) -> Event:
    fields = value | {"work": str(value["work"]).split(".")[0], "pieces": tuple(value["pieces"])}  # type: ignore[arg-type]
    return Event(**fields)  # type: ignore[arg-type]


def overlaps(events: Iterable[Event]) -> list[str]:
    """Return where an engine was still at work on a recording that another one had begun with."""
    latest: dict[str, int] = {}
    found = []
    for event in events:
        if event.event == "begin":
            latest[event.work] = event.pid
        elif event.pid != latest.get(event.work):
            found.append(f"{event.work[:8]} by {event.pid} and {latest.get(event.work)} at {event.at:.2f}")
    return found


def first_begin(events: Iterable[Event], *, after: float) -> float | None:
    """Return when the next stretch after a moment was begun."""
    return next((event.at for event in events if event.event == "begin" and event.at > after), None)


def begun(events: Iterable[Event]) -> Counter[str]:
    """Return how often a stretch of each recording was begun."""
    return Counter(event.work for event in events if event.event == "begin")
