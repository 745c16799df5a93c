"""The log as its page shows it."""

from pathlib import Path

import pytest

from sysinfo.logs import reading
from sysinfo.logs.reading import LogFile

LINES = """2026-11-22 10:15:00,001 INFO [10] transcripts.worker: job 1 starts at batch 0
2026-11-22 10:15:01,002 WARNING [11] transcripts.light: no light task could be taken
2026-11-22 10:15:02,003 ERROR [10] transcripts.run: job 1 failed
    Traceback (most recent call last):
      File "run.py", line 1
    RuntimeError: zażółć
2026-11-22 10:15:03,004 INFO [10] transcripts.worker: job 1 is failed
"""


@pytest.fixture
def folder(settings, tmp_path: Path) -> Path:
    settings.LOG_DIR = tmp_path / "logs"
    settings.LOG_DIR.mkdir()
    return settings.LOG_DIR


@pytest.fixture
def file(folder: Path) -> LogFile:
    (folder / "selenite-20261122-101500.log").write_text(LINES, encoding="utf-8")
    [found] = reading.files()
    return found


def test_records_come_newest_first_with_what_belongs_to_them(file: LogFile):
    stretch = reading.read(file)
    assert [record.time[-8:] for record in stretch.records] == ["10:15:03", "10:15:02", "10:15:01", "10:15:00"]
    failed = stretch.records[1]
    assert (failed.level, failed.process, failed.logger, failed.message) == (
        "ERROR",
        "10",
        "transcripts.run",
        "job 1 failed",
    )
    assert failed.details == 'Traceback (most recent call last):\n  File "run.py", line 1\nRuntimeError: zażółć'
    assert stretch.before is None


@pytest.mark.parametrize(
    ("level", "times"), [("warning", ["02", "01"]), ("error", ["02"]), ("all", ["03", "02", "01", "00"])]
)
def test_level_leaves_out_what_is_less(file: LogFile, level: str, times: list[str]):
    assert [record.time[-2:] for record in reading.read(file, level=level).records] == times


def test_older_records_follow_without_a_gap(file: LogFile):
    newest = reading.read(file, most=3)
    older = reading.read(file, before=newest.before, most=3)
    assert [record.time[-2:] for record in (*newest.records, *older.records)] == ["03", "02", "01", "00"]
    assert older.before is None


def test_files_are_listed_newest_first_and_only_ours(folder: Path):
    names = [
        "selenite-20261122-101500.log",
        "selenite-20261122-101500.log.1",
        "error-20261122-101500.log",
        "selenite-20261121-080000.log",
    ]
    for name in [*names, "notes.txt", "selenite-2026.log", "selenite-20261122-101500.log.txt"]:
        (folder / name).write_text(LINES)
    (folder / "selenite-20261130-000000.log").symlink_to("/etc/passwd")
    assert [file.name for file in reading.files()] == names


def test_folder_that_is_not_there_has_no_files(settings, tmp_path: Path):
    settings.LOG_DIR = tmp_path / "away"
    assert reading.files() == []


@pytest.mark.parametrize(
    "name", ["", "../.secret_key", "selenite-20261122-101500.log/../../x", "error-20261122-101500.log"]
)
def test_file_that_is_none_of_ours_is_not_found(file: LogFile, name: str):
    assert reading.find(name) is None
