"""What the recognition libraries can really compute on. They are asked in an engine process: here they are never loaded."""

from dataclasses import dataclass

from speech import client
from speech.types import EngineError
from sysinfo.probing import NotKnown

LIMIT_SECONDS = 120.0
"""Loading torch takes seconds, on a cold disk a minute."""


@dataclass(frozen=True, slots=True)
class Library:
    """`cards` are the names of the cards on which it has computed; `problem` is a sentence where it cannot be used."""

    name: str
    version: str
    cuda: str
    cards: tuple[str, ...]
    processor_types: tuple[str, ...]
    """The kinds of numbers that it can take on the processor, where it tells."""
    problem: str


def probe() -> tuple[Library, ...]:
    """Ask the libraries. Takes seconds. Raises NotKnown."""
    try:
        reply = client.ask("devices", timeout_seconds=LIMIT_SECONDS)
    except EngineError as err:
        raise NotKnown(err.message) from err
    return tuple(_library(found) for found in reply["libraries"])


def _library(found: dict[str, object]) -> Library:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Library(**values)  # type: ignore[arg-type]  # The engine process is of this same version.
