"""Signs of life while code runs that cannot speak for itself."""

import threading
import time
from collections.abc import Callable

SIGN_OF_LIFE_SECONDS = 5.0
"""While an engine is being loaded or one long call runs, a line goes out at least this often."""
LONGEST_CALL_SECONDS = 1800.0
"""For so long at the most: one batch on a large model and a slow machine. A library that hangs must be found out."""


class SignsOfLife:
    """Calls a function every few seconds from a thread, while a block of code runs that cannot speak for itself."""

    def __init__(self, call: Callable[[], None], longest_seconds: float) -> None:
        self._call = call
        self._deadline = time.monotonic() + longest_seconds
        self._over = threading.Event()

    def __enter__(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def __exit__(self, *exception: object) -> None:
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(SIGN_OF_LIFE_SECONDS) and time.monotonic() < self._deadline:
            self._call()
