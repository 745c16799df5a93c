"""Recordings to bring: a hum of any length, each one different."""

import io
import wave

RATE = 16_000
PERIOD = bytes(range(250))


def hum(seconds: float, *, seed: int) -> bytes:
    """Return a WAV file of 16 kHz, 16 bit, mono. Two with different seeds are not the same file."""
    size = int(seconds * RATE) * 2
    sound = seed.to_bytes(8, "little") + PERIOD * (size // len(PERIOD) + 1)
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setparams((1, 2, RATE, 0, "NONE", ""))
        target.writeframes(sound[:size])
    return file.getvalue()
