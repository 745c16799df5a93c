"""The attack on everything, and what it measures with."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from transcripts.chaos import journal, place, servers
from transcripts.chaos.checks import Check
from transcripts.chaos.options import Options
from transcripts.chaos.report import all_hold, lines

KILLS = 30


def _journal(tmp_path: Path, *events: tuple[str, int, tuple[int, int]], rest: str = "") -> list[journal.Event]:
    """Write a log of events, a second apart, and read it."""
    path = tmp_path / "engine.log"
    values = [
        {"event": event, "at": float(at), "pid": pid, "work": "a1b2.pcm", "pieces": pieces}
        for at, (event, pid, pieces) in enumerate(events)
    ]
    path.write_text("".join(json.dumps(value) + "\n" for value in values) + rest)
    return journal.read(path)


def test_journal_finds_two_engines_at_work_on_one_recording(tmp_path):
    events = _journal(
        tmp_path,
        ("begin", 1, (0, 2)),
        ("begin", 2, (0, 2)),
        ("step", 1, (0, 2)),
        ("step", 2, (0, 2)),
        ("end", 2, (0, 2)),
    )

    assert journal.overlaps(events) == ["a1b2 by 1 and 2 at 2.00"]


def test_journal_finds_nothing_where_one_engine_follows_another(tmp_path):
    events = _journal(
        tmp_path,
        ("begin", 1, (0, 2)),
        ("step", 1, (0, 2)),
        ("begin", 2, (0, 2)),
        ("end", 2, (0, 2)),
        ("begin", 1, (2, 4)),
    )

    assert journal.overlaps(events) == []
    assert journal.begun(events) == Counter({"a1b2": 3})
    assert journal.first_begin(events, after=2.0) == 4.0


def test_journal_leaves_out_a_line_that_was_cut_off(tmp_path):
    assert len(_journal(tmp_path, ("begin", 1, (0, 2)), rest='{"event": "en')) == 1
    assert journal.read(tmp_path / "none") == []


def test_run_touches_nothing_of_the_installation(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://the.real.one/selenite")
    monkeypatch.setenv("REDIS_URL", "redis://the.real.one")
    monkeypatch.setenv("SELENITE_MEDIA_DIR", "/the/real/one")

    environment = place.environment(Options(kills=1, jobs=1, seed=1), tmp_path)

    assert "the.real.one" not in str(environment)
    assert "/the/real/one" not in environment.values()
    assert environment["SELENITE_DATA_DIR"] == str(tmp_path)


@pytest.mark.parametrize(
    ("options", "package"),
    [({"database": "postgres"}, "postgresql"), ({"broker": "redis"}, "redis-server")],
)
def test_command_names_the_package_that_is_missing(options, package, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(servers, "POSTGRES_FOLDERS", str(tmp_path))

    with pytest.raises(CommandError, match=f"On Debian and Ubuntu: apt install {package}$"):
        call_command("chaos", **options)


@pytest.mark.parametrize("options", [{"jobs": 0}, {"kills": -1}, {"clusters": 0}, {"clusters": 99}])
def test_command_refuses_what_makes_no_sense(options):
    with pytest.raises(CommandError, match="Choose at least one job"):
        call_command("chaos", **options)


@pytest.mark.django_db
def test_command_names_the_weights_that_are_missing(settings, tmp_path):
    settings.WEIGHTS_DIR = tmp_path

    with pytest.raises(CommandError, match="manage.py weights install tiny.en$"):
        call_command("chaos", engine="faster-whisper")
    with pytest.raises(CommandError, match="There is no model 'huge' for whisper. Known models: tiny, "):
        call_command("chaos", engine="whisper", model="huge")
    settings.WEIGHTS_SOURCES = ["index"]
    with pytest.raises(
        CommandError, match="No source that is allowed here has small: bring the folder whisper/small by hand"
    ):
        call_command("chaos", engine="whisper", model="small")


def test_command_does_not_run_inside_another_installation(tmp_path):
    with pytest.raises(CommandError, match="This is not the installation"):
        call_command("chaos", inside=tmp_path)


def test_broken_invariant_is_named():
    check = Check(2, "no job is computed twice at once", ("a1b2 by 1 and 2",))
    spread = {"count": 0, "median": None, "longest": None}
    told = {
        "checks": [{"number": 2, "name": check.name, "holds": check.holds, "broken": list(check.broken)}],
        **dict.fromkeys(
            ("kills", "requests", "seconds", "jobs", "batches", "batches_repeated", "pages", "page_errors"), 1
        ),
        "kinds": {},
        "recovery_seconds": spread,
        "stop_seconds": spread,
        "states": {"completed": 1},
        "load": 0.5,
    }

    assert not all_hold(told)
    assert lines(told)[-1] == " 2 no job is computed twice at once           BROKEN\n     a1b2 by 1 and 2"


@pytest.mark.chaos
def test_nothing_is_lost_in_thirty_kills():
    options = ("--kills", str(KILLS), "--clusters", "2", "--json")
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "chaos", *options]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ})

    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    told = json.loads(ended.stdout)
    assert told["kills"] == KILLS
    assert told["batches"] > KILLS
    assert told["states"].keys() <= {"completed", "cancelled"}
    assert [check["number"] for check in told["checks"]] == list(range(1, 12))
