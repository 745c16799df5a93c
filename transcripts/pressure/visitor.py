"""A person at a browser, as far as the server can tell."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from transcripts.pressure.installation import HOST, PASSWORD
from transcripts.pressure.tally import Tally

ANSWER_SECONDS = 90.0
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Visitor:
    """Sends requests over one connection, keeps the cookies, and tells the tally how each went."""

    name: str
    port: int
    tally: Tally
    cookies: dict[str, str] = field(default_factory=dict)
    connection: HTTPConnection | None = None

    def sign_in(self) -> None:
        self.cookies.clear()
        self.get("/sign-in/", kind="page")
        self.post("/sign-in/", {"username": self.name, "password": PASSWORD}, kind="sign-in")

    def get(self, path: str, *, kind: str, is_fragment: bool = False) -> Answer:
        return self._send("GET", path, kind=kind, headers={"HX-Request": "true"} if is_fragment else {})

    def post(self, path: str, fields: Mapping[str, str], *, kind: str) -> Answer:
        body = urlencode({**fields, "csrfmiddlewaretoken": self._token}).encode()
        return self._send("POST", path, kind=kind, body=body, headers={"Content-Type": FORM})

    def upload(self, name: str, content: bytes) -> str:
        """Send a recording and return the address of its page; empty where it was not taken."""
        boundary = uuid4().hex
        body = _multipart(boundary, self._token, name, content)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"}
        answer = self._send("POST", "/upload/", kind="upload", body=body, headers=headers)
        return str(answer.json()["url"]) if answer.status == 200 else ""

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    @property
    def _token(self) -> str:
        return self.cookies.get("csrftoken", "")

    def _send(self, method: str, path: str, *, kind: str, body: bytes = b"", headers: Mapping[str, str]) -> Answer:
        began = time.monotonic()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            answer = self._ask(method, path, body, {**headers, "Cookie": cookies})
        except (OSError, HTTPException):
            self.close()
            answer = Answer(0)
        self.tally.note(kind, answer.status, time.monotonic() - began)
        return answer

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self.connection is None:
            self.connection = HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        self.connection.request(method, path, body=body or None, headers=dict(headers))
        response = self.connection.getresponse()
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        answer = Answer(response.status, response.read())
        if response.will_close or method == "POST":  # The server closes it at times, and a form must not be sent twice.
            self.close()
        return answer


def _multipart(boundary: str, token: str, name: str, content: bytes) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="recordings"; filename="{name}"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
