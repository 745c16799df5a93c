"""The waveform that a player shows."""

from typing import TYPE_CHECKING

from speech.types import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEAKS = 2000
PEAKS_A_SECOND = 10
FULL_SCALE = 32_000
"""Of 32,768: what was louder than could be recorded stands at the top, give or take what resampling makes of it."""
CLIPPED_SAMPLES = 4
"""A tenth of a second with so many samples there is clipped; one or two are a sound that just fits."""


def peaks(samples: "NDArray[np.int16]") -> tuple["NDArray[np.uint8]", "NDArray[np.int16]"]:
    """Return the loudest sample of each tenth of a second, 0..255, and the samples left over."""
    import numpy as np

    length = SAMPLE_RATE // PEAKS_A_SECOND
    whole = len(samples) // length * length
    loudest = np.abs(samples[:whole].astype(np.int32)).reshape(-1, length).max(axis=1, initial=0)
    return (loudest >> 7).clip(0, 255).astype(np.uint8), samples[whole:]


def clipped(samples: "NDArray[np.int16]") -> int:
    """Return how many of the same tenths of a second are clipped."""
    import numpy as np

    length = SAMPLE_RATE // PEAKS_A_SECOND
    whole = samples[: len(samples) // length * length]
    at_the_top = (whole >= FULL_SCALE) | (whole <= -FULL_SCALE)
    return int(np.count_nonzero(at_the_top.reshape(-1, length).sum(axis=1) >= CLIPPED_SAMPLES))


def thin_out(peaks: "NDArray[np.uint8]", *, share: float) -> list[int]:
    """Return at most PEAKS values, each the largest of an equal stretch; silence after the share of them that has sound."""
    import numpy as np

    count = min(PEAKS, int(len(peaks) / share))
    bounds = np.linspace(0, len(peaks), int(count * share), endpoint=False).astype(int)
    loudest = np.maximum.reduceat(peaks, bounds) if len(bounds) else peaks[:0]
    return [int(peak) for peak in loudest] + [0] * (count - len(bounds))
