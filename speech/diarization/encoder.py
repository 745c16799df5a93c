"""The speaker encoder GE2E (Wan et al., 2018), as Resemblyzer trained it: a voice becomes 256 numbers.

It hears windows of 1.6 s: three LSTM layers over a mel spectrogram, the last state, a linear layer. The weights are
Resemblyzer's; this code is ours, from its description.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from speech.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.intp]

DIMENSION = 256
MELS = 40
FFT = 400
HOP = 160
"""25 ms and 10 ms, in samples: what it was trained on, like all of these."""
FRAMES_A_SECOND = SAMPLE_RATE // HOP
WINDOW = 160
WINDOW_STEP = 80
"""Frames: half-overlapping windows are averaged."""
LOUDNESS = 10 ** (-30 / 20)
"""Quieter speech is raised to -30 dBFS, as in its training: without a logarithm, loudness matters."""
BATCH = 64
"""Windows at once. More make it slower on two cores (2026-11: 16 windows 2.7 ms each, 256 windows 11 ms)."""
BREAK_FREQUENCY, BREAK_MEL, LINEAR_STEP, LOG_STEP = 1000.0, 15.0, 200 / 3, np.log(6.4) / 27
"""Slaney's mel scale: linear up to 1 kHz, logarithmic above."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A stretch as the encoder wants it: mel power, shape (frames, 40), and the mean square of each frame's samples."""

    mel: "Floats"
    power: "Floats"


@dataclass(frozen=True, slots=True)
class Voices:
    """Voices as unit vectors, shape (n, 256), NaN where nothing was heard.

    `agreement` is the lowest cosine between two windows of the same voice, 1 for a single window: low where two people
    are mixed up in it.
    """

    embeddings: "Floats"
    agreement: "Floats"


class SpeakerEncoder(nn.Module):  # type: ignore[misc] # torch's types are not read
    """GE2E on one device."""

    dimension = DIMENSION

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.lstm = nn.LSTM(MELS, DIMENSION, num_layers=3, batch_first=True)
        self.linear = nn.Linear(DIMENSION, DIMENSION)
        state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
        self.load_state_dict({name: value for name, value in state.items() if not name.startswith("similarity")})
        self.register_buffer("filters", torch.from_numpy(mel_filters()))
        self.register_buffer("hann", torch.hann_window(FFT))
        self.eval()

    def listen(self, samples: "Floats") -> Sound:
        """Return the sound of float samples at 16 kHz: a frame for each 10 ms, the first one centred on the first sample."""
        wave = torch.from_numpy(samples).to(self.hann.device)
        with torch.inference_mode():
            spectrum = torch.stft(wave, FFT, HOP, FFT, self.hann, pad_mode="constant", return_complex=True)
            mel = (self.filters @ spectrum.abs().square()).T.cpu().numpy()
        square = np.pad(samples**2, (HOP // 2, len(mel) * HOP))[: len(mel) * HOP]
        return Sound(mel, square.reshape(len(mel), HOP).mean(axis=1))

    def embed(self, sound: Sound, voices: Sequence["Indices"]) -> Voices:
        """Return the voice in each list of frames. Frames need not be neighbours: what others say in between is left out."""
        windows = [_windows(sound, frames) for frames in voices]
        flat = [window for some in windows for window in some]
        heard = self._encode(flat)
        embeddings = np.full((len(voices), DIMENSION), np.nan, dtype=np.float32)
        agreement = np.ones(len(voices), dtype=np.float32)
        first = 0
        for index, some in enumerate(windows):
            vectors = heard[first : first + len(some)]
            first += len(some)
            if len(vectors):
                mean = vectors.mean(axis=0)
                embeddings[index] = mean / np.linalg.norm(mean)
                agreement[index] = (vectors @ vectors.T).min()
        return Voices(embeddings, agreement)

    def _encode(self, windows: Sequence["Floats"]) -> "Floats":
        """Return a unit vector for each window, shape (n, 256)."""
        found = [np.empty((0, DIMENSION), dtype=np.float32)]
        for first in range(0, len(windows), BATCH):
            batch = torch.from_numpy(np.stack(windows[first : first + BATCH])).to(self.hann.device)
            with torch.inference_mode():
                _, (state, _) = self.lstm(batch)
                raw = torch.relu(self.linear(state[-1]))
            found.append((raw / raw.norm(dim=1, keepdim=True)).cpu().numpy())
        return np.concatenate(found)


def _windows(sound: Sound, frames: "Indices") -> list["Floats"]:
    """Return the windows over some frames, raised in loudness; what is shorter than one is repeated."""
    if not len(frames):
        return []
    gain = max(1.0, LOUDNESS**2 / max(float(sound.power[frames].mean()), 1e-12))
    mel = sound.mel[frames] * np.float32(gain)
    if len(mel) < WINDOW:
        mel = np.tile(mel, (-(-WINDOW // len(mel)), 1))[:WINDOW]
    starts = list(range(0, len(mel) - WINDOW + 1, WINDOW_STEP))
    if len(mel) - WINDOW - starts[-1] > WINDOW_STEP // 2:
        starts.append(len(mel) - WINDOW)
    return [mel[start : start + WINDOW] for start in starts]


def mel_filters() -> "Floats":
    """Return triangular filters of equal area on Slaney's scale, shape (40, 201)."""
    edges = _hertz(np.linspace(_mel(0.0), _mel(SAMPLE_RATE / 2), MELS + 2))
    slopes = edges[:, None] - np.linspace(0, SAMPLE_RATE / 2, FFT // 2 + 1)
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0, np.minimum(-slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]))
    filters: Floats = (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return filters


def _mel(hertz: float) -> float:
    if hertz < BREAK_FREQUENCY:
        return hertz / LINEAR_STEP
    return float(BREAK_MEL + np.log(hertz / BREAK_FREQUENCY) / LOG_STEP)


def _hertz(mels: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return np.where(mels < BREAK_MEL, mels * LINEAR_STEP, BREAK_FREQUENCY * np.exp(LOG_STEP * (mels - BREAK_MEL)))
