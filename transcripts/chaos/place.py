"""The installation that a run makes for itself, and the process in it that does the rest.

That process has to be another one: Django's settings are read once, from the environment.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings

from transcripts.chaos import servers
from transcripts.chaos.options import POSTGRES, REDIS, Options

LEASE_SECONDS = 8
"""Short, so that a frozen worker is waited for no longer than needed, and long enough for a busy machine."""
BATCH_SECONDS = 0.25
"""What the fake engine takes for a batch."""
OURS = ("SELENITE_", "DJANGO_", "Q_CLUSTER", "DATABASE_URL", "REDIS_URL")
"""Beginnings of the names of variables that would lead to the installation at hand."""
LOG, JOURNAL = "service.log", "engine.log"


def run(options: Options, *, as_json: bool, say: Callable[[str], object]) -> int:
    """Run the attack in a new folder and return its exit status. The folder stays where an invariant broke."""
    check_programs(options)
    folder = Path(mkdtemp(prefix="selenite-chaos-"))
    folder.chmod(0o711)  # The user who runs PostgreSQL has to come through.
    inside = ["chaos", *options.to_arguments(), "--inside", str(folder), *(["--json"] if as_json else [])]
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *inside]
    status = subprocess.run(command, env=environment(options, folder), check=False).returncode
    if status:
        say(f"Data and logs are kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def check_programs(options: Options) -> None:
    """Raise CommandError with the name of the package where a server is missing."""
    if options.database == POSTGRES:
        servers.postgres_program("initdb")
    if options.broker == REDIS:
        servers.redis_program()


def environment(options: Options, folder: Path) -> dict[str, str]:
    """Return the environment of the installation, for all of its processes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    own = {
        "DJANGO_SETTINGS_MODULE": "selenite.settings",
        "SELENITE_DATA_DIR": str(folder),
        "SELENITE_STATIC_DIR": str(folder / "static"),
        "SELENITE_MODELS_DIR": str(settings.WEIGHTS_DIR),
        "SELENITE_LEASE_SECONDS": str(LEASE_SECONDS),
        "SELENITE_SILENCED_CHECKS": "selenite.E002",  # A lease that short: a frozen worker shall not keep us waiting.
        "SELENITE_JOB_SLOTS": str(options.slots),
        "SELENITE_ENGINE_LOG": str(folder / JOURNAL),
        "SELENITE_FAKE_ENGINE": "0" if options.is_real else "1",
        "SELENITE_FAKE_SECONDS": str(BATCH_SECONDS),
    }
    if options.database == POSTGRES:
        own["DATABASE_URL"] = f"postgres://selenite@127.0.0.1:{servers.free_port()}/postgres"
    if options.broker == REDIS:
        own["REDIS_URL"] = f"redis://127.0.0.1:{servers.free_port()}/0"
    return kept | own
