"""Programs that are run apart end with whoever runs them."""

import subprocess
import sys

import psutil
import pytest
from django.conf import settings

from speech.weights import WeightsError
from speech.weights.apart import run_apart
from tests.processes import still_running

SERVE = "from speech.weights.apart import run_apart; run_apart('http.server', '--bind', '127.0.0.1', '0')"


def test_program_ends_when_its_parent_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", SERVE], cwd=settings.BASE_DIR)
    try:
        while not (children := psutil.Process(parent.pid).children()):
            assert parent.poll() is None
    finally:
        parent.kill()
        parent.wait()

    assert still_running(children, within_seconds=10) == []


def test_program_that_fails_says_why():
    with pytest.raises(WeightsError, match="unrecognized arguments: --nonsense"):
        run_apart("http.server", "--nonsense")
