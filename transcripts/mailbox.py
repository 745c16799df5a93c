"""A queue between the processes of a cluster that no killed process can leave locked.

Python's own holds a lock while it waits for a message: who is killed then keeps it, and nobody gets a message any more
(django-q2's issue 23). Here the kernel gives each message, whole, to one of those who wait.
"""

import array
import fcntl
import pickle
import socket
import sys
import termios
import time
from collections.abc import Callable
from typing import Any

KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
"""Both keep the bounds of messages; only the first tells on Linux how much waits."""
LARGEST_BYTES = 1 << 20
"""More than the system takes at once: 200 kB on Linux. Messages name things by their id, they do not carry them."""
POLL_SECONDS = 0.02


class Mailbox:
    """Takes the place of django-q2's queue, made before the processes fork. `put` waits while `is_full` says so."""

    def __init__(self, *, is_full: Callable[["Mailbox"], bool] = lambda mailbox: False) -> None:
        self._in, self._out = socket.socketpair(socket.AF_UNIX, KIND)
        self._is_full = is_full

    def put(self, message: Any) -> None:
        """Send a message: any value that can be pickled."""
        data = pickle.dumps(message)
        while self._is_full(self):
            time.sleep(POLL_SECONDS)
        self._in.sendall(data)

    def get(self) -> Any:
        """Return the next message, waiting for it."""
        # Only processes of this cluster can write here.
        return pickle.loads(self._out.recv(LARGEST_BYTES))  # noqa: S301

    def empty(self) -> bool:
        waiting = array.array("i", [0])
        fcntl.ioctl(self._out, termios.FIONREAD, waiting)
        return waiting[0] == 0

    def qsize(self) -> int:
        """Return 1 where anything waits, else 0: django-q2 only shows it."""
        return int(not self.empty())

    def close(self) -> None:
        """Do nothing: messages are on their way when `put` returns, and the sockets end with the processes."""

    def join_thread(self) -> None:
        """Do nothing, see `close`."""
