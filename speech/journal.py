"""What an engine process really computes, written down for `manage.py chaos` where SELENITE_ENGINE_LOG names a file.

One JSON object a line: `event` (begin, step or end of a stretch), `at` (seconds of the machine's monotonic clock), `pid`,
`work` (name of the work file) and `pieces` (first, one past the last). A line is one write: it is there whole or not at all.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path


def open_journal() -> Callable[[str, Path, int, int], None]:
    """Return a function that notes an event of work on some pieces, or does nothing where no file is named."""
    name = os.environ.get("SELENITE_ENGINE_LOG")
    if not name:
        return _ignore
    descriptor = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(event: str, work: Path, first: int, last: int) -> None:
        line = {"event": event, "at": time.monotonic(), "pid": os.getpid(), "work": work.name, "pieces": [first, last]}
        os.write(descriptor, json.dumps(line).encode() + b"\n")

    return note


def _ignore(event: str, work: Path, first: int, last: int) -> None:
    return
