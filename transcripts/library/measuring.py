"""How long the pages of the library at hand take, in this process: everything between a request and its answer."""

import gzip
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from statistics import median
from urllib.parse import quote

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from transcripts.library.speech import LANGUAGES, Speech
from transcripts.models import Job, Recording, Segment
from transcripts.warming import warm_up

KINDS = ("common", "rare", "phrase", "prefix")
COUNTS = (6, 8, 8, 8)
QUERIES = sum(COUNTS)
"""A fixed set for a library of the same size: drawn from its vocabulary, and the phrases from its texts."""
SIGNED_IN = 2
"""Queries of every page: the session and the person."""
COMMON, RARE = (0, 1, 5, 12, 24, 45), 30_000
HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Measured:
    """How long a page took each time, and how much of the processor, in seconds; how many queries it needs; its size, compressed.

    The queries for session and person are not counted.
    """

    name: str
    seconds: tuple[float, ...]
    work_seconds: tuple[float, ...]
    queries: int
    size_bytes: int

    @classmethod
    def together(cls, name: str, some: "Iterable[Measured]") -> "Measured":
        """Return what several pages took together: every time, the most queries and the largest size."""
        some = list(some)
        seconds = tuple(chain.from_iterable(one.seconds for one in some))
        work = tuple(chain.from_iterable(one.work_seconds for one in some))
        return cls(name, seconds, work, max(one.queries for one in some), max(one.size_bytes for one in some))

    def __str__(self) -> str:
        times = (median(self.seconds), _p95(self.seconds), median(self.work_seconds), _p95(self.work_seconds))
        columns = "".join(f"{seconds * 1000:11.1f}" for seconds in times)
        return f"{self.name:28.28}{columns}{self.queries:9}{self.size_bytes / 1000:8.1f}"


def _p95(seconds: Iterable[float]) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def queries(seed: int = 1) -> list[tuple[str, str]]:
    """Return the fixed set of searches, each with its kind."""
    draw = random.Random(seed)  # noqa: S311 - Nobody must be unable to guess it.
    english = Speech(LANGUAGES[0]).vocabulary
    others = [Speech(language).vocabulary for language in LANGUAGES[1:]]
    common = [english[rank] for rank in COMMON]
    rare = [english[RARE + draw.randrange(9000)] for _ in range(4)] + [
        words[RARE + draw.randrange(9000)] for words in others[:4]
    ]
    phrases = [f'"{_said(draw, number)}"' for number in range(COUNTS[2])]
    prefixes = [
        f"{word[:length]}*"
        for word, length in zip(draw.sample(english[60:3000], 8), (2, 2, 3, 3, 3, 4, 4, 5), strict=True)
    ]
    found = zip(KINDS, (common, rare, phrases, prefixes), strict=True)
    return [(kind, query) for kind, some in found for query in some]


def _said(draw: random.Random, number: int) -> str:
    """Return two to four words that were said one after the other."""
    last = Segment.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    segment = Segment.objects.words().filter(pk__gte=draw.randrange(last) + 1).order_by("pk").first()
    words = segment.text.split() if segment else ["nothing"]
    first = draw.randrange(max(1, len(words) - 4))
    return " ".join(words[first : first + 2 + number % 3])[:100]


def measure(*, rounds: int) -> Iterator[Measured]:
    """Measure the pages, each as whoever owns most of the library and as staff, so many times after a first one."""
    warm_up()  # As the server does.
    staff = User.objects.get_or_create(username="library-staff", defaults={"is_staff": True})[0]
    owner = User.objects.filter(recordings__isnull=False).order_by("pk").first() or staff
    for who, user in (("", staff), (" (own)", owner)):
        client = Client(headers={"host": HOST})
        client.force_login(user)
        for name, address in _pages(user):
            yield _measured(f"{name}{who}", client, address, rounds)


def _pages(user: User) -> Iterator[tuple[str, str]]:
    recordings = Recording.objects.visible_to(user)
    middle = recordings.order_by("pk")[recordings.count() // 2]
    yield "list", "/"
    yield "list, last page", f"/?page={recordings.count() // 50}"
    yield "list, filtered by title", "/?q=meeting"
    yield "list, filtered by state", f"/?state={Job.State.FAILED}"
    yield "recording", f"/recordings/{middle.pk}/"
    for kind, query in queries():
        yield f"search {kind}: {query[:14]}", f"/search/?q={quote(query)}"
    word = LANGUAGES[0].common.split()[0]
    yield "filtered by language", f"/search/?q={word}&language=en"
    yield "filtered by speaker", f"/search/?q={word}&speaker=ann"
    yield "filtered by days", f"/search/?q={word}&after=2025-01-01"
    yield "filtered by state", f"/search/?q={word}&state={Job.State.FAILED}"
    yield "filtered by length", f"/search/?q={word}&least=12"


def _measured(name: str, client: Client, address: str, rounds: int) -> Measured:
    client.get(address)  # What a server looks up once a minute is known then.
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answers {answer.status_code}")
    count = len(captured) - SIGNED_IN
    seconds, work = [], []
    for _ in range(rounds):
        started, worked = time.perf_counter(), time.process_time()
        client.get(address)
        seconds.append(time.perf_counter() - started)
        work.append(time.process_time() - worked)
    return Measured(name, tuple(seconds), tuple(work), count, len(gzip.compress(answer.content, 6)))
