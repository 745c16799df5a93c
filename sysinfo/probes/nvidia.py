"""NVIDIA's cards, by the report of their driver's own program, `nvidia-smi -q -x`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from sysinfo import programs
from sysinfo.probes.card import Card, Part
from sysinfo.probing import NotKnown

UNREADABLE = "nvidia-smi answered something that cannot be read."
SIZE = re.compile(r"^(\d+) MiB$")


@dataclass(frozen=True, slots=True)
class Nvidia:
    """The driver, the newest CUDA that it can run, and its cards."""

    driver: str
    cuda: str
    cards: tuple[Card, ...]


def look() -> Nvidia:
    """Ask the driver. Raises NotKnown: NotInstalled where its program is not there."""
    return read(programs.ask("nvidia-smi", "-q", "-x"))


def read(report: str) -> Nvidia:
    """Return what a report says. Raises NotKnown where it is none."""
    try:
        root = ElementTree.fromstring(report)  # noqa: S314 - It comes from the driver of this machine.
    except ElementTree.ParseError as err:
        raise NotKnown(UNREADABLE) from err
    if root.tag != "nvidia_smi_log":
        raise NotKnown(UNREADABLE)
    cards = tuple(_card(gpu) for gpu in root.iterfind("gpu"))
    return Nvidia(_text(root, "driver_version"), _text(root, "cuda_version"), cards)


def _card(gpu: ElementTree.Element) -> Card:
    is_split = _text(gpu, "mig_mode/current_mig") == "Enabled"
    return Card(
        maker="NVIDIA",
        name=_text(gpu, "product_name") or "A card that does not tell its name",
        address=gpu.get("id", "").lower(),
        memory_bytes=_bytes(gpu, "fb_memory_usage/total"),
        used_bytes=_bytes(gpu, "fb_memory_usage/used"),
        is_split=is_split,
        parts=tuple(_parts(gpu)) if is_split else (),
    )


def _parts(gpu: ElementTree.Element) -> Iterator[Part]:
    """Yield the instances that a card is split into (MIG), each of which is a device of its own to CUDA."""
    for device in gpu.iterfind("mig_devices/mig_device"):
        yield Part(
            name=f"Instance {_text(device, 'index') or _text(device, 'gpu_instance_id')}",
            memory_bytes=_bytes(device, "fb_memory_usage/total"),
            used_bytes=_bytes(device, "fb_memory_usage/used"),
        )


def _text(element: ElementTree.Element, path: str) -> str:
    """Return a text; empty for N/A and its like, which stand in brackets with some drivers."""
    found = (element.findtext(path) or "").strip()
    return "" if found.strip("[]") in ("N/A", "Not Supported", "Insufficient Permissions", "Unknown Error") else found


def _bytes(element: ElementTree.Element, path: str) -> int | None:
    found = SIZE.match(_text(element, path))
    return int(found[1]) << 20 if found else None
