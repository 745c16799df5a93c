"""What the documents say is what the program does."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from preferences.models import Settings, UserDefaults
from speech.options import ACCEPTED

ROOT = Path(__file__).parent.parent
PROGRAM = ("selenite", "speech", "registry", "preferences", "tags", "transcripts", "sysinfo", "tests/e2e")
READ = re.compile(r'(?:environment\.\w+\(|environ\.get\(|environ\[)\s*"([A-Z0-9_]+)"')
ELSEWHERE = {"TORCH_INDEX"}
"""Read by the Makefile."""
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "CT2_FORCE_CPU_ISA", "OMP_NUM_THREADS", "PATH", "HOME", "TERM", "COLUMNS"}


def _variables_read() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for folder in PROGRAM for path in (ROOT / folder).rglob("*.py")]
    return {name for source in sources for name in READ.findall(source)} - NOT_OURS


def test_every_variable_is_documented_and_every_documented_one_is_read():
    documented = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(documented) == len(set(documented))
    assert set(documented) == _variables_read() | ELSEWHERE


def test_makefile_reads_the_variables_documented_for_it():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"{name} ?=" in makefile for name in ELSEWHERE)


def option_rows() -> list[str]:
    """Return the rows of the table of the engines' options. An option that both have alike stands once."""
    engines = [name for name in ACCEPTED if name != "fake"]
    rows = {
        option: [engine for engine in engines if option in ACCEPTED[engine]]
        for engine in engines
        for option in ACCEPTED[engine]
    }
    return [
        f"| `{option.name}` | {'both' if len(having) > 1 else having[0]} | {option.kind} | {option.default} | {option.meaning} |"
        for option, having in rows.items()
    ]


def test_every_option_of_an_engine_is_documented():
    page = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `.*$", page, re.MULTILINE) == option_rows()


def _commands_in_readme() -> list[str]:
    return re.findall(
        r"^(make .*|\.venv/bin/python manage\.py .*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )


def test_readme_names_only_make_targets_that_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {command.split()[1] for command in _commands_in_readme() if command.startswith("make ")}
    assert named == {"run", "test"}
    assert named <= targets


@pytest.mark.parametrize("line", [line for line in _commands_in_readme() if "manage.py" in line])
def test_readme_command_is_understood(line: str):
    """The command's own parser takes the line as it stands; nothing is run."""
    name, *arguments = shlex.split(line, comments=True)[2:]
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    assert vars(parser.parse_args(arguments))


def test_every_setting_of_the_pages_is_documented_once():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    fields = [field for model in (Settings, UserDefaults) for field in model._meta.fields]
    settings = [field.name for field in fields if field.name not in ("id", "user", "restart_requested_at")]
    assert sorted(documented) == sorted(settings)
    assert "`restart_requested_at` is no setting" in text
