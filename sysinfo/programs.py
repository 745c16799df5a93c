"""Programs of the system that are asked for what they know."""

import os
import shutil
import subprocess
from collections.abc import Container

from sysinfo.probing import NotKnown

LIMIT_SECONDS = 4.0
LONGEST_ANSWER = 300


class NotInstalled(NotKnown):
    """The program is not there."""


def is_installed(name: str) -> bool:
    """Return whether a program is there."""
    return shutil.which(name) is not None


def ask(*command: str, limit_seconds: float = LIMIT_SECONDS, statuses: Container[int] = (0,)) -> str:
    """Return what a program prints. Raises NotKnown where it is not there, takes too long, or ends with another status."""
    name = command[0]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=limit_seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError as err:
        raise NotInstalled(f"{name} is not installed.") from err
    except subprocess.TimeoutExpired as err:
        raise NotKnown(f"{name} did not answer within {limit_seconds:g} s.") from err
    except OSError as err:
        raise NotKnown(f"{name} could not be started ({err.strerror}).") from err
    if done.returncode not in statuses:
        raise NotKnown(f"{name} failed: {_said(done.stderr or done.stdout) or f'exit status {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace")


def _said(output: bytes) -> str:
    """Return what a program said of its failure, on one line of bearable length."""
    return " ".join(output.decode("utf-8", "replace").split())[:LONGEST_ANSWER]
