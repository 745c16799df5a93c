"""A mirror of the publishers on the loopback, for tests: the weights of this checkout, as slowly as is told.

`python -m tests.mirror PORT [BYTES_PER_SECOND]` runs one by hand.
"""

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from speech.weights import CATALOGUE, DIARIZATION_CATALOGUE

BLOCK_BYTES = 1 << 16


@dataclass
class Mirror:
    """`bytes_per_second` is how quick it is, 0 for as quick as can be; None holds everything up."""

    folder: Path
    url: str = ""
    bytes_per_second: int | None = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    """The name of each file that was asked for, and the Range header."""

    def path_of(self, address: str) -> Path | None:
        """Return the file behind the address of a publisher, without its scheme."""
        for weights in (*CATALOGUE, *DIARIZATION_CATALOGUE):
            for file in weights.files:
                if file.url.partition("://")[2] == address:
                    return self.folder / weights.engine / weights.model / file.name
        return None


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        path = self.mirror.path_of(self.path.lstrip("/"))
        asked = self.headers.get("Range", "")
        self.mirror.requests.append((path.name if path else self.path, asked))
        if path is None or not path.exists():
            self.send_error(404)
            return
        start, size = int((re.findall(r"\d+", asked) or ["0"])[0]), path.stat().st_size
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(start)
            while block := file.read(BLOCK_BYTES):
                self._wait(len(block))
                try:
                    self.wfile.write(block)
                except OSError:  # Whoever asked was killed.
                    return

    def _wait(self, size: int) -> None:
        while self.mirror.bytes_per_second is None:
            time.sleep(0.05)
        if self.mirror.bytes_per_second:
            time.sleep(size / self.mirror.bytes_per_second)

    def log_message(self, *args: object) -> None:
        """Say nothing: the test output is for results."""


@contextmanager
def serving(mirror: Mirror, port: int = 0) -> Iterator[Mirror]:
    """Have a mirror listen on the loopback."""
    handler = type("Handler", (_Handler,), {"mirror": mirror})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    mirror.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.bytes_per_second = 0
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    models = Path(__file__).resolve().parent.parent / "models"
    with serving(Mirror(models, bytes_per_second=int((sys.argv[2:] or ["0"])[0])), int(sys.argv[1])):
        threading.Event().wait()
