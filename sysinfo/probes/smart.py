"""What the disks say of their own health (SMART), asked by `smartctl` where it is installed."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from speech.files import ROOT
from sysinfo import programs
from sysinfo.probes import storage
from sysinfo.probing import Look, NotKnown
from transcripts import mounts

QUESTION = ("smartctl", "--json", "--info", "--health", "--attributes", "--nocheck=standby")
"""A disk that sleeps is left asleep."""
ANY_STATUS = range(256)
"""The bits of its status say also what is wrong with the disk. All of them are in the answer too."""
LIMIT_SECONDS = 4.5
BLOCKS = "sys/class/block"
DENIED = "Permission denied"

NOT_INSTALLED = "smartctl is not installed: the package smartmontools has it."
UNREADABLE = "smartctl answered something that cannot be read."
NOT_TOLD = "The disk does not tell."
NEEDS_ROOT = "Only root may ask the disk."
NO_DISK = "No disk can be seen below the folders: they may be of another machine or a container's."


@dataclass(frozen=True, slots=True)
class Health:
    """What a disk says of itself. `is_good` is None where it does not tell, and `problem` says why in a sentence.

    `worn_share` is how much of what a solid state disk may be written is used up, from 0 to above 1.
    """

    disk: str
    model: str = ""
    is_good: bool | None = None
    celsius: int | None = None
    hours: int | None = None
    worn_share: float | None = None
    problem: str = ""


def probe(root: Path = ROOT) -> tuple[Health, ...]:
    """Ask each disk that something is kept on, all at once. Raises NotKnown where there is none, or no smartctl."""
    disks = _disks(root)
    if not disks:
        raise NotKnown(NO_DISK)
    if not programs.is_installed(QUESTION[0]):
        raise NotKnown(NOT_INSTALLED)
    looks = {disk: Look(f"health of {disk}", partial(_ask, disk), limit_seconds=LIMIT_SECONDS) for disk in disks}
    findings = {disk: look.finding() for disk, look in looks.items()}
    return tuple(found.value or Health(disk, problem=found.reason) for disk, found in findings.items())


def _ask(disk: str) -> Health:
    return read(disk, programs.ask(*QUESTION, f"/dev/{disk}", statuses=ANY_STATUS))


def _disks(root: Path) -> list[str]:
    """Return the names of the disks below the folders in which something is kept."""
    found = [mounts.of(mounts.existing(path)) for path in storage.folders().values() if path is not None]
    names = [name for mount in found if mount for name in disks_of(mount.device, root)]
    return list(dict.fromkeys(names))


def disks_of(device: str, root: Path = ROOT) -> list[str]:
    """Return the disks that a file system's device lies on: those of a volume or an array, the whole disk of a partition."""
    folder = root / BLOCKS / Path(device).resolve().name
    if not device.startswith("/") or not folder.exists():
        return []
    if parts := sorted((folder / "slaves").glob("*")):
        return [disk for part in parts for disk in disks_of(f"/dev/{part.name}", root)]
    return [folder.resolve().parent.name if (folder / "partition").exists() else folder.name]


def read(disk: str, output: str) -> Health:
    """Return what smartctl printed of a disk. Raises NotKnown where that is nothing."""
    try:
        answer: dict[str, Any] = json.loads(output)
        messages = [str(message["string"]) for message in answer.get("smartctl", {}).get("messages", ())]
        is_good = answer.get("smart_status", {}).get("passed")
        worn = answer.get("nvme_smart_health_information_log", {}).get("percentage_used")
        return Health(
            disk,
            model=str(answer.get("model_name") or answer.get("scsi_model_name") or ""),
            is_good=is_good,
            celsius=answer.get("temperature", {}).get("current"),
            hours=answer.get("power_on_time", {}).get("hours"),
            worn_share=None if worn is None else worn / 100,
            problem=_problem(messages) if is_good is None else "",
        )
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise NotKnown(UNREADABLE) from err


def _problem(messages: list[str]) -> str:
    """Return why a disk does not tell, as one sentence."""
    if not messages:
        return NOT_TOLD
    return NEEDS_ROOT if DENIED in messages[0] else f"smartctl says: {messages[0].rstrip('.')}."
