"""All that a run notes for its checks and its report."""

from dataclasses import dataclass, field

from transcripts.chaos.journal import Event
from transcripts.chaos.options import Options
from transcripts.chaos.servers import PostgreSQL, SQLite
from transcripts.chaos.strikes import Strike
from transcripts.chaos.watch import Watch
from transcripts.chaos.work import Work


@dataclass(slots=True)
class Outcome:
    """What came of a run. `stop_seconds` are those of each stop that was asked for; `left` is what runs after the last one."""

    options: Options
    work: Work
    watch: Watch
    database: PostgreSQL | SQLite
    strikes: list[Strike] = field(default_factory=list)
    seconds: float = 0.0
    left: list[str] = field(default_factory=list)
    stop_seconds: list[float] = field(default_factory=list)
    light_seconds: float | None = None
    page_status: int = 0
    pages: int = 0
    page_errors: int = 0
    requests: int = 0
    log: str = ""
    events: list[Event] = field(default_factory=list)
