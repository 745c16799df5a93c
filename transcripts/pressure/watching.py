"""Open pages that ask how far the jobs are, and what that costs the workers."""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from transcripts.pressure.installation import Installation
from transcripts.pressure.tally import Tally
from transcripts.pressure.visitor import Visitor

POLL_SECONDS = 2.0
"""How often a page asks at first; each answer says when to ask again."""
AGAIN = re.compile(rb'hx-trigger="every (\d+)s')
ROUND_SECONDS = 600.0
TIMES = """
    SELECT max(julianday(finished_at)) - min(julianday(started_at)), sum(transcribing_seconds)
    FROM transcripts_job WHERE id IN ({})
"""


@dataclass(frozen=True, slots=True)
class Round:
    """How long the jobs of one round took, with so many pages open."""

    pages: int
    seconds: float
    transcribing_seconds: float


def watch(installation: Installation, recordings: Sequence[bytes], *, pages: int, rounds: int) -> Iterator[Round]:
    """Yield rounds without and with open pages, in turns. In each, every recording is transcribed once, all at a time."""
    visitor = Visitor("person-0", installation.port, Tally())
    visitor.sign_in()
    yield _round(installation, visitor, recordings, pages=0)  # Loads the engines. Whoever asks leaves it out.
    for number in range(2 * rounds):
        yield _round(installation, visitor, recordings, pages=pages if number % 2 else 0)


def _round(installation: Installation, visitor: Visitor, recordings: Sequence[bytes], *, pages: int) -> Round:
    for index, content in enumerate(recordings):
        visitor.upload(
            f"recording-{index}.wav", content + bytes(len(installation.rows("SELECT id FROM transcripts_job")))
        )
    ids = [row[0] for row in installation.rows("SELECT id FROM transcripts_job WHERE state IN ('queued', 'running')")]
    with _open_pages(visitor, ids, pages):
        _wait_for(installation, len(ids))
    [[days, transcribing]] = installation.rows(TIMES.format(", ".join(f"'{job}'" for job in ids)))
    return Round(pages, days * 24 * 3600, transcribing)


def _wait_for(installation: Installation, count: int) -> None:
    deadline = time.monotonic() + ROUND_SECONDS
    is_open = "SELECT count(*) FROM transcripts_job WHERE state IN ('queued', 'running')"
    while time.monotonic() < deadline and installation.rows(is_open) != [(0,)]:
        time.sleep(0.25)


@contextmanager
def _open_pages(visitor: Visitor, ids: Sequence[str], pages: int) -> Iterator[None]:
    """Keep so many pages open, every second one a list and every other one a recording."""
    closed = threading.Event()
    addresses = [_address(ids, number) for number in range(pages)]
    threads = [threading.Thread(target=_poll, args=(visitor, address, closed)) for address in addresses]
    for number, thread in enumerate(threads):
        thread.start()
        time.sleep(POLL_SECONDS / pages if number else 0)  # People do not open their pages in the same moment.
    yield
    closed.set()
    for thread in threads:
        thread.join()


def _address(ids: Sequence[str], number: int) -> str:
    if number % 2:
        return f"/jobs/{UUID(ids[number % len(ids)])}/live"
    return f"/rows/?{'&'.join(f'job={job}' for job in ids)}"


def _poll(signed_in: Visitor, address: str, closed: threading.Event) -> None:
    visitor = Visitor(signed_in.name, signed_in.port, signed_in.tally, dict(signed_in.cookies))
    while not closed.is_set():
        again = AGAIN.search(visitor.get(address, kind="poll", is_fragment=True).body)
        closed.wait(float(again[1]) if again else POLL_SECONDS)
    visitor.close()
