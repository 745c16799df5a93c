import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from speech import audio, channels, planning
from speech.channels import NotByChannel
from speech.types import SAMPLE_RATE, OnProgress, Piece, Stopped

TIMES = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
NOISE = np.random.default_rng(4)
Voices = tuple[np.ndarray, np.ndarray]


def _ignore(seconds: float, total: float) -> None:
    return


def _voice(start: float, end: float, *, loudness: float = 0.2) -> np.ndarray:
    """Return noise between two times, shape (n_samples,): with neither pitch nor rhythm in common with another one."""
    return np.where((start <= TIMES) & (end > TIMES), NOISE.normal(0, loudness, len(TIMES)), 0.0)


def _leaking(voices: Voices, decibels: float) -> Voices:
    """Return two channels in which each voice is also heard in the other one, later by 3 ms."""
    left, right = voices
    leak = 10 ** (decibels / 20)
    return left + leak * np.roll(right, 48), right + leak * np.roll(left, 48)


@pytest.fixture
def split(tmp_path: Path) -> Callable[..., Voices]:
    """Return a function that takes the channels of a recording and gives back what is in their work files."""

    def split(*sounds: np.ndarray) -> Voices:
        samples = (np.stack(sounds, axis=1).clip(-1, 1) * 32767).astype("<i2")
        with wave.open(str(tmp_path / "talk.wav"), "wb") as file:
            file.setparams((len(sounds), 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes(samples.tobytes())
        work = tmp_path / "work.pcm"
        channels.decode(tmp_path / "talk.wav", work, on_progress=_ignore)
        left, right = (audio.read(channels.work_file(work, channel), 0.0, 4.0) for channel in (1, 2))
        return left, right

    return split


def _heard(samples: np.ndarray) -> list[bool]:
    """Return for each half second whether anything is in the middle of it."""
    middles = samples.reshape(-1, SAMPLE_RATE // 2)[:, SAMPLE_RATE // 6 : -SAMPLE_RATE // 6]
    return [bool(np.abs(middle).max() > 0) for middle in middles]


@pytest.mark.parametrize(("leak", "gain"), [(-40, 0), (-20, 0), (-10, 0), (-20, 15), (-20, -15)])
def test_decode_keeps_the_voice_of_a_channel_and_silences_what_leaks_into_it(split, leak: float, gain: float):
    left, right = _leaking((_voice(0.0, 1.5), _voice(2.0, 3.5)), leak)

    parts = split(left / 3 * 10 ** (gain / 40), right / 3 * 10 ** (-gain / 40))

    assert [_heard(part)[:3] for part in parts] == [[True] * 3, [False] * 3]
    assert [_heard(part)[4:7] for part in parts] == [[False] * 3, [True] * 3]


@pytest.mark.parametrize("loudness", [0.2, 0.04])
def test_decode_keeps_both_where_both_speak(split, loudness: float):
    voices = _voice(0.0, 1.0) + _voice(2.0, 4.0), _voice(1.0, 2.5, loudness=loudness)

    left, right = split(*_leaking(voices, -30))

    assert _heard(left)[4:] == [True] * 4
    assert _heard(right)[2:5] == [True] * 3


def test_decode_changes_nothing_without_a_leak(split):
    voices = _voice(0.0, 1.0), _voice(2.0, 3.0)

    for part, voice in zip(split(*voices), voices, strict=True):
        assert np.abs(part - voice.clip(-1, 1)).max() < 0.001


def test_decode_gives_the_peaks_and_length_of_both_channels(data: Path, tmp_path: Path):
    decoded = channels.decode(data / "jfk_left_only.mp3", tmp_path / "work.pcm", on_progress=_ignore)
    mixed = audio.decode(data / "jfk_left_only.mp3", tmp_path / "work.pcm", on_progress=_ignore)

    assert decoded.duration == mixed.duration
    assert np.abs(np.array(decoded.peaks) - mixed.peaks).max() <= 1


@pytest.mark.parametrize(
    ("sounds", "sentence"),
    [
        ([1.0], "There is only one channel, so the recording was transcribed as usual, not by channel."),
        ([1.0, 1.0, 1.0], "There are 3 channels, not two, so the recording was transcribed as usual, not by channel."),
        ([1.0, 1.0], "Both channels hold the same sound, so the recording was transcribed as usual, not by channel."),
        ([0.0, 0.0], "Both channels hold the same sound, so the recording was transcribed as usual, not by channel."),
    ],
)
def test_decode_says_why_it_makes_no_sense_and_leaves_nothing_behind(split, tmp_path: Path, sounds, sentence: str):
    voice = _voice(0.0, 3.0)

    with pytest.raises(NotByChannel) as caught:
        split(*(voice * loudness for loudness in sounds))

    assert str(caught.value) == sentence
    assert list(tmp_path.glob("work*")) == []


def test_decode_that_is_stopped_while_it_compares_the_channels_leaves_nothing_behind(data: Path, tmp_path: Path):
    calls = []

    def stop(seconds: float, total: float) -> None:
        calls.append(seconds)
        if calls[-1] == 0.0:  # The first block of the comparison; decoding tells of what is done.
            raise Stopped

    with pytest.raises(Stopped):
        channels.decode(data / "jfk_left_only.mp3", tmp_path / "work.pcm", on_progress=stop)
    assert list(tmp_path.glob("work*")) == []


def test_find_pieces_says_that_nobody_speaks_on_a_channel(data: Path, tmp_path: Path):
    work = tmp_path / "work.pcm"
    channels.decode(data / "jfk_left_only.mp3", work, on_progress=_ignore)

    with pytest.raises(NotByChannel, match="Nobody speaks on the right channel, so"):
        channels.find_pieces(planning.find_pieces, work, on_progress=_ignore)


def test_find_pieces_puts_the_channels_in_order_of_time(tmp_path: Path):
    pieces = {
        "work.channel1.pcm": [Piece(0.0, 9.0, ((0.0, 9.0),)), Piece(30.0, 31.0, ((30.0, 31.0),))],
        "work.channel2.pcm": [Piece(0.0, 2.0, ((0.0, 2.0),)), Piece(4.0, 29.0, ((4.0, 29.0),))],
    }

    def find(work: Path, *, on_progress: OnProgress) -> list[Piece]:
        return pieces[work.name]

    found = channels.find_pieces(find, tmp_path / "work.pcm", on_progress=_ignore)

    assert [(piece.start, piece.channel) for piece in found] == [(0.0, 1), (0.0, 2), (4.0, 2), (30.0, 1)]
