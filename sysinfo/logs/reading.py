"""The log files, for the page that shows them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"^(selenite|error)-(\d{8}-\d{6})\.log(?:\.(\d))?$")
RECORD = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ ([A-Z]+) \[(\d+)\] (\S+): (.*)$", re.MULTILINE)
"""As `selenite.settings.LOG_FORMAT` has it. What goes on below it is indented."""
LEVELS = {"all": (), "warning": ("WARNING", "ERROR", "CRITICAL"), "error": ("ERROR", "CRITICAL")}
MOST_RECORDS = 200
ERRORS = "error"
"""The kind of file that has errors only."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of one start; `part` counts the full ones, 0 is the one that is written to."""

    path: Path
    kind: str
    start: str
    part: int
    size_bytes: int

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the log; `details` are the lines that belong to it, such as where in the program it was."""

    time: str
    level: str
    process: str
    logger: str
    message: str
    details: str

    @property
    def is_bad(self) -> bool:
        return self.level in LEVELS["error"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records of a file, the newest first. `before` is where older ones end; None where there are none."""

    records: list[Record]
    before: int | None


def files() -> list[LogFile]:
    """Return the log files, the newest start first, and of one start the newest part."""
    try:
        paths = list(settings.LOG_DIR.iterdir())
    except OSError:
        return []
    found = [file for path in paths if (file := _file(path))]
    return sorted(found, key=lambda file: (file.start, file.kind != ERRORS, -file.part), reverse=True)


def last_written(files: Sequence[LogFile]) -> LogFile:
    """Return the file in which most lately something was written: that of the service, where a command began one after it."""
    return max(files, key=lambda file: (file.kind != ERRORS, _written_ns(file)))


def _written_ns(file: LogFile) -> int:
    try:
        return file.path.stat().st_mtime_ns
    except OSError:
        return 0


def find(name: str) -> LogFile | None:
    """Return the log file of this name; None where there is none, whatever else is there."""
    return _file(settings.LOG_DIR / name) if NAME.match(name) else None


def read(file: LogFile, *, level: str = "all", before: int | None = None, most: int = MOST_RECORDS) -> Stretch:
    """Return the newest records of a level or worse that begin before a position in the file, in bytes."""
    text = file.path.read_bytes()
    wanted, matches = LEVELS[level], list(RECORD.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    found = [
        (match, end)
        for match, end in zip(matches, ends, strict=True)
        if (before is None or match.start() < before) and (not wanted or match[2].decode() in wanted)
    ]
    shown = found[-most:]
    older = shown[0][0].start() if len(found) > most else None
    return Stretch([_record(match, text[match.end() : end]) for match, end in reversed(shown)], older)


def _file(path: Path) -> LogFile | None:
    match = NAME.match(path.name)
    if match is None or path.is_symlink() or not path.is_file():
        return None
    return LogFile(path, match[1], match[2], int(match[3] or 0), path.stat().st_size)


def _record(match: re.Match[bytes], rest: bytes) -> Record:
    time, level, process, logger, message = _texts(match.groups())
    details = "\n".join(line.removeprefix("    ") for line in rest.decode("utf-8", "replace").strip("\n").split("\n"))
    return Record(time, level, process, logger, message, details)


def _texts(values: tuple[bytes, ...]) -> Iterator[str]:
    return (value.decode("utf-8", "replace") for value in values)
