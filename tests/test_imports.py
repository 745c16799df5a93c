"""Web and worker start quickly and stay small: they never load what only the engine process needs."""

import subprocess
import sys

import pytest

HEAVY = {"av", "ctranslate2", "faster_whisper", "numpy", "onnxruntime", "pyannote", "torch", "whisper"}
WEB = "import selenite.wsgi; from django.urls import get_resolver; get_resolver().url_patterns; import django.contrib.admin"
WORKER = "import django; django.setup(); import transcripts.cluster, transcripts.broker, transcripts.worker"


@pytest.mark.parametrize("program", [WEB, WORKER], ids=["web", "worker"])
def test_program_loads_no_heavy_library(program):
    report = f"{program}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    output = subprocess.run([sys.executable, "-c", report], check=True, capture_output=True, text=True).stdout

    loaded = set(output.split())
    assert {"django", "transcripts", "registry", "speech"} <= loaded
    assert loaded & HEAVY == set()
