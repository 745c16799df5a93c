"""What a container or a service may take of the machine: the limits of its control groups, version 1 and 2."""

from collections.abc import Iterator
from pathlib import Path

from speech.files import ROOT, number, text

GROUPS = "sys/fs/cgroup"
NO_LIMIT = 1 << 60
"""Version 1 writes a number near 2 ** 63 where it has none."""


def processors(root: Path = ROOT) -> float | None:
    """Return how many processors' time may be used; None where there is no limit."""
    shares = [share for folder in _folders(root) if (share := _share(text(folder / "cpu.max")))]
    quota, period = (number(root / GROUPS / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota and period and quota > 0:
        shares.append(quota / period)
    return min(shares, default=None)


def memory_bytes(root: Path = ROOT) -> int | None:
    """Return how much memory may be used; None where there is no limit."""
    found = [number(folder / "memory.max") for folder in _folders(root)]
    found.append(number(root / GROUPS / "memory/memory.limit_in_bytes"))
    return min((limit for limit in found if limit is not None and limit < NO_LIMIT), default=None)


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders of our group and of those above it: each of them limits."""
    lines = text(root / "proc/self/cgroup").splitlines()
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    top = root / GROUPS
    for part in (own, *(str(parent) for parent in Path(own).parents)):
        yield top / part


def _share(words: str) -> float | None:
    """Return a limit that is written as time in a period, such as 150000 100000."""
    quota, _, period = words.partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None
