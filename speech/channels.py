"""One speaker per channel: each channel of a stereo recording in a work file of its own, with nothing in it but its own voice.

A voice leaks into the other channel: through the air into the other microphone, or as an echo on the line. How loud that leak is in
comparison shows where only the other one speaks. A channel is silenced wherever it is not clearly louder than its usual leak, so that
nothing is transcribed twice.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from speech import audio
from speech.audio import BYTES_PER_SAMPLE, Decoded
from speech.types import SAMPLE_RATE, OnProgress, Piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = NDArray[np.float64]
    Samples = NDArray[np.float32]

SIDES = {1: "left", 2: "right"}
"""The channels, counted from 1, and what a person calls them."""
STEP = SAMPLE_RATE // 20
"""Samples that are judged at once, 50 ms."""
AROUND = 5
"""With so many steps before and after them: half a second in all. With half of that, words of a leak at -14 dB came through."""
STEPS_AT_ONCE = 1200
LOUD = 10 ** (-20 / 10)
"""Somebody speaks where a channel is at most 20 dB below its loudest moments."""
MARGIN = 10 ** (6 / 10)
"""What is 6 dB above the usual leak is a voice of its own. Two readers (stereo2) with leaks at -30, -20, -14 and -10 dB, echoing, one
channel 15 dB louder or not: each word once, on its side. With 9 dB words are lost where both speak (base, 2026-11-23)."""
LOUDEST_LEAK = 10 ** (-3 / 10)
"""Less far below the other channel nothing is silenced, so that of two channels one is always heard."""
SAME = 0.01
"""Two channels hold the same sound where their difference has less than this share of their energy: encoding leaves that much."""

USUAL = "so the recording was transcribed as usual, not by channel."
ONE_CHANNEL = f"There is only one channel, {USUAL}"
MORE_CHANNELS = f"There are {{}} channels, not two, {USUAL}"
SAME_SOUND = f"Both channels hold the same sound, {USUAL}"
SILENT = f"Nobody speaks on the {{}} channel, {USUAL}"


class FindPieces(Protocol):
    """What every engine has."""

    def __call__(self, work: Path, *, on_progress: OnProgress) -> list[Piece]: ...


class NotByChannel(Exception):
    """The recording does not have one speaker per channel. The message is a sentence for the person."""


def work_file(work: Path, channel: int) -> Path:
    """Return where the sound of a channel lies, or is to be written, beside the work file of all; that one for channel 0."""
    return work.with_name(f"{work.stem}.channel{channel}{work.suffix}") if channel else work


def decode(media: Path, work: Path, *, track: int = 0, on_progress: OnProgress) -> Decoded:
    """Write the work file of each channel, silent where only the other one speaks; else as `audio.decode`.

    Raises NotByChannel where there are not two channels, or no difference between them.
    """
    count = audio.channels_of(media, track=track)
    if count != len(SIDES):
        raise NotByChannel(ONE_CHANNEL if count == 1 else MORE_CHANNELS.format(count))
    works = work_file(work, 1), work_file(work, 2)
    return audio.decode_stereo(
        media, works, track=track, finish=partial(_separate, on_progress=on_progress), on_progress=on_progress
    )


def find_pieces(find: FindPieces, work: Path, *, on_progress: OnProgress) -> list[Piece]:
    """Return the pieces of each channel, found by an engine, in order of their start. Raises NotByChannel where one has none."""
    pieces: list[Piece] = []
    for channel, side in SIDES.items():
        found = find(work_file(work, channel), on_progress=on_progress)
        if not found:
            raise NotByChannel(SILENT.format(side))
        pieces += [replace(piece, channel=channel) for piece in found]
    return sorted(pieces, key=lambda piece: (piece.start, piece.channel))


def read(work: Path, piece: Piece) -> "Samples":
    """Return the sound of a piece from the work file of its channel, as `audio.read`."""
    return audio.read(work_file(work, piece.channel), piece.start, piece.end)


def are_unpacked(work: Path) -> bool:
    """Return whether the work files of both channels are there."""
    return all(work_file(work, channel).exists() for channel in SIDES)


def discard(work: Path) -> None:
    """Delete the work files of the channels."""
    for channel in SIDES:
        work_file(work, channel).unlink(missing_ok=True)


def _separate(left: Path, right: Path, *, on_progress: OnProgress) -> None:
    """Silence in each file what is only a leak of the other. Raises NotByChannel where both hold the same sound."""
    import numpy as np

    blocks = list(_levels(left, right, on_progress))
    levels = np.concatenate(blocks, axis=1) if blocks else np.zeros((3, 0))
    if levels[2].sum() <= SAME * levels[:2].sum():
        raise NotByChannel(SAME_SOUND)
    window = np.ones(2 * AROUND + 1)
    left_level, right_level = (np.convolve(row, window)[AROUND:-AROUND] for row in levels[:2])
    is_leak = _leaks(left_level, right_level), _leaks(right_level, left_level)
    for work, steps in zip((left, right), is_leak, strict=True):
        _silence(work, steps)


def _leaks(level: "Levels", other: "Levels") -> "NDArray[np.bool_]":
    """Return the steps in which a channel holds no more than a leak of the other one, shape (n_steps,)."""
    import numpy as np

    is_others = (other > level) & (other > LOUD * np.quantile(other, 0.999))
    if not is_others.any():
        return is_others
    leak = np.median(level[is_others] / other[is_others])
    return np.asarray(level < min(MARGIN * leak, LOUDEST_LEAK) * other)


def _levels(left: Path, right: Path, on_progress: OnProgress) -> "Iterator[Levels]":
    """Yield the energy of each step of the left channel, the right one, and their difference: shape (3, n_steps)."""
    import numpy as np

    count, duration = STEP * STEPS_AT_ONCE, audio.duration_of(left)
    for offset in range(0, left.stat().st_size, count * BYTES_PER_SAMPLE):
        on_progress(offset / audio.BYTES_PER_SECOND, duration)
        both = np.stack(
            [np.fromfile(file, np.int16, count, offset=offset).astype(np.float64) for file in (left, right)]
        )
        both = np.pad(both, ((0, 0), (0, -both.shape[1] % STEP)))
        yield (np.vstack([both, both[0] - both[1]]).reshape(3, -1, STEP) ** 2).sum(axis=2)


def _silence(work: Path, steps: "NDArray[np.bool_]") -> None:
    """Write silence over the steps that are marked."""
    size = work.stat().st_size
    with work.open("r+b") as file:
        for is_leak, group in groupby(range(len(steps)), key=steps.__getitem__):
            if is_leak:
                first, *_, last = [*group] * 2
                start = first * STEP * BYTES_PER_SAMPLE
                file.seek(start)
                file.write(bytes(min((last + 1) * STEP * BYTES_PER_SAMPLE, size) - start))
