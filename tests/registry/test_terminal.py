"""How commands are written so that they can be copied and run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from registry import terminal
from registry.resolver import NothingRunnable, available, resolve

PROGRAM = ("selenite", "registry", "preferences", "tags", "transcripts", "sysinfo", "templates")
WITHOUT_ENVIRONMENT = re.compile(
    r"[“`\"'](?:Run: )?(?:python3? |pip |manage\.py )|Run: (?:python|pip|manage)|by manage\.py"
)
"""How a sentence may name a command that does not run where it is copied to."""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have the program run in an environment that is not in its folder, and has a space in its path."""
    environment = tmp_path / "of anna"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python3").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "prefix", str(environment))
    return environment / "bin" / "python3"


def test_command_begins_with_the_environment_that_make_run_made():
    assert terminal.manage("weights list") == ".venv/bin/python manage.py weights list"
    assert terminal.pip("install six") == ".venv/bin/python -m pip install six"


@pytest.mark.parametrize("line", [terminal.manage("help"), terminal.pip("--version")])
def test_command_runs_in_a_shell_without_any_environment(line: str):
    bare = {"PATH": "/nowhere", "SELENITE_DATA_DIR": str(settings.DATA_DIR)}
    done = subprocess.run(["/bin/sh", "-c", line], cwd=terminal.folder(), env=bare, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_command_of_another_environment_has_its_quoted_path(elsewhere: Path):
    assert terminal.manage("migrate") == f"{shlex.quote(str(elsewhere))} manage.py migrate"


def test_command_of_an_environment_in_the_folder_is_relative(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("django.conf.settings.BASE_DIR", elsewhere.parents[2])
    assert terminal.manage("migrate") == "'of anna/bin/python3' manage.py migrate"


def test_where_the_environment_is_not_told_to_who_reads_a_job(db: None, weights_folder: Path, elsewhere: Path):
    fixes = [one.fix for one in available() if one.model == "base"]
    assert str(elsewhere) in fixes[0]
    for by_staff in (True, False):
        with pytest.raises(NothingRunnable) as refusal:
            resolve(by_staff=by_staff)
        assert str(refusal.value).endswith("Run: python3 manage.py weights install base")


def test_every_sentence_names_commands_through_this_place():
    root = Path(settings.BASE_DIR)
    texts = {
        path: path.read_text("utf-8")
        for folder in PROGRAM
        for path in (root / folder).rglob("*.*")
        if path.suffix in (".py", ".html")
    }
    lines = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path, text in texts.items()
        for line in re.sub(r'"""(?:.|\n)*?"""', "", text).splitlines()
        if WITHOUT_ENVIRONMENT.search(line.partition("  # ")[0])
    ]
    assert lines == []
