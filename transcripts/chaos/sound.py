"""The recordings of a run."""

import random
import wave
from collections.abc import Sequence
from pathlib import Path

from django.core.management.base import CommandError

from speech import client
from speech.types import UnreadableMedia
from transcripts import batch

RATE = 16_000
SECONDS = (100, 180)
"""How long a recording for the fake engine is: 26 to 46 batches."""
JOIN_SECONDS = 600


def write_noise(path: Path, dice: random.Random) -> None:
    """Write a WAV file that no other one equals."""
    seconds = dice.uniform(*SECONDS)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        second = dice.randbytes(2 * RATE)
        file.writeframes((second * int(seconds + 1))[: 2 * int(RATE * seconds)])


def join(folders: Sequence[Path], target: Path, *, minutes: float) -> None:
    """Write the recordings of folders one after the other into a WAV file this long, again from the first where they are few."""
    clips = [
        str(found.path) for found in batch.find(folders, recursive=True) if not found.problem and _plays(found.path)
    ]
    if not clips:
        raise CommandError(f"There is no recording in {folders[0]}.")
    client.ask("join", timeout_seconds=JOIN_SECONDS, clips=clips, target=str(target), seconds=minutes * 60)


def _plays(path: Path) -> bool:
    try:
        client.probe(path)
    except UnreadableMedia:
        return False
    return True
