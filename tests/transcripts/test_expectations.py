"""What becomes of each file of `tests/data`, with real weights: the whole way of `manage.py transcribe`."""

import csv
import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from tests.conftest import DATA
from transcripts.models import Job, Recording

pytestmark = [pytest.mark.weights, pytest.mark.timeout(900)]

REFERENCE = (DATA / "jfk.txt").read_text(encoding="utf-8")
ALIKE = 0.9
"""Share of letters in common from which two texts count as the same: a word or two may be misheard."""


@pytest.fixture
def expected(data: Path) -> dict[str, set[str]]:
    """Return what each file may become, by its path in `tests/data`."""
    with (data / "EXPECT.tsv").open(encoding="utf-8") as file:
        return {row["path"]: set(row["expect"].split("_or_")) for row in csv.DictReader(file, delimiter="\t")}


def test_files_become_what_is_expected(expected: dict[str, set[str]], data: Path, tmp_path: Path, db: None) -> None:
    User.objects.create_superuser("root")
    with pytest.raises(CommandError) as failure:
        call_command("transcribe", *(data / path for path in expected), language="en", output=tmp_path)
    refused = {path for path in expected if f"{data / path}: " in str(failure.value)}

    found = {path: "error" if path in refused else _outcome(path) for path in expected}

    assert {path: kind for path, kind in found.items() if kind not in _allowed(expected[path])} == {}
    media = {path for path, kinds in expected.items() if kinds != {"error"}}
    assert set(Recording.objects.values_list("original_filename", flat=True)) <= {Path(path).name for path in media}


def _allowed(kinds: set[str]) -> set[str]:
    """Return the outcomes that fulfil an expectation: more than a part is as good as one, and we set no limit of hours."""
    return kinds | ({"speech"} if "speech_part" in kinds else set()) | ({"no_speech"} if "limit" in kinds else set())


def _outcome(path: str) -> str:
    segments = Job.objects.get(recording__original_filename=Path(path).name).segments.all()
    said, reference = _words("".join(segment.text for segment in segments)), _words(REFERENCE)
    if not said:
        return "no_speech"
    for kind, wanted in (
        ("speech", reference),
        ("speech_twice", reference * 2),
        ("speech_part", reference[: len(said)]),
    ):
        if SequenceMatcher(None, " ".join(said), " ".join(wanted), autojunk=False).ratio() >= ALIKE:
            return kind
    return f"something else: {' '.join(said)}"


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())
