"""The operating system, and whether it is a container, a virtual machine or neither."""

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from speech.files import ROOT, text
from sysinfo.probing import NotKnown
from sysinfo.programs import ask

UNKNOWN = "unknown"
VENDOR = "Hypervisor vendor:"
"""What the line of lscpu begins with that names the hypervisor: it asks the processor, which knows it where no file does."""
DETECTED = {
    "kvm": "KVM",
    "qemu": "QEMU",
    "vmware": "VMware",
    "oracle": "VirtualBox",
    "xen": "Xen",
    "microsoft": "Microsoft",
}
"""What systemd-detect-virt calls hypervisors that have a name elsewhere too. It says "none" with status 1."""
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
        virtual_machine=hypervisor(),
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


def hypervisor(root: Path = ROOT) -> str:
    """Return what runs this virtual machine, by the name that lscpu has for it; empty where it looks like a machine of its own.

    "unknown" where it is certain that there is one, and neither programs nor files know which.
    """
    if found := _said_by_lscpu():
        return found
    seen = virtual_machine(root)
    return seen if seen not in ("", UNKNOWN) else _said_by_systemd() or seen


def virtual_machine(root: Path = ROOT) -> str:
    """Return what kind of virtual machine this is by the files that tell of it; empty where it looks like a machine of its own."""
    if kind := text(root / "sys/hypervisor/type"):
        return kind.capitalize()
    firmware = " ".join(
        text(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name", "bios_vendor")
    )
    for maker in MAKERS:
        if maker.lower() in firmware.lower():
            return maker
    return UNKNOWN if "hypervisor" in text(root / "proc/cpuinfo").split() else ""


def _said_by_lscpu() -> str:
    try:
        lines = ask("lscpu").splitlines()
    except NotKnown:
        return ""
    return next((line.removeprefix(VENDOR).strip() for line in lines if line.startswith(VENDOR)), "")


def _said_by_systemd() -> str:
    try:
        said = ask("systemd-detect-virt", "--vm", statuses=(0, 1)).strip()
    except NotKnown:
        return ""
    return "" if said == "none" else DETECTED.get(said, said)


def _name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "") or platform.platform()
    except OSError:
        return platform.platform()
