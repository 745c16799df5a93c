"""Workers that commit batches while people upload, pause, resume, delete and sign in. Nothing may be locked or lost."""

import json
import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from transcripts.pressure.installation import Installation
from transcripts.pressure.sound import hum
from transcripts.pressure.tally import Tally
from transcripts.pressure.visitor import Visitor

PIECES = 20
"""Of each recording: the engine for tests cuts it every 2 seconds, and takes two pieces as a batch."""
END_SECONDS = 120.0
"""How long the jobs that are left may take."""
ACTIONS = {"upload": 4, "delete": 2, "pause": 2, "resume": 2, "look": 4, "sign in": 1}
"""How often people do what, beside each other."""
LOCKED = re.compile(r"database (?:table )?is locked")
TEXT = """
    SELECT j.id, j.state, j.batches_done, count(s.id), count(DISTINCT s.piece), j.plan
    FROM transcripts_job j LEFT JOIN transcripts_segment s ON s.job_id = j.id AND s.part = 0 GROUP BY j.id
"""
"""A segment that was cut where the speaker changes counts once."""


@dataclass(slots=True)
class Person:
    """Does this and that, and knows which recordings must still be there."""

    visitor: Visitor
    chance: random.Random
    kept: set[str] = field(default_factory=set)

    def act(self, number: int) -> None:
        [action] = self.chance.choices([*ACTIONS], weights=[*ACTIONS.values()])
        if action == "upload" or not self.kept:
            self._upload(number)
        elif action == "sign in":
            self.visitor.sign_in()
        else:
            self._change(action, self.chance.choice(sorted(self.kept)))

    def _upload(self, number: int) -> None:
        if page := self.visitor.upload(f"hum-{number}.wav", hum(2.0 * PIECES, seed=number)):
            self.kept.add(page)

    def _change(self, action: str, page: str) -> None:
        answer = self.visitor.get(page, kind="page")
        if action == "delete":
            if self.visitor.post(f"{page}delete/", {}, kind="delete").status in (200, 302):
                self.kept.discard(page)
        elif action in ("pause", "resume") and (job := re.search(rb"/jobs/([0-9a-f-]{36})/", answer.body)):
            self.visitor.post(f"/jobs/{job[1].decode()}/{action}", {}, kind=action)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `lost` names what should be there and is not."""

    tally: Tally
    locked: int
    jobs: int
    completed: int
    segments: int
    lost: list[str]

    @property
    def is_good(self) -> bool:
        return not (self.locked or self.tally.failures or self.lost)


def press(installation: Installation, *, clients: int, seconds: float, seed: int) -> Outcome:
    """Let so many people write for so long while the workers run, let the jobs end, and look at everything."""
    tally, numbers = Tally(), count()
    people = [
        Person(Visitor(f"person-{number}", installation.port, tally), random.Random(f"{seed}-{number}"))  # noqa: S311
        for number in range(clients)
    ]

    def live(person: Person) -> None:
        while time.monotonic() < deadline:
            person.act(next(numbers))
        person.visitor.close()

    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(lambda person: person.visitor.sign_in(), people))
        deadline = time.monotonic() + seconds
        list(threads.map(live, people))
    _let_jobs_end(installation)
    return _outcome(installation, tally, {page for person in people for page in person.kept})


def _let_jobs_end(installation: Installation) -> None:
    """Wait until nothing waits or runs. Paused jobs stay paused: what they have is looked at too."""
    deadline = time.monotonic() + END_SECONDS
    open_jobs = "SELECT count(*) FROM transcripts_job WHERE state IN ('queued', 'running')"
    while time.monotonic() < deadline and installation.rows(open_jobs) != [(0,)]:
        time.sleep(0.5)


def _outcome(installation: Installation, tally: Tally, kept: set[str]) -> Outcome:
    rows = installation.rows(TEXT)
    return Outcome(
        tally,
        locked=len(LOCKED.findall(installation.log.read_text(errors="replace"))),
        jobs=len(rows),
        completed=sum(row[1] == "completed" for row in rows),
        segments=sum(row[3] for row in rows),
        lost=[*_lost_segments(rows), *_lost_recordings(installation, kept), *_damage(installation)],
    )


def _lost_segments(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    """Yield the jobs that have not exactly the text of the batches they have done."""
    for job, state, batches, segments, pieces, plan in rows:
        expected = json.loads(plan)["batches"][batches - 1][1] if batches else 0
        if not segments == pieces == expected or (state == "completed" and expected != PIECES):
            yield f"job {job} is {state} with {segments} segments after {batches} batches"
        elif state in ("queued", "running", "failed"):
            yield f"job {job} is {state} at the end"


def _lost_recordings(installation: Installation, kept: set[str]) -> Iterator[str]:
    """Yield the recordings whose upload was answered and that nobody has deleted, but that have no row or no file."""
    there = {row[0] for row in installation.rows("SELECT id FROM transcripts_recording")}
    files = {path.name for path in (installation.folder / "media" / "recordings").glob("*")}
    for page in sorted(kept):
        name = page.strip("/").rpartition("/")[2]
        if name.replace("-", "") not in there or name not in files:
            yield f"recording {name}"
    yield from (f"file {name} without a row" for name in files if name.replace("-", "") not in there)


def _damage(installation: Installation) -> Iterator[str]:
    return (f"database: {row[0]}" for row in installation.rows("PRAGMA integrity_check") if row != ("ok",))
