"""Programs that are run beside this one and end with it: a process that is killed while it installs leaves nothing at work.

`python -m speech.weights.apart PARENT MODULE ARGUMENT...` runs a module as Python's `-m` does.
"""

import os
import runpy
import subprocess
import sys
from pathlib import Path

from speech.process import die_with_parent
from speech.weights.types import WeightsError

PROGRAM_DIR = Path(__file__).resolve().parent.parent.parent


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module apart. Start it in PROGRAM_DIR, from a thread that lives as long as it shall."""
    return [sys.executable, "-m", "speech.weights.apart", str(os.getpid()), module, *arguments]


def run_apart(module: str, *arguments: str) -> str:
    """Run a module and return what it printed. Raises WeightsError with the last line on its stderr where it failed."""
    result = subprocess.run(command(module, *arguments), cwd=PROGRAM_DIR, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or [f"it ended with status {result.returncode}"])[-1]
        raise WeightsError(reason)
    return result.stdout.strip()


def main() -> None:
    _, parent, module, *arguments = sys.argv
    die_with_parent(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
