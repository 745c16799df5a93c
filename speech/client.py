"""The worker's end of the pipe to an engine process: start it, ask, hear, end it.

This module imports nothing heavy: the web and worker processes use it to reach the libraries that they never load.
The protocol is described in `speech.server`.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from speech.types import EngineError, Json, Media, UnreadableMedia

PROGRAM_DIR = Path(__file__).resolve().parent.parent
READ_BYTES = 1 << 16
SECRETS = ("SELENITE_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "HF_TOKEN")
"""Variables that the engine process has no use for and is not given."""

MEMORY_SETTINGS = {"MALLOC_ARENA_MAX": "2"}
"""With glibc's arena for each thread an engine's memory creeps up over hours: base, 30 minutes, 1560 MB against 1281 MB."""

LEFT_ALONE_STATUS = 75
"""The exit status of an engine process that ended because nobody said that its work is still wanted (EX_TEMPFAIL)."""

PROBE_SECONDS = 60
"""How long a file may take to be recognised: seconds are common on slow disks, a minute means that it is hostile."""
SECLUSION_SECONDS = 10
PROBE_MEMORY_BYTES = 2 << 30


class EngineDied(EngineError):
    """The engine process ended without being asked to. `returncode` is negative for a signal, as in subprocess."""

    code = "engine_died"

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode
        self.was_left_alone = returncode == LEFT_ALONE_STATUS
        super().__init__(_explain(returncode), permanent=False)


def _explain(returncode: int) -> str:
    """Return in words why a process ended."""
    if returncode == -signal.SIGKILL:
        return "The engine process was killed, probably for want of memory."
    if returncode < 0:
        return f"The engine process crashed ({signal.Signals(-returncode).name})."
    return f"The engine process ended unexpectedly (exit status {returncode})."


class EngineProcess:
    """A running `python -m speech`. Start it from the main thread: it dies with the thread that started it."""

    def __init__(self, *arguments: str) -> None:
        environment = MEMORY_SETTINGS | {name: value for name, value in os.environ.items() if name not in SECRETS}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "speech", "--parent", str(os.getpid()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROGRAM_DIR,
            env=environment,
            start_new_session=True,
        )
        self._buffer = b""
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, kind: str, **fields: Any) -> str:
        """Send a request and return its id, which every reply to it carries. Raises EngineDied where nobody listens."""
        request_id = uuid4().hex
        self._write({"type": kind, "id": request_id, **fields})
        return request_id

    def ask_to_stop(self, request_id: str) -> None:
        """Ask for a request to end between two steps; it answers `stopped`, or `done` if it was quicker."""
        self._write({"type": "stop", "id": request_id})

    def go_on(self) -> None:
        """Say that the work is still wanted, which a process that was started with `--silence` has to hear."""
        self._mention("go_on")

    def keep(self) -> None:
        """Say that a batch is written, so that the next one may begin."""
        self._mention("kept")

    def receive(self, *, timeout_seconds: float) -> list[Json]:
        """Return the replies that have come, waiting for the first one. Empty after the time. Raises EngineDied."""
        if not self._selector.select(timeout_seconds):
            return []
        assert self._process.stdout is not None
        data = os.read(self._process.stdout.fileno(), READ_BYTES)
        if not data:
            raise EngineDied(self._process.wait())
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def replies(self, request_id: str, *, timeout_seconds: float) -> Iterator[Json]:
        """Yield the replies to one request up to its end. Raises EngineError on `error`, on death and on silence for this long."""
        heard = time.monotonic()
        while True:
            messages = self.receive(timeout_seconds=1.0)
            for message in messages:
                heard = time.monotonic()
                if message.get("id") != request_id:
                    continue
                raise_error(message)
                yield message
                if message["type"] in ("done", "stopped"):
                    return
            if time.monotonic() - heard > timeout_seconds:
                self.kill()
                raise EngineError("The engine process did not answer in time.", permanent=False, code="engine_stalled")

    def close(self) -> None:
        """Let the process end by itself: it does at the end of its input. Kills it after 2 s."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def kill(self) -> None:
        """End the process now and collect it. Safe to call again."""
        self._process.kill()
        self._process.wait()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:
                continue

    def _mention(self, kind: str) -> None:
        """Say something that is not answered."""
        try:
            self._write({"type": kind})
        except EngineDied:  # `receive` tells, after the last replies.
            return

    def _write(self, request: Json) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request, allow_nan=False).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as err:
            raise EngineDied(self._process.wait()) from err


def raise_error(message: Json) -> None:
    """Raise the EngineError that an `error` reply stands for; do nothing for another reply."""
    if message["type"] != "error":
        return
    if message["code"] == UnreadableMedia.code:
        raise UnreadableMedia(message["message"])
    raise EngineError(message["message"], permanent=message["permanent"], code=message["code"])


def ask(kind: str, *, timeout_seconds: float, memory_bytes: int = 0, **fields: Any) -> Json:
    """Run one request in a process of its own and return its last reply. Raises EngineError."""
    process = EngineProcess("--memory", str(memory_bytes)) if memory_bytes else EngineProcess()
    try:
        request_id = process.send(kind, **fields)
        deadline = time.monotonic() + timeout_seconds
        for message in process.replies(request_id, timeout_seconds=timeout_seconds):
            if message["type"] == "done":
                return message
            if time.monotonic() > deadline:
                break
        raise EngineError("The engine process did not answer in time.", permanent=False, code="engine_stalled")
    finally:
        process.kill()


def reason_for_network() -> str:
    """Return why engine processes here are not cut off from the network, as a clause; empty where they are.

    Has a process of its own try it, which takes some hundredths of a second. Raises EngineError where that fails.
    """
    command = [sys.executable, "-m", "speech.seclusion"]
    try:
        done = subprocess.run(
            command, cwd=PROGRAM_DIR, capture_output=True, text=True, check=True, timeout=SECLUSION_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as err:
        raise EngineError("A process of the engine could not be started.", permanent=False) from err
    return done.stdout


def probe(path: Path) -> Media:
    """Return what a file holds, found by its content in a short-lived process with a limit on time and memory.

    Raises UnreadableMedia with a sentence for the person where it cannot be transcribed, also where looking at it crashed, and
    EngineError `media_away` where the disk does not give it.
    """
    try:
        reply = ask("probe", timeout_seconds=PROBE_SECONDS, memory_bytes=PROBE_MEMORY_BYTES, path=str(path))
    except UnreadableMedia:
        raise
    except EngineError as err:
        if err.code == "media_away":
            raise
        raise UnreadableMedia(
            "Could not read this file: opening it took too long or failed. It may be damaged."
        ) from err
    return Media.from_json(reply["media"])
