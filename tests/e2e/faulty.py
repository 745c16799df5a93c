"""A server between browser and Selenite that passes everything on, but loses what it is told to lose of uploads."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class _Handler(BaseHTTPRequestHandler):
    server: "Faulty"

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        if not self.path.startswith("/upload/") or not self.server.fault:
            self._pass_on(self.rfile.read(length))
            return
        self.rfile.read(length // 10 if self.server.fault == "half" else length)
        if self.server.fault == "answer":
            self.send_error(502)
        self.close_connection = True

    def _pass_on(self, body: bytes) -> None:
        with closing(HTTPConnection("127.0.0.1", self.server.upstream_port)) as connection:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Stay silent."""


class Faulty(ThreadingHTTPServer):
    """`fault` is "half": break off in the middle; "break": after all was read; "answer": answer 502; or nothing."""

    daemon_threads = True
    fault = ""

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream_port = urlsplit(upstream).port
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def faulty_server(upstream: str) -> Iterator[Faulty]:
    with Faulty(upstream) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
