"""An installation of its own for a test, whose real cluster can be attacked."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from django.conf import settings

SECONDS = 36
"""Eighteen pieces of the recogniser for tests."""
ACCEPT = """
from pathlib import Path
from django.contrib.auth.models import User
from transcripts.services.accept import JobRequest, accept_path
accept_path(Path({path!r}), owner=User.objects.get(), request=JobRequest("fake"))
"""
PREPARE = """
from pathlib import Path
from django.contrib.auth.models import User
from transcripts import lease, worker
from transcripts.engine import EngineHost
from transcripts.services.accept import JobRequest, accept_path
from transcripts.services.restart import transcribe_again
owner, path = User.objects.create_user("alice"), Path({path!r})
undisturbed = accept_path(path, owner=owner, request=JobRequest("fake"), then=lease.start_directly)
undisturbed.refresh_from_db()
worker.run(undisturbed.pk, undisturbed.lease_token, engine=EngineHost(), should_stop=str)
transcribe_again(undisturbed.recording, JobRequest("fake"))
"""
MORE = """
from uuid import uuid4
from transcripts.models import Job
for job in [Job.objects.get(state="queued")] * {number}:
    job.pk, job._state.adding = uuid4(), True
    job.save()
"""
TEXT = "SELECT piece, start, text, words FROM transcripts_segment s JOIN transcripts_job j ON j.id = s.job_id WHERE {} ORDER BY 1, 2"


@dataclass
class Installation:
    """A data folder of its own, and the cluster that runs on it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> str:
        """Run one of its commands and return what it prints."""
        command = self._command(*arguments)
        return subprocess.run(command, env=self._environment(), check=True, capture_output=True, text=True).stdout

    def shell(self, script: str) -> str:
        return self.run("shell", "-v0", "-c", script)

    def add_jobs(self, number: int) -> None:
        """Queue more jobs on the same recording."""
        self.shell(MORE.format(number=number))

    def allow_jobs(self, number: int) -> None:
        """Let so many jobs run at once on all machines."""
        self.shell(
            f"from preferences.models import Settings; Settings.load(); Settings.objects.update(concurrency={number})"
        )

    def start(self) -> psutil.Process:
        self.stop()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self._command("qcluster"), env=self._environment(), stdout=log, stderr=log)
        return psutil.Process(self.process.pid)

    def stop(self) -> None:
        """Kill whatever still runs."""
        if self.process is not None:
            for process in tree(self.process.pid):
                process.kill()
            self.process.wait()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]

    def _environment(self) -> dict[str, str]:
        own = {"DJANGO_SETTINGS_MODULE": "selenite.settings", "SELENITE_DATA_DIR": str(self.folder)}
        return {**os.environ, "SELENITE_FAKE_ENGINE": "1", "SELENITE_FAKE_SECONDS": "0.25", **own, **self.environment}

    def read(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=20, isolation_level=None)) as database:
            return database.execute(query).fetchall()

    @property
    def job(self) -> tuple[str, int, int, int]:
        """Return state, finished batches, claims and crashes of the job that the cluster runs."""
        [row] = self.read(
            "SELECT state, batches_done, claims, crashes FROM transcripts_job ORDER BY created_at DESC LIMIT 1"
        )
        return row

    @property
    def states(self) -> list[str]:
        return [state for (state,) in self.read("SELECT state FROM transcripts_job ORDER BY state")]

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, (self.job, (self.folder / "log").read_text()[-4000:])
            time.sleep(0.05)

    def wait_for_batch(self, number: int) -> None:
        self.wait_for(lambda: self.job[1] >= number)

    def wait_for_end(self, *, seconds: float = 30) -> None:
        self.wait_for(lambda: self.job[0] == "completed", seconds=seconds)

    @property
    def texts(self) -> list[list[tuple]]:
        """Return the segments of the undisturbed job, and of the one that the cluster runs."""
        order = "j.id = (SELECT id FROM transcripts_job ORDER BY created_at {} LIMIT 1)"
        return [self.read(TEXT.format(order.format(way))) for way in ("ASC", "DESC")]

    def has_the_text_of_an_undisturbed_run(self) -> bool:
        undisturbed, disturbed = self.texts
        return undisturbed == disturbed and len(undisturbed) == SECONDS // 2

    @property
    def engine_deaths(self) -> int:
        """Return how many engines died in the job that the cluster runs, by what is noted on its row."""
        [(deaths,)] = self.read("SELECT deaths FROM transcripts_job ORDER BY created_at DESC LIMIT 1")
        return len(json.loads(deaths))

    @property
    def jobs(self) -> list[tuple[str, int, int, int]]:
        """Return the same of all jobs but the undisturbed one."""
        return self.read("SELECT state, batches_done, claims, crashes FROM transcripts_job ORDER BY created_at")[1:]


def tree(pid: int) -> list[psutil.Process]:
    """Return a process with all below it."""
    if not psutil.pid_exists(pid):
        return []
    main = psutil.Process(pid)
    return [main, *main.children(recursive=True)]


def part(main: psutil.Process, name: str) -> psutil.Process:
    """Return the process that shows itself by this name."""
    [found] = [process for process in main.children(recursive=True) if process.name() == name]
    return found


def count(main: psutil.Process, name: str) -> int:
    return [process.name() for process in main.children(recursive=True)].count(name)


def kill(process: psutil.Process) -> None:
    process.kill()
    process.wait(5)


def patiently(seconds: float) -> float:
    """Return a limit of time, longer where this machine has more to do than it can."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
