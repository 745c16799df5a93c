"""Open pages that ask how far the jobs are, and what that costs the workers."""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from uuid import UUID

from transcripts.pressure.installation import Installation
from transcripts.pressure.tally import Tally
from transcripts.pressure.visitor import Answer, Visitor

UNCHANGED = 204
POLL_SECONDS = 2.0
"""How often a page asks at first; each answer says where and when to ask again."""
AGAIN = re.compile(r'hx-get="([^"]+)" hx-trigger="[^"]*\bevery (\d+)s')
QUEUE_STATE = "/queue/state"
"""What every page asks for, besides what it is about."""
ROUND_SECONDS = 600.0
TIMES = """
    SELECT max(julianday(finished_at)) - min(julianday(started_at)), sum(transcribing_seconds)
    FROM transcripts_job WHERE id IN ({})
"""


@dataclass(frozen=True, slots=True)
class Round:
    """How long the jobs of one round took, with so many pages open, and what the pages cost.

    `web_seconds` is processor time of the web server, `visitor_seconds` that of whoever asks: with people, that is another machine's.
    """

    pages: int
    seconds: float
    transcribing_seconds: float
    web_seconds: float
    visitor_seconds: float

    def __str__(self) -> str:
        return (
            f"{self.pages} pages: {self.seconds:.2f} s, transcribing {self.transcribing_seconds:.2f} s; "
            f"processor time of the web server {self.web_seconds:.2f} s, of those who ask {self.visitor_seconds:.2f} s"
        )


@dataclass(slots=True)
class Poll:
    """A part of a page that asks again and again; no address any more once it was told to stop."""

    address: str
    seconds: float = POLL_SECONDS
    due: float = 0.0

    def hear(self, answer: Answer) -> None:
        """Take over where and when to ask again; as before where nothing is new."""
        if again := AGAIN.search(answer.body.decode()):
            self.address, self.seconds = unescape(again[1]), float(again[2])
        elif answer.status != UNCHANGED:
            self.address = ""
        self.due = time.monotonic() + self.seconds


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
    web_seconds, visitor_seconds = installation.web_seconds(), time.process_time()
    with _open_pages(visitor, ids, pages):
        _wait_for(installation, len(ids))
    web_seconds, visitor_seconds = installation.web_seconds() - web_seconds, time.process_time() - visitor_seconds
    [[days, transcribing]] = installation.rows(TIMES.format(", ".join(f"'{job}'" for job in ids)))
    return Round(pages, days * 24 * 3600, transcribing, web_seconds, visitor_seconds)


def _wait_for(installation: Installation, count: int) -> None:
    deadline = time.monotonic() + ROUND_SECONDS
    is_open = "SELECT count(*) FROM transcripts_job WHERE state IN ('queued', 'running')"
    while time.monotonic() < deadline and installation.rows(is_open) != [(0,)]:
        time.sleep(0.25)


@contextmanager
def _open_pages(visitor: Visitor, ids: Sequence[str], pages: int) -> Iterator[None]:
    """Keep so many pages open, every second one a list and every other one a recording."""
    closed = threading.Event()
    polls = [[Poll(_address(ids, number)), Poll(QUEUE_STATE)] for number in range(pages)]
    threads = [threading.Thread(target=_show, args=(visitor, page, closed)) for page in polls]
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


def _show(signed_in: Visitor, polls: Sequence[Poll], closed: threading.Event) -> None:
    """Do what a browser does that shows a page, until it is closed."""
    visitor = Visitor(signed_in.name, signed_in.port, signed_in.tally, dict(signed_in.cookies))
    while not closed.is_set() and (asking := [poll for poll in polls if poll.address]):
        poll = min(asking, key=lambda poll: poll.due)
        if not closed.wait(max(0.0, poll.due - time.monotonic())):
            poll.hear(visitor.get(poll.address, kind="poll", is_fragment=True))
    visitor.close()
