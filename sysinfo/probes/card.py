"""A graphics card."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a card that is a device of its own. Sizes are in bytes; None where the driver does not tell."""

    name: str
    memory_bytes: int | None
    used_bytes: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """A card with its memory in bytes; None where the driver does not tell. `address` is that on the PCI bus."""

    maker: str
    name: str
    address: str
    memory_bytes: int | None
    used_bytes: int | None
    is_split: bool = False
    parts: tuple[Part, ...] = ()
