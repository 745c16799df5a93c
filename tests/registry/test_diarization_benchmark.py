import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

RTTM = """\
SPEAKER jfk 1 0.000 3.000 <NA> <NA> ann <NA> <NA>
SPEAKER jfk 1 3.000 3.000 <NA> <NA> ben <NA> <NA>
SPEAKER jfk 1 6.000 5.000 <NA> <NA> ann <NA> <NA>
"""


@pytest.fixture
def folder(data: Path, tmp_path: Path, settings: Settings) -> Path:
    """Return a folder with a recording of 11 s in which two people speak; the third turn is longer than the fake one."""
    settings.FAKE_ENGINE = True
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("jfk.opus", "jfk.mp3"):
        (folder / name).write_bytes((data / name).read_bytes())
    (folder / "jfk.rttm").write_text(RTTM, encoding="utf-8")
    return folder


def benchmark(*arguments: str) -> list[str]:
    output = StringIO()
    call_command("benchmark", "diarization", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_benchmark_prints_each_recording_and_all_together(folder: Path, tmp_path: Path):
    lines = benchmark(str(folder), "--diarizer", "fake", "--json", str(tmp_path / "figures.json"))

    rows = [line.split() for line in lines if line.startswith(("jfk", "all"))]
    # Of 11 s the last 2 are given to the second person. The collar takes 0.75 s, 0.125 s of it from those 2.
    assert [row[:6] for row in rows][:2] == [["jfk", "18.29", "0.00", "0.00", "18.29", "18.18"]] * 2
    assert [row[6:9] for row in rows] == [["2", "/", "2"], ["2", "/", "2"], ["4", "/", "4"]]
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in figures["fake"]] == ["jfk", "jfk", "all"]


def test_benchmark_says_which_diarizers_cannot_run(folder: Path):
    with pytest.raises(CommandError, match="There is no such diarizer here: vad"):
        benchmark(str(folder), "--diarizer", "vad")

    assert benchmark(str(folder))[0] == (
        "pyannote: not available. The weights pyannote-segmentation and ge2e of pyannote are not installed."
    )


def test_benchmark_needs_a_reference(folder: Path):
    (folder / "jfk.rttm").unlink()

    with pytest.raises(CommandError, match=r"There is no recording with an \.rttm beside it"):
        benchmark(str(folder))
