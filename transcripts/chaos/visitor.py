"""Somebody who looks at the pages all the time."""

import threading
import time
from http.client import HTTPConnection, HTTPException
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User

EVERY_SECONDS = 0.5
ANSWER_SECONDS = 5.0


def sign_in(user: User) -> str:
    """Return the cookie of a session of this person."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


class Visitor:
    """Gets the list of recordings again and again, from a thread, and notes what came back."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.pages = 0
        self.errors: list[float] = []
        """When the server answered with an error of its own."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(2 * ANSWER_SECONDS)

    def get(self) -> int:
        """Return the status of the page; 0 where nobody answers."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/", headers={"Cookie": self._cookie})
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()

    def _run(self) -> None:
        while not self._is_over.wait(EVERY_SECONDS):
            asked = time.monotonic()
            status = self.get()
            self.pages += status == 200
            if status >= 500:
                self.errors.append(asked)
