"""The processor, by what lscpu reads too."""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from speech import limits
from speech.files import ROOT, number, text

INSTRUCTIONS = {
    "AVX2": {"avx2"},
    "AVX-512F": {"avx512f"},
    "AVX-512 VNNI": {"avx512_vnni"},
    "AVX-VNNI": {"avx_vnni"},
    "AVX-512 BF16": {"avx512_bf16"},
    "AMX": {"amx_tile"},
    "AMX INT8": {"amx_int8"},
    "AMX BF16": {"amx_bf16"},
}
"""What makes recognition faster on Intel's and AMD's processors, by the flags of Linux."""
ARM_INSTRUCTIONS = {"NEON": {"asimd"}, "DotProd": {"asimddp"}, "SVE": {"sve"}, "BF16": {"bf16"}, "I8MM": {"i8mm"}}
FLAGS = ("flags", "Features")
MODELS = ("model name", "Model", "Hardware")
CPUS = "sys/devices/system/cpu"


@dataclass(frozen=True, slots=True)
class Processor:
    """`usable_threads` may be fewer than there are: a container has its share. None where the system does not tell."""

    model: str | None
    sockets: int | None
    cores: int | None
    threads: int | None
    usable_threads: float | None
    instruction_sets: tuple[str, ...] | None
    absent_instruction_sets: tuple[str, ...] | None


def probe(root: Path = ROOT) -> Processor:
    """Look at the processor."""
    facts = _facts(text(root / "proc/cpuinfo"))
    sockets, cores, threads = _topology(root)
    flags = next((set(facts[name].split()) for name in FLAGS if name in facts), None)
    known = ARM_INSTRUCTIONS if "Features" in facts else INSTRUCTIONS
    return Processor(
        model=next((facts[name] for name in MODELS if facts.get(name)), None),
        sockets=sockets,
        cores=cores or psutil.cpu_count(logical=False),
        threads=threads or psutil.cpu_count(),
        usable_threads=usable_threads(root),
        instruction_sets=None if flags is None else tuple(name for name, need in known.items() if need <= flags),
        absent_instruction_sets=None
        if flags is None
        else tuple(name for name, need in known.items() if not need <= flags),
    )


def _facts(cpuinfo: str) -> dict[str, str]:
    """Return what stands there of the first processor."""
    lines = [line.partition(":") for line in cpuinfo.partition("\n\n")[0].splitlines()]
    return {name.strip(): value.strip() for name, _, value in lines}


def _topology(root: Path) -> tuple[int | None, int | None, int | None]:
    """Return how many sockets, cores and threads are in use; None for each where the system does not tell."""
    packages, cores, threads = set(), set(), 0
    for folder in (root / CPUS).glob("cpu[0-9]*/topology"):
        package, core = number(folder / "physical_package_id"), number(folder / "core_id")
        # Cores are told apart by their siblings: their numbers may be the same in two dies of a socket.
        siblings = text(folder / "thread_siblings_list") or f"{package}:{core}"
        packages.add(package)
        cores.add(siblings)
        threads += 1
    return len(packages) or None, len(cores) or None, threads or None


def usable_threads(root: Path = ROOT) -> float | None:
    """Return how many threads this process may keep busy."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min((share for share in (here, limits.processors(root)) if share), default=None)
