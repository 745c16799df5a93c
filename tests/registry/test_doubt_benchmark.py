"""Whether the words that are shown as perhaps wrong are."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_command_needs_two_recordings_to_judge_one_by_the_other(tmp_path: Path, data: Path):
    (tmp_path / "talk.flac").symlink_to(data / "jfk.flac")
    (tmp_path / "talk.txt").write_text("And so", encoding="utf-8")
    with pytest.raises(CommandError, match="no two recordings with a .txt beside them"):
        call_command("benchmark", "doubt", str(tmp_path))


@pytest.mark.weights
def test_command_prints_how_many_of_the_most_doubtful_words_are_wrong(data: Path, tmp_path: Path, settings):
    settings.WEIGHTS_DIR = settings.BASE_DIR / "models"
    text = (data / "jfk.txt").read_text(encoding="utf-8")
    for number in range(2):
        (tmp_path / f"talk{number}.flac").symlink_to(data / "jfk.flac")
        (tmp_path / f"talk{number}.txt").write_text(text.replace("country", "county"), encoding="utf-8")
    out = StringIO()

    call_command("benchmark", "doubt", str(tmp_path), stdout=out)

    row = next(line for line in out.getvalue().splitlines() if line.startswith("all"))
    assert row.split()[:2] == ["all", "44"]
