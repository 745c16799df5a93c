"""The engine process that a worker keeps: started when it is needed, ended when it is idle, dead or not answering."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from speech.client import EngineProcess, raise_error
from speech.types import EngineError, Json, UnreadableMedia

GO_ON_SECONDS = 1.0
"""How often the engine is told that its work is still wanted."""
ANSWER_SECONDS = 0.2
"""How long one wait for the engine's next line may be: a stop is seen as late."""
GRACE_SECONDS = {"drain": 0.0, "pause": 2.0, "cancel": 2.0}
"""How long an engine may take to obey a stop. In a cluster that stops it ends in any case."""


class EngineStalled(EngineError):
    """The engine process gave no sign of life for too long and was killed."""

    code = "engine_stalled"

    def __init__(self) -> None:
        super().__init__("The engine process stopped answering and was ended.", permanent=False)


class EngineHost:
    """Keeps one engine process. Use it from one thread: the process ends with the thread that started it."""

    def __init__(self) -> None:
        self._process: EngineProcess | None = None

    def request(
        self, kind: str, *, on_message: Callable[[Json], None], stop_wish: Callable[[], str], **fields: Any
    ) -> Json:
        """Make a request, give each reply to `on_message`, and return the last one: `done` or `stopped`.

        `stop_wish` is asked several times a second and returns drain, pause, cancel or nothing. The engine is ended
        where it stalls, fails, does not obey a stop, or a callback raises. Raises EngineError, of which EngineDied and
        EngineStalled.
        """
        process = self._running()
        try:
            return self._converse(process, process.send(kind, **fields), on_message, stop_wish)
        except UnreadableMedia:  # The file is to blame, not the engine.
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the engine process now. The next request starts another."""
        if self._process is not None:
            self._process.kill()
        self._process = None

    def _running(self) -> EngineProcess:
        if self._process is None or not self._process.is_alive():
            self.close()
            # A worker that is frozen, or cannot renew its lease, shall not keep an engine at work when the lease is over.
            silence = str(settings.JOB_LEASE_SECONDS / 2)
            self._process = EngineProcess("--idle", str(settings.ENGINE_IDLE_SECONDS), "--silence", silence)
        return self._process

    def _converse(
        self, process: EngineProcess, request_id: str, on_message: Callable[[Json], None], stop_wish: Callable[[], str]
    ) -> Json:
        heard = told = time.monotonic()
        deadline: float | None = None
        while deadline is None or time.monotonic() < deadline:
            for message in process.receive(timeout_seconds=ANSWER_SECONDS):
                heard = time.monotonic()
                if message.get("id") != request_id:
                    continue
                raise_error(message)
                if message["type"] in ("done", "stopped"):
                    return message
                on_message(message)
                if message["type"] == "batch":
                    process.keep()
            if time.monotonic() - heard > settings.ENGINE_STALL_SECONDS:
                raise EngineStalled
            wish = stop_wish()
            if time.monotonic() - told > GO_ON_SECONDS:
                told = time.monotonic()
                process.go_on()
            if wish and deadline is None:
                process.ask_to_stop(request_id)
                deadline = time.monotonic() + GRACE_SECONDS[wish]
        self.close()
        return {"type": "stopped"}
