"""A running installation in a folder of its own, and what is done in it beside the browser."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import DATA, PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
STOP_SECONDS = 30

CONSOLE = """
import contextlib, io, json, sys, traceback
from django.db import connection
for line in sys.stdin:
    said, is_done = io.StringIO(), True
    try:
        with contextlib.redirect_stdout(said):
            exec(json.loads(line), dict(globals()))
    except Exception:
        is_done = False
        said.write(traceback.format_exc())
    connection.close()
    print(json.dumps([is_done, said.getvalue()]), flush=True)
"""
PERSON = """
from django.contrib.auth.models import User
User.objects.create_user({name!r}, password={password!r}, is_staff={is_staff}, is_superuser={is_superuser})
"""
COPY = """
from uuid import uuid4
from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction
from transcripts.models import Job, Recording, Segment
from transcripts.models.recording import Playback
from transcripts.search import index
owner = User.objects.get(username={to!r})
recording = Recording.objects.get(owner__username={of!r}, original_filename={file!r})
job, segments = recording.shown_job, list(recording.shown_job.segments.all())
with transaction.atomic(), open(recording.media.path, "rb") as media:
    recording.pk, recording.owner, recording._state.adding = uuid4(), owner, True
    recording.shown_job, recording.playback, recording.playback_state = None, "", Playback.WAITING
    recording.media.save(recording.original_filename, File(media))
    job.pk, job.owner, job.recording, job._state.adding = uuid4(), owner, recording, True
    job.save()
    for segment in segments:
        segment.pk, segment.job = None, job
    Segment.objects.bulk_create(segments)
    Recording.objects.filter(pk=recording.pk).update(shown_job=job)
    index.rebuild(recording.pk)
"""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    password: str = PASSWORD


class Console:
    """A process of the installation that runs what it is told, so that Django starts once and not for every line."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", CONSOLE]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, code: str) -> str:
        """Run lines of Python and return what they print."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        is_done, said = json.loads(self._process.stdout.readline())
        assert is_done, said
        return str(said)

    def close(self) -> None:
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    environment: dict[str, str]
    log: Path
    console: Console
    transcribed: dict[str, Person]
    """Who has a file of the test data, transcribed without speakers, to copy it from."""

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run one of its commands and return what it prints."""
        return _manage(self.environment, *arguments, stdin=stdin)

    def run(self, code: str) -> str:
        """Run lines of Python in it and return what they print."""
        return self.console.run(code)

    def add_person(self, *, is_staff: bool = False, is_superuser: bool = False) -> Person:
        person = Person(f"person-{secrets.token_hex(4)}")
        rights = {"is_staff": is_staff or is_superuser, "is_superuser": is_superuser}
        self.run(PERSON.format(name=person.name, password=person.password, **rights))
        return person

    def transcribe(self, path: Path, person: Person, *, diarize: bool = True) -> None:
        """Give somebody a recording that tiny.en transcribes."""
        options = ("--owner", person.name, "--model", "tiny.en", "--output", str(self.log.parent))
        self.manage("transcribe", str(path), *options, "--diarize" if diarize else "--no-diarize")

    def give(self, file: str, person: Person) -> None:
        """Give somebody a file of the test data and its text, without speakers. It is transcribed once, and copied from then on."""
        source = self.transcribed.get(file)
        if source is None:
            source = self.add_person()
            self.transcribe(DATA / file, source, diarize=False)
            self.transcribed[file] = source
        self.run(COPY.format(of=source.name, to=person.name, file=file))


def _manage(environment: dict[str, str], *arguments: str, stdin: str = "") -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running_server(folder: Path, **environment: str) -> Iterator[Server]:
    """Run web and worker as `make run` does, on a free port, in a folder, with more in the environment if need be."""
    port, log = _free_port(), folder / "log"
    environment = _environment(folder) | environment
    _manage(environment, "migrate", "--verbosity", "0")
    _manage(environment, "collectstatic", "--no-input", "--verbosity", "0")
    server = Server(f"http://127.0.0.1:{port}", environment, log, Console(environment), {})
    with log.open("w") as file:
        command = [sys.executable, "manage.py", "up", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True)
    try:
        _wait_until_it_answers(server, process)
        yield server
    finally:
        server.console.close()
        _stop(process)


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a fresh installation: ours without what the settings would read from it."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SELENITE_", "DJANGO_", "DATABASE_"))
    }
    return kept | {"SELENITE_DATA_DIR": str(folder), "SELENITE_STATIC_DIR": str(folder / "static")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(server.url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The server does not answer:\n{server.log.read_text()}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop the server as a service manager does. It has to end by itself, with all its processes."""
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(timeout=STOP_SECONDS) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.wait()
