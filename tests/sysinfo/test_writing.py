"""Log files: whole lines from several processes, a bounded size, nothing that can be forged or that stops the program."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from selenite.settings import LOG_FORMAT
from sysinfo.logs.writing import SharedFile

MakeLog = Callable[..., logging.Logger]

MANY = """
import logging, sys
from sysinfo.logs.writing import SharedFile
log = logging.getLogger()
log.setLevel(logging.INFO)
log.addHandler(SharedFile(sys.argv[1], most_bytes=40_000, parts=50))
for number in range(1500):
    log.info("%s %d %s", sys.argv[2], number, "x" * (number % 90))
"""


@pytest.fixture
def make_log(tmp_path: Path) -> Iterator[MakeLog]:
    """Return a function that makes a logger with a file of its own."""
    logger = logging.getLogger("tests")

    def make(path: Path = tmp_path / "logs" / "selenite.log", **limits: int) -> logging.Logger:
        handler = SharedFile(path, **limits)
        handler.setFormatter(logging.Formatter(LOG_FORMAT, style="{"))
        logger.handlers = [handler]
        return logger

    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield make
    for handler in logger.handlers:
        handler.close()
    logger.handlers = []


def test_file_is_made_with_the_first_line(make_log: MakeLog, tmp_path: Path):
    log = make_log()
    assert not (tmp_path / "logs").exists()
    log.info("job %s starts", 7)
    text = (tmp_path / "logs" / "selenite.log").read_text()
    assert text.endswith(f" INFO [{os.getpid()}] tests: job 7 starts\n")


def test_processes_that_write_at_once_lose_and_tear_no_line(tmp_path: Path):
    path = tmp_path / "shared.log"
    writers = [subprocess.Popen([sys.executable, "-c", MANY, str(path), name]) for name in "abcd"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0, 0]
    files = sorted(tmp_path.glob("shared.log*"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(
        f"{name} {number} {'x' * (number % 90)}" for name in "abcd" for number in range(1500)
    )
    assert len(files) > 1


def test_full_file_is_renamed_and_the_sixth_takes_the_place_of_the_first(make_log: MakeLog, tmp_path: Path):
    path = tmp_path / "logs" / "selenite.log"
    log = make_log(path, most_bytes=100, parts=5)
    for number in range(20):
        log.info("%d %s", number, "x" * 100)
    names = [path.name, *(f"{path.name}.{part}" for part in range(1, 6))]
    assert sorted(file.name for file in path.parent.iterdir()) == names[1:]
    assert [path.with_name(name).read_text().split()[-2] for name in names[1:]] == ["19", "18", "17", "16", "15"]


def test_file_that_somebody_moved_is_made_anew(make_log: MakeLog, tmp_path: Path):
    path = tmp_path / "selenite.log"
    log = make_log(path)
    log.info("before")
    path.rename(tmp_path / "kept")
    log.info("after")
    assert "before" in (tmp_path / "kept").read_text()
    assert path.read_text().endswith("tests: after\n")


def test_message_cannot_look_like_a_record(make_log: MakeLog, tmp_path: Path):
    log = make_log(tmp_path / "a.log")
    log.error("one\n2026-01-01 00:00:00,000 INFO [1] forged: all is well")
    first, second = (tmp_path / "a.log").read_text().splitlines()
    assert first.endswith("tests: one")
    assert second.startswith("    2026-01-01")


def test_folder_that_is_away_stops_nothing_and_is_used_again(make_log: MakeLog, tmp_path: Path, capsys):
    (tmp_path / "logs").write_text("a file where the folder should be")
    log = make_log()
    log.info("lost on disk")
    (tmp_path / "logs").unlink()
    log.info("kept")
    assert (tmp_path / "logs" / "selenite.log").read_text().endswith("tests: kept\n")
    assert capsys.readouterr().err == ""


def test_full_disk_stops_nothing(make_log: MakeLog, capsys):
    make_log(Path("/dev/full")).info("no room")
    assert capsys.readouterr().err == ""


def test_letters_that_are_none_are_written_all_the_same(make_log: MakeLog, tmp_path: Path):
    make_log(tmp_path / "a.log").info("zażółć \udc80")
    assert (tmp_path / "a.log").read_text().endswith("tests: zażółć \\udc80\n")
