"""The queue on real servers: PostgreSQL for the rows, Redis for light tasks."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.transcripts.installation import ACCEPT, Installation
from transcripts.chaos import servers

pytestmark = pytest.mark.servers

PROCESSES, ROUNDS, LIMIT = 8, 12, 3
OUTAGE_SECONDS = 5
RACE = f"""
import json, multiprocessing
from django.contrib.auth.models import User
from django.db import connection, connections
from preferences.models import Settings
from transcripts import lease
from transcripts.claim import claim
from transcripts.models import Job, Recording

fork = multiprocessing.get_context("fork")
answers = fork.SimpleQueue()

def attempt():
    for _ in range(2):
        claimed = claim()
        answers.put(str(claimed.job_id) if claimed else "")
    connection.close()

Settings.load()
Settings.objects.update(concurrency={LIMIT})
owner = User.objects.create_user("racer")
recording = Recording.objects.create(owner=owner, title="", size_bytes=0, sha256="", media="none")
Job.objects.bulk_create(Job(recording=recording, owner=owner) for _ in range({PROCESSES * ROUNDS}))
rounds = []
for _ in range({ROUNDS}):
    connections.close_all()
    processes = [fork.Process(target=attempt) for _ in range({PROCESSES})]
    for process in processes:
        process.start()
    claimed = [job for job in (answers.get() for _ in range(2 * {PROCESSES})) if job]
    for process in processes:
        process.join()
    rounds.append([len(claimed), len(set(claimed)), Job.objects.running().count()])
    Job.objects.running().update(state="cancelled", **lease.FREE)
print(json.dumps(rounds))
"""

TEXTS = """
from django.contrib.auth.models import User
from transcripts.models import Job, Recording, Segment, Speaker
from transcripts.search import index

facts = dict(piece=0, mean_log_probability=0, no_speech_probability=0, compression_ratio=1, temperature=0)
owner, other = (User.objects.create_user(name) for name in ("searcher", "somebody"))
for who, title, texts in (
    (owner, "The Büdget", ["ask what your country can do", "nothing else", "Miał żółć w sercu", "well-known don't"]),
    (owner, "東京", ["私は東京タワーへ行った。", "सब हिन्दी में", "a 12:30 b 1e5 c ʻokina"]),
    (other, "A secret", ["ask what your country can do", "budget"]),
):
    recording = Recording.objects.create(owner=who, title=title, size_bytes=0, sha256="", media="none", duration_seconds=60)
    job = Job.objects.create(recording=recording, owner=who, state="completed", language="en")
    speakers = [Speaker.objects.create(job=job, number=number, name=name) for number, name in enumerate(("Zoë", "", "Łu Zo"))]
    for number, text in enumerate(texts):
        speaker = speakers[number % 3]
        Segment.objects.create(job=job, index=number, start=number, end=number + 1, text=text, speaker=speaker, **facts)
    recording.shown_job = job
    recording.save()
    index.rebuild(recording.pk)
"""

FOUND = """
import json
from django.contrib.auth.models import User
from tests.transcripts.search.test_finding import HOSTILE
from transcripts.models import Job, Recording, SearchEntry
from transcripts.search.filters import Filters
from transcripts.search.finding import search
from transcripts.search.query import parse
from transcripts.services import edits
from transcripts.services.delete import delete_recording

QUERIES = (
    "country", "coun*", "coun", '"your country"', '"country your"', "ask -what", "ask -moon", "budget", "zolc", "東京", "京タ", "行",
    "हिन्दी", "हिन", "हिन*", "12 30", "1e5", "okina", "don't", '"well known"', "secret", "1", "u1", "r*", "zoe",
)

FILTERS = (
    *(Filters(), Filters(speaker="zoe"), Filters(speaker="zo"), Filters(speaker="ben")),
    *(Filters(language="en", least_minutes=0.5), Filters(language="en", speaker="lu"), Filters(states=["failed"])),
)

def found():
    users = {name: User.objects.get(username=name) for name in ("searcher", "somebody")}
    return [
        [[one.recording.title, [hit.segment.text for hit in one.hits]] for one in search(user, parse(query), filters).found]
        for user in users.values()
        for filters in FILTERS
        for query in QUERIES + HOSTILE
    ]

"""

SEARCH = f"""{TEXTS}{FOUND}
finds = [found()]
job = Recording.objects.get(title="東京").shown_job
edits.rename(job.speakers.get(name="Zoë"), "Ben", author=None)
finds.append(found())
delete_recording(Recording.objects.get(title="The Büdget"))
finds.append(found())
print(json.dumps(finds))
"""

FOUND_AGAIN = f"""{FOUND}
print(json.dumps(found()))
"""

WITHOUT_NAMES = """
from transcripts.models import SearchEntry
for entry in SearchEntry.objects.all():
    SearchEntry.objects.filter(pk=entry.pk).update(scope=" ".join(entry.scope.split()[:2]))
