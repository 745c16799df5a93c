"""What the command prints."""

import json

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_command_tells_every_subject_in_words(capsys):
    call_command("sysinfo", quick=True)
    said = capsys.readouterr().out
    titles = [line for line in said.splitlines() if line and not line.startswith(" ")]
    assert titles == [
        "System",
        "Processor",
        "Memory",
        "Graphics cards",
        "Recognition",
        "Speed",
        "Storage",
        "Network",
        "Queue",
        "Software",
    ]
    assert max(len(line) for line in said.splitlines()) <= 100


def test_command_prints_json_that_a_script_can_read(capsys):
    call_command("sysinfo", quick=True, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["software"]["selenite"] == "0.1.0"
    assert found["unknown"]["disk_speeds"]
