"""The memory: how much of it, how much is free, and how fast it is where the firmware may be asked."""

import os
import re
from dataclasses import dataclass

import psutil

from speech import limits
from sysinfo import programs
from sysinfo.probing import NotKnown

NEEDS_ROOT = "Only root may read it from the firmware."
NOT_TOLD = "The firmware does not tell."
TYPE = re.compile(r"^\s+Type: (\S+)$", re.MULTILINE)
SPEED = re.compile(r"^\s+(?:Configured Memory|Configured Clock) Speed: (\d+) (?:MT/s|MHz)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Modules:
    """What the memory is made of, such as DDR5 at 4800 million transfers a second."""

    kind: str
    transfers_per_second: int


@dataclass(frozen=True, slots=True)
class Memory:
    """All in bytes. `limit_bytes` is what this container or service may use; None where nothing limits it."""

    total_bytes: int
    available_bytes: int
    used_bytes: int
    swap_total_bytes: int
    swap_used_bytes: int
    limit_bytes: int | None


def probe() -> Memory:
    """Look at the memory as it is now."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    limit = limits.memory_bytes()
    return Memory(
        total_bytes=memory.total,
        available_bytes=memory.available,
        used_bytes=memory.used,
        swap_total_bytes=swap.total,
        swap_used_bytes=swap.used,
        limit_bytes=limit if limit and limit < memory.total else None,
    )


def probe_modules() -> Modules:
    """Ask the firmware for the modules. Raises NotKnown, as in nearly every container."""
    if os.geteuid() != 0:
        raise NotKnown(NEEDS_ROOT)
    return read_modules(programs.ask("dmidecode", "--type", "17"))


def read_modules(output: str) -> Modules:
    """Return the modules from what dmidecode prints: the slowest decides. Raises NotKnown."""
    speeds = [int(speed) for speed in SPEED.findall(output)]
    kinds = [kind for kind in TYPE.findall(output) if kind not in ("Unknown", "Other", "RAM")]
    if not speeds or not kinds:
        raise NotKnown(NOT_TOLD)
    return Modules(kinds[0], min(speeds) * 1_000_000)
