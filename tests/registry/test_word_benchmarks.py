from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from registry import word_benchmarks
from speech.attribution import Attribution

STM = """;; what is said
talk 1 anna 0.000 4.000 who is there
talk 1 ben 3.000 5.000 me

talk 1 anna 6.000 7.000 ah
"""


@pytest.fixture
def folder(tmp_path: Path, data: Path) -> Path:
    (tmp_path / "talk.flac").symlink_to(data / "jfk.flac")
    (tmp_path / "talk.stm").write_text(STM, encoding="utf-8")
    (tmp_path / "alone.flac").symlink_to(data / "jfk.flac")
    return tmp_path


def test_conversations_reads_who_says_what_and_when(folder: Path):
    [one] = word_benchmarks.conversations(folder)

    assert one.media == folder / "talk.flac"
    assert one.turns == ((0.0, 4.0, 1), (3.0, 5.0, 2), (6.0, 7.0, 1))
    assert [(said.text, said.speaker) for said in one.reference] == [
        ("who", 1), ("is", 1), ("there", 1), ("me", 2), ("ah", 1),
    ]  # fmt: skip
    assert [round(said.time, 2) for said in one.reference] == [0.46, 1.54, 2.92, 3.67, 6.33]


def test_pooled_sums_what_is_wrong():
    ways = {"selenite": Attribution(1, 10, 2, 12)}
    rows = [word_benchmarks.Figures(name, 2, 3, ways) for name in ("one", "other")]

    assert word_benchmarks.pooled(rows) == word_benchmarks.Figures("all", 4, 6, {"selenite": Attribution(2, 20, 4, 24)})


def test_command_says_that_nobody_wrote_down_who_says_what(tmp_path: Path):
    with pytest.raises(CommandError, match="no recording with a .stm beside it"):
        call_command("benchmark", "words", str(tmp_path))


@pytest.mark.weights
def test_command_prints_how_many_words_have_the_wrong_speaker(data: Path, tmp_path: Path, settings):
    settings.WEIGHTS_DIR = settings.BASE_DIR / "models"
    (tmp_path / "talk.flac").symlink_to(data / "jfk.flac")
    text = (data / "jfk.txt").read_text(encoding="utf-8")
    (tmp_path / "talk.stm").write_text(f"talk 1 kennedy 0.0 11.0 {text}", encoding="utf-8")
    out = StringIO()

    call_command("benchmark", "words", str(tmp_path), diarizer="reference", stdout=out)

    row = next(line for line in out.getvalue().splitlines() if line.startswith("all"))
    assert row.split() == ["all", "selenite", "1", "/", "1", "0.00", "0", "22", "0.00", "0", "22"]
