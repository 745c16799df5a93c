"""Programs of the system that are asked for what they know."""

import os
import subprocess

from sysinfo.probing import NotKnown

LIMIT_SECONDS = 4.0
LONGEST_ANSWER = 300


class NotInstalled(NotKnown):
    """The program is not there."""


def ask(*command: str, limit_seconds: float = LIMIT_SECONDS) -> str:
    """Return what a program prints. Raises NotKnown where it is not there, fails, or takes too long."""
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
    if done.returncode != 0:
        raise NotKnown(f"{name} failed: {_said(done.stderr or done.stdout) or f'exit status {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace")


def _said(output: bytes) -> str:
    """Return what a program said of its failure, on one line of bearable length."""
    return " ".join(output.decode("utf-8", "replace").split())[:LONGEST_ANSWER]
