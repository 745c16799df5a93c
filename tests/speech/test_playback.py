"""Copies for the player: which files need one, and that each moment is found in it."""

from pathlib import Path

import av
import numpy as np
import pytest

from speech import audio, playback

RATE = 44_100
SECONDS = 20
EXACT_SECONDS = 0.05


def _ignore(seconds: float, total: float) -> None:
    return


def _clicks() -> np.ndarray:
    """Return a tick at each second, and noise that comes and goes, so that its rate varies where it can."""
    noise = np.random.default_rng(1).normal(0, 0.02, RATE * SECONDS)
    noise *= np.repeat(np.arange(SECONDS) % 2, RATE)
    tick = 0.8 * np.sin(2 * np.pi * 2000 * np.arange(RATE // 200) / RATE)
    for second in range(SECONDS):
        noise[second * RATE : second * RATE + len(tick)] += tick
    return (noise.clip(-1, 1) * 32_000).astype(np.int16)


def _write(path: Path, codec: str, container: str, *, rate: int = RATE, varies: bool = False, **options: str) -> Path:
    with av.open(str(path), "w", format=container, container_options=options) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono", options={"global_quality": "472"} if varies else {})
        stream.codec_context.qscale = varies
        for second, samples in enumerate(_clicks().reshape(SECONDS, RATE)):
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, second * RATE
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _tick_near(path: Path, second: float) -> float:
    """Return when a tick is heard after a jump to a little before a second, as a player jumps: by the index."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        container.seek(int((second - 0.3) / stream.time_base), stream=stream)
        frames = [frame for frame in container.decode(stream) if second - 0.3 <= frame.time <= second + 0.3]
        samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
    return frames[0].time + int(np.argmax(np.abs(samples) > 0.4)) / stream.rate


@pytest.mark.parametrize(
    ("codec", "container", "facts", "is_needed"),
    [
        ("libmp3lame", "mp3", {}, True),
        ("libmp3lame", "mp3", {"varies": True}, True),
        ("aac", "mp4", {}, False),
        ("aac", "mp4", {"movflags": "frag_keyframe+empty_moov"}, True),
        ("aac", "adts", {}, True),
        ("libopus", "ogg", {"rate": 48_000}, False),
        ("libopus", "webm", {"rate": 48_000}, False),
        ("libopus", "webm", {"rate": 48_000, "live": "1"}, True),
        ("flac", "flac", {}, False),
        ("pcm_s16le", "wav", {}, False),
        ("pcm_s16be", "aiff", {}, True),
        ("mp2", "avi", {}, True),
        ("mp2", "mpegts", {}, True),
        ("alac", "mov", {}, True),
    ],
)
def test_copy_is_needed_where_browsers_do_not_seek_exactly(tmp_path: Path, codec, container, facts, is_needed):
    source = _write(tmp_path / "source", codec, container, **facts)
    assert playback.is_needed(source) is is_needed
    assert audio.probe(source).seeks_exactly is not is_needed


@pytest.mark.parametrize(
    ("codec", "container", "facts"),
    [("libmp3lame", "mp3", {"varies": True}), ("aac", "adts", {}), ("mp2", "mpegts", {}), ("pcm_s16be", "aiff", {})],
)
def test_each_moment_is_found_in_the_copy(tmp_path: Path, codec, container, facts):
    source, copy = _write(tmp_path / "source", codec, container, **facts), tmp_path / "new" / "copy.m4a"
    playback.encode(source, copy, on_progress=_ignore)
    found = audio.probe(copy)
    assert (found.audio_codec, found.seeks_exactly) == ("aac", True)
    assert found.duration == pytest.approx(SECONDS, abs=0.1)
    for second in (1, 2, 9, 18):
        assert _tick_near(copy, second) == pytest.approx(second, abs=EXACT_SECONDS)


def test_copy_is_in_time_with_the_text_where_the_source_has_a_gap(data: Path, tmp_path: Path):
    playback.encode(data / "jfk_gap40s.opus", tmp_path / "copy.m4a", on_progress=_ignore)
    decoded = [
        audio.decode(path, tmp_path / "work", on_progress=_ignore).duration
        for path in (data / "jfk_gap40s.opus", tmp_path / "copy.m4a")
    ]
    assert decoded[0] > 50
    assert decoded[1] == pytest.approx(decoded[0], abs=0.1)


def test_copy_that_cannot_be_written_leaves_nothing(tmp_path: Path, data: Path):
    with pytest.raises(audio.UnreadableMedia):
        playback.encode(data / "bad" / "text.mp3", tmp_path / "new" / "copy.m4a", on_progress=_ignore)
    assert list((tmp_path / "new").iterdir()) == []
