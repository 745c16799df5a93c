"""The graphics cards that can work for recognition: NVIDIA's by their driver's program, AMD's by what the kernel tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from speech.files import ROOT, number, text
from sysinfo.probes import nvidia
from sysinfo.probes.card import Card
from sysinfo.probing import NotKnown
from sysinfo.programs import NotInstalled

NVIDIA, AMD = "0x10de", "0x1002"
DISPLAY = "0x03"
"""How the class of a display controller begins, on the PCI bus."""
NO_DRIVER = "There is a card by NVIDIA ({}), and its driver does not answer: {}"


@dataclass(frozen=True, slots=True)
class Graphics:
    """The cards, with the versions of what drives them; empty where there is none. `problem` is a sentence."""

    cards: tuple[Card, ...]
    driver: str = ""
    cuda: str = ""
    rocm: str = ""
    problem: str = ""


def probe(root: Path = ROOT) -> Graphics:
    """Look for cards."""
    amd = tuple(_amd_cards(root))
    rocm = text(root / "opt/rocm/.info/version")
    try:
        found = nvidia.look()
    except NotKnown as err:
        return Graphics(amd, rocm=rocm, problem=_problem(root, err))
    return Graphics((*found.cards, *amd), found.driver, found.cuda, rocm)


def _problem(root: Path, err: NotKnown) -> str:
    """Return why a card that is there is not seen. Where there is none, a missing program is no problem."""
    addresses = [folder.name for folder in _displays(root) if text(folder / "vendor") == NVIDIA]
    if addresses:
        return NO_DRIVER.format(addresses[0], err)
    return "" if isinstance(err, NotInstalled) else str(err)


def _displays(root: Path) -> Iterator[Path]:
    for folder in sorted((root / "sys/bus/pci/devices").glob("*")):
        if text(folder / "class").startswith(DISPLAY):
            yield folder


def _amd_cards(root: Path) -> Iterator[Card]:
    """Yield AMD's cards. One without memory of its own is part of the processor."""
    for folder in _displays(root):
        total = number(folder / "mem_info_vram_total")
        if text(folder / "vendor") == AMD and total:
            name = text(folder / "product_name") or f"Card {text(folder / 'device')}"
            yield Card("AMD", name, folder.name, total, number(folder / "mem_info_vram_used"))
