"""The operating system, and whether it is a container, a virtual machine or neither."""

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from sysinfo.probes.files import ROOT, text

UNKNOWN = "unknown"
MARKS = {".dockerenv": "docker", "run/.containerenv": "podman", "run/systemd/container": ""}
"""Files that container programs leave. The last one has the name in it."""
CGROUPS = {"kubepods": "kubernetes", "docker": "docker", "libpod": "podman", "lxc": "lxc"}
MAKERS = ("KVM", "QEMU", "VMware", "VirtualBox", "Xen", "Bochs", "Parallels", "Hyper-V", "Amazon EC2", "Google", "HVM")
"""What a virtual machine's firmware is called by."""


@dataclass(frozen=True, slots=True)
class System:
    """`container` and `virtual_machine` say which kind; empty where it is none that can be seen."""

    host_name: str
    operating_system: str
    kernel: str
    architecture: str
    container: str
    virtual_machine: str
    booted_at: datetime


def probe() -> System:
    """Look at the operating system."""
    return System(
        host_name=platform.node(),
        operating_system=_name(),
        kernel=f"{platform.system()} {platform.release()}",
        architecture=platform.machine(),
        container=container(),
        virtual_machine=virtual_machine(),
        booted_at=datetime.fromtimestamp(psutil.boot_time(), UTC),
    )


def container(root: Path = ROOT) -> str:
    """Return which container program started this; empty where none can be seen."""
    if "KUBERNETES_SERVICE_HOST" in text(root / "proc/1/environ"):
        return "kubernetes"
    for mark, name in MARKS.items():
        if (root / mark).exists():
            return name or text(root / mark) or UNKNOWN
    for line in text(root / "proc/1/environ").split("\0"):
        if line.startswith("container="):
            return line.removeprefix("container=")
    groups = text(root / "proc/1/cgroup")
    found = next((name for mark, name in CGROUPS.items() if mark in groups), "")
    return found or ("wsl" if "microsoft" in text(root / "proc/sys/kernel/osrelease").lower() else "")


def virtual_machine(root: Path = ROOT) -> str:
    """Return what kind of virtual machine this is; empty where it looks like a machine of its own."""
    firmware = " ".join(
        text(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name", "bios_vendor")
    )
    for maker in MAKERS:
        if maker.lower() in firmware.lower():
            return maker
    return UNKNOWN if "hypervisor" in text(root / "proc/cpuinfo").split() else ""


def _name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "") or platform.platform()
    except OSError:
        return platform.platform()
