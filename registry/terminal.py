"""How a command is written so that it can be copied and run here: one place, for every sentence that names one."""

import shlex
import sys
from pathlib import Path

from django.conf import settings

NAMES = ("python", "python3")
ANY_PYTHON = "python3"
"""For who must not read where the program lies, where it has no environment in its own folder."""


def manage(arguments: str) -> str:
    """Return the line that runs a command of `manage.py`, in the folder that `folder` names."""
    return f"{_quoted()} manage.py {arguments}"


def pip(arguments: str) -> str:
    """Return the line that has pip change the environment that this process runs in."""
    return f"{_quoted()} -m pip {arguments}"


def folder() -> Path:
    """Return where commands are run."""
    return settings.BASE_DIR


def is_named(text: str) -> bool:
    """Return whether sentences name a command that is run there."""
    return f"{_quoted()} " in text


def without_place(text: str) -> str:
    """Return sentences with their commands as everybody may read them, and a file may carry them: without a path of this machine."""
    python = _python()
    return text.replace(f"{_quoted()} ", f"{ANY_PYTHON} ") if python.is_absolute() else text


def _quoted() -> str:
    return shlex.quote(str(_python()))


def _python() -> Path:
    """Return this process's interpreter, from `folder` where it lies in there, as after `make run`, else its whole path.

    By the environment and not by `sys.executable`, which is the web server's own program where that has Python inside it.
    """
    environment, own = Path(sys.prefix), settings.BASE_DIR / ".venv"
    if own.exists() and environment.exists() and own.samefile(environment):
        environment = own
    found = next((environment / "bin" / name for name in NAMES if (environment / "bin" / name).exists()), None)
    path = found or Path(sys.executable or ANY_PYTHON)
    return path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path
