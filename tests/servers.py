"""PostgreSQL and Redis for the tests that need them: those that are there, else installed as root on Debian.

`python -m tests.servers COMMAND...` runs a command where both are there. Where they cannot be had, it says what is left out
and ends well, except in CI, where nothing may be left out.
"""

import os
import shutil
import subprocess
import sys

from django.core.management.base import CommandError

from transcripts.chaos import servers

PACKAGES = ("postgresql", "redis-server")
LEFT_OUT = "The attacks on PostgreSQL and Redis are left out: {} Then run `make test` again."


def missing() -> str:
    """Return the sentence about the first server that is not there, with its package; empty where both are."""
    try:
        for name in ("initdb", "postgres"):
            servers.postgres_program(name)
        servers.redis_program()
    except CommandError as err:
        return f"{err}."
    return ""


def ensure_servers() -> str:
    """Install what is missing where that is possible, and return what `missing` says then."""
    if missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("The tests need PostgreSQL and Redis: installing them.", flush=True)
        # Debian starts what it installs. The tests start their own, on ports of their own.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        subprocess.run(["apt-get", "update"], env=environment)
        subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES], env=environment)
    return missing()


if __name__ == "__main__":
    if reason := ensure_servers():
        sys.exit(LEFT_OUT.format(reason) if os.environ.get("CI") else print(LEFT_OUT.format(reason)))
    os.execvp(sys.argv[1], sys.argv[1:])