"""


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[servers.PostgreSQL, str]]:
    """Start a PostgreSQL and return it with its address."""
    folder = tmp_path_factory.mktemp("postgres")
    for above in [folder, *folder.parents][:3]:  # The user who runs it has to come through.
        above.chmod(0o711)
    port = servers.free_port()
    with (folder / "log").open("ab") as log:
        server = servers.PostgreSQL(folder, port=port, log=log)
        server.start()
        yield server, f"postgres://selenite@127.0.0.1:{port}/postgres"
        server.crash()


@pytest.fixture
def on_postgres(installation: Installation, postgres: tuple[servers.PostgreSQL, str]) -> Installation:
    """Return an installation whose rows are in PostgreSQL: empty, but with the recording to accept."""
    installation.environment["DATABASE_URL"] = postgres[1]
    installation.run("migrate", "-v0")
    return installation


def test_claim_is_exact_on_postgres_when_processes_race(on_postgres: Installation):
    on_postgres.environment["SELENITE_JOB_SLOTS"] = str(PROCESSES)

    assert json.loads(on_postgres.shell(RACE)) == [[LIMIT, LIMIT, LIMIT]] * ROUNDS


SAME_RULE = """
import json
from concurrent.futures import ThreadPoolExecutor
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from transcripts.models import Rule

root = User.objects.create_superuser("root")

def save(number):
    client = Client(raise_request_exception=False, headers={"Host": "localhost"})
    client.force_login(root)
    try:
        return client.post("/admin/transcripts/rule/add/", {"find": f"word {number}", "replacement": "other"}).status_code
    finally:
        connection.close()

with ThreadPoolExecutor(4) as pool:
    rounds = [sorted(pool.map(save, [number] * 4)) for number in range(10)]
print(json.dumps([rounds, Rule.objects.count()]))
"""


def test_same_rule_saved_at_once_on_postgres_is_refused_in_the_form(on_postgres: Installation):
    on_postgres.run("collectstatic", "--no-input", "-v0")
    assert json.loads(on_postgres.shell(SAME_RULE)) == [[[200, 200, 200, 302]] * 10, 10]


def test_search_finds_the_same_on_postgres_as_on_sqlite(installation: Installation, postgres):
    on_sqlite = json.loads(installation.shell(SEARCH))
    installation.environment["DATABASE_URL"] = postgres[1]
    installation.run("migrate", "-v0")
    assert json.loads(installation.shell(SEARCH)) == on_sqlite
    assert sum(map(len, on_sqlite[0])) > 50


def test_names_are_found_on_postgres_after_the_migration_that_adds_them(on_postgres: Installation):
    last = json.loads(on_postgres.shell(SEARCH))[-1]
    on_postgres.shell(WITHOUT_NAMES)
    on_postgres.run("migrate", "transcripts", "0020", "-v0")
    # Asked of the index alone: the tables of then have not all columns of the models of now.
    named = (
        "from transcripts.models import SearchEntry; print(SearchEntry.objects.filter(scope__contains=' s').count())"
    )
    assert int(on_postgres.shell(named)) == 0
    on_postgres.run("migrate", "-v0")
    assert json.loads(on_postgres.shell(FOUND_AGAIN)) == last


def _job(installation: Installation) -> list[str]:
    """Return state, finished batches, claims and crashes of the only job; nothing while the database is away."""
    script = "from transcripts.models import Job; print(*Job.objects.values_list('state', 'batches_done', 'claims', 'crashes').get())"
    try:
        return installation.shell(script).split()
    except subprocess.CalledProcessError:
        return []


def _wait_for(installation: Installation, condition, *, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while not condition(job := _job(installation)):
        assert time.monotonic() < deadline, (job, (installation.folder / "log").read_text()[-4000:])
    return job


def test_job_finishes_on_its_first_claim_after_an_outage_of_postgres(on_postgres: Installation, postgres):
    on_postgres.environment["SELENITE_FAKE_SECONDS"] = "1"
    on_postgres.shell("from django.contrib.auth.models import User; User.objects.create_user('alice')")
    on_postgres.shell(ACCEPT.format(path=str(on_postgres.folder / "hum.wav")))
    on_postgres.start()
    _wait_for(on_postgres, lambda job: int(job[1]) >= 1, seconds=60)

    postgres[0].crash()
    time.sleep(OUTAGE_SECONDS)
    postgres[0].start()

    job = _wait_for(on_postgres, lambda job: job and job[0] == "completed", seconds=90)
    assert job[2:] == ["1", "0"]


@pytest.mark.parametrize(
    "options",
    [["--database", "postgres", "--clusters", "2"], ["--database", "postgres", "--broker", "redis", "--clusters", "2"]],
    ids=["postgres", "postgres and redis"],
)
def test_nothing_is_lost_in_ten_kills(options: list[str]):
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "chaos", "--kills", "10", "--jobs", "4", *options]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ})

    assert ended.returncode == 0, ended.stdout + ended.stderr[-4000:]
