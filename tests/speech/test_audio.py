import errno
import io
import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from speech import audio, opening, waveform
from speech.types import SAMPLE_RATE, EngineError, UnreadableMedia

LOUDNESS = 0.165
"""Root mean square of the sound: 0.142 in the quieter files, 0.199 in the louder ones."""


def _ignore(seconds: float, total: float) -> None:
    return


def _write_wav(path: Path, samples: np.ndarray, *, rate: int = SAMPLE_RATE) -> Path:
    """Write int16 samples of shape (n_samples,) or (n_samples, n_channels)."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1 if samples.ndim == 1 else samples.shape[1], 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(
    ("name", "container", "codec", "has_video", "tracks"),
    [
        ("jfk.mp3", "mp3", "mp3float", False, 1),
        ("jfk.opus", "ogg", "opus", False, 1),
        ("jfk.webm", "matroska,webm", "opus", False, 1),
        ("jfk_video.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "aac", True, 1),
        ("jfk_two_tracks.mka", "matroska,webm", "opus", False, 2),
    ],
)
def test_probe_tells_what_a_file_holds(data: Path, name: str, container: str, codec: str, has_video: bool, tracks: int):
    media = audio.probe(data / name)

    assert (media.container, media.audio_codec, media.has_video, media.audio_tracks) == (
        container,
        codec,
        has_video,
        tracks,
    )
    assert media.duration == pytest.approx(11.0, abs=2.0)


@pytest.mark.parametrize(
    "name",
    [
        "archive.mp3", "concat.wav", "concat_sibling.wav", "empty.wav", "lying_header.wav", "noise_only_header.flac",
        "page.ogg", "playlist.mp3", "playlist_relative.mp3", "random.m4a", "text.mp3", "truncated.m4a",
        "video_no_audio.mp4", "zero_samples.wav",
    ],
)  # fmt: skip
def test_probe_refuses_what_holds_no_sound(data: Path, name: str):
    with pytest.raises(UnreadableMedia) as caught:
        audio.probe(data / "bad" / name)

    assert caught.value.message.endswith(".")
    assert name not in caught.value.message


@pytest.mark.parametrize(
    "name", ["jfk.flac", "jfk_8k.wav", "jfk.mp3", "jfk.webm", "jfk_video.mp4", "jfk_two_tracks.mka"]
)
def test_decode_gives_the_same_sound_from_each_container(data: Path, tmp_path: Path, name: str):
    decoded = audio.decode(data / name, tmp_path / "work.pcm", on_progress=_ignore)

    samples = audio.read(tmp_path / "work.pcm", 0.0, decoded.duration)
    assert decoded.duration == pytest.approx(11.0, abs=2.0)
    assert audio.duration_of(tmp_path / "work.pcm") == decoded.duration
    assert float(np.sqrt((samples**2).mean())) == pytest.approx(LOUDNESS, abs=0.04)
    assert max(decoded.peaks) == pytest.approx(np.abs(samples).max() * 255, abs=2)


def test_length_of_a_video_is_that_of_its_pictures_and_the_waveform_spans_it(data: Path, tmp_path: Path):
    decoded = audio.decode(data / "jfk_video.mp4", tmp_path / "work.pcm", on_progress=_ignore)

    assert decoded.length == pytest.approx(12.67, abs=0.01)
    assert decoded.duration == pytest.approx(11.0, abs=0.1)
    assert len(decoded.peaks) == int(decoded.length * 10)
    assert max(decoded.peaks[-16:]) == 0 < max(decoded.peaks[:30])


def test_pictures_of_a_video_that_breaks_off_do_not_go_on(tmp_path: Path, data: Path):
    whole = (data / "jfk_video.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    decoded = audio.decode(tmp_path / "cut.mp4", tmp_path / "work.pcm", on_progress=_ignore)
    assert decoded.length == decoded.duration == pytest.approx(5.5, abs=0.1)
    assert len(decoded.peaks) == 55


@pytest.mark.parametrize("name", ["bad/truncated.wav", "bad/truncated.mp3", "jfk.webm"])
def test_length_of_sound_alone_is_what_was_decoded_whatever_the_container_says(data: Path, tmp_path: Path, name: str):
    decoded = audio.decode(data / name, tmp_path / "work.pcm", on_progress=_ignore)
    assert decoded.length == decoded.duration


def test_decode_mixes_all_channels(tmp_path: Path):
    stereo = np.zeros((SAMPLE_RATE, 2))
    stereo[:, 1] = 8000 * np.sin(np.arange(SAMPLE_RATE) / 10)

    audio.decode(_write_wav(tmp_path / "right.wav", stereo), tmp_path / "work.pcm", on_progress=_ignore)

    assert float(np.abs(audio.read(tmp_path / "work.pcm", 0.0, 1.0)).max()) > 0.1


def test_decode_of_a_damaged_file_gives_what_is_whole(data: Path, tmp_path: Path):
    decoded = audio.decode(data / "bad" / "truncated.mp3", tmp_path / "work.pcm", on_progress=_ignore)

    assert 3.0 < decoded.duration < 11.0


@pytest.mark.parametrize(
    ("name", "end", "announced"),
    [("truncated.mp3", "0:05", "0:11"), ("truncated.wav", "0:05", "0:11"), ("damaged.ogg", "0:03", "0:11")],
)
def test_decode_tells_where_a_file_breaks_off(data: Path, tmp_path: Path, name: str, end: str, announced: str):
    decoded = audio.decode(data / "bad" / name, tmp_path / "work.pcm", on_progress=_ignore)

    assert decoded.warnings == (f"The file breaks off at {end} of {announced}. What comes after could not be read.",)


@pytest.mark.parametrize("name", ["jfk.opus", "jfk_video.mp4"])
def test_decode_tells_of_damage_in_the_middle(data: Path, tmp_path: Path, name: str):
    content = bytearray((data / name).read_bytes())
    start, size = len(content) * 4 // 10, len(content) // 10
    content[start : start + size] = bytes(size)
    (tmp_path / name).write_bytes(content)

    decoded = audio.decode(tmp_path / name, tmp_path / "work.pcm", on_progress=_ignore)

    assert decoded.warnings == ("Parts of this file are damaged and could not be read.",)
    assert decoded.duration == pytest.approx(11.0, abs=0.1)


HEALTHY = [
    "jfk.flac", "jfk.mp3", "jfk.opus", "jfk.webm", "jfk_8k.wav", "jfk_gap40s.opus", "jfk_left_only.mp3",
    "jfk_two_tracks.mka", "jfk_video.mp4", "de/thorsten_03.wav", "ljspeech/LJ001-0002.flac", "bad/clipped.mp3",
    "bad/noise_pink.opus", "bad/silence.flac", "bad/tone.flac", "bad/very_short_0.05s.wav",
]  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_decode_of_a_healthy_file_has_no_warning(data: Path, tmp_path: Path, name: str):
    assert audio.decode(data / name, tmp_path / "work.pcm", on_progress=_ignore).warnings == ()


def test_decode_does_not_believe_a_wav_file_that_was_streamed(data: Path, tmp_path: Path):
    """Who cannot go back to the head writes the largest number there."""
    content = bytearray((data / "jfk_8k.wav").read_bytes())
    start = content.index(b"data") + 4
    content[4:8] = content[start : start + 4] = b"\xff" * 4
    (tmp_path / "streamed.wav").write_bytes(content)

    assert audio.decode(tmp_path / "streamed.wav", tmp_path / "work.pcm", on_progress=_ignore).warnings == ()


def test_decode_does_not_believe_a_guess_at_the_length_of_an_mp3_file(data: Path, tmp_path: Path):
    """The quiet first frames of a variable bit rate let FFmpeg guess too much where no frame count is there."""
    content = (data / "jfk.mp3").read_bytes()
    (tmp_path / "guess.mp3").write_bytes(content[content.index(b"\xff\xfb", 300) :] + bytes(400_000))

    assert audio.probe(tmp_path / "guess.mp3").duration > 30
    assert audio.decode(tmp_path / "guess.mp3", tmp_path / "work.pcm", on_progress=_ignore).warnings == ()


def test_decode_leaves_no_file_behind_when_it_fails(data: Path, tmp_path: Path):
    with pytest.raises(UnreadableMedia):
        audio.decode(data / "bad" / "text.mp3", tmp_path / "work" / "work.pcm", on_progress=_ignore)

    assert list((tmp_path / "work").iterdir()) == []


def test_decode_leaves_no_file_behind_when_it_is_stopped(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(seconds: float, total: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(audio, "PROGRESS_SECONDS", 1.0)
    with pytest.raises(KeyboardInterrupt):
        audio.decode(data / "jfk.flac", tmp_path / "work" / "work.pcm", on_progress=stop)

    assert list((tmp_path / "work").iterdir()) == []


def test_decode_says_that_the_disk_is_full(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: object) -> audio.Decoded:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(audio, "_write", fail)
    with pytest.raises(EngineError) as caught:
        audio.decode(data / "jfk.flac", tmp_path / "work.pcm", on_progress=_ignore)

    assert (caught.value.code, caught.value.permanent) == ("disk_full", False)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_decode_says_that_the_work_folder_is_away(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    def fail(*arguments: object) -> audio.Decoded:
        raise OSError(number, "not now")

    monkeypatch.setattr(audio, "_write", fail)
    with pytest.raises(EngineError) as caught:
        audio.decode(data / "jfk.flac", tmp_path / "work.pcm", on_progress=_ignore)

    assert (caught.value.code, caught.value.permanent) == ("disk_away", False)


def test_file_on_a_disk_that_is_not_there_can_be_read_later(tmp_path: Path):
    with pytest.raises(EngineError) as caught:
        audio.probe(tmp_path / "not mounted" / "talk.mp3")

    assert (caught.value.code, caught.value.permanent) == ("media_away", False)


def test_file_that_is_gone_is_told(tmp_path: Path):
    with pytest.raises(EngineError) as caught:
        audio.probe(tmp_path / "talk.mp3")

    assert (caught.value.code, caught.value.permanent) == ("media_missing", True)


@pytest.mark.parametrize("name", ["jfk.flac", "jfk_8k.wav", "jfk.opus", "jfk.mp3", "jfk_video.mp4"])
def test_disk_that_fails_in_the_middle_is_not_the_end_of_the_recording(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    class Failing(opening.Nameless):
        def __init__(self, file: BinaryIO) -> None:
            super().__init__(file)
            self.left = 3 * (data / name).stat().st_size // 4

        def read(self, size: int) -> bytes:
            self.left -= size
            if self.left < 0:
                self._file.close()
                self._file = BrokenFile()
            return super().read(size)

    monkeypatch.setattr(opening, "Nameless", Failing)
    with pytest.raises(EngineError) as caught:
        audio.decode(data / name, tmp_path / "work.pcm", on_progress=_ignore)

    assert (caught.value.code, caught.value.permanent) == ("media_away", False)
    assert list(tmp_path.glob("work*")) == []


class BrokenFile(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError(errno.EIO, "Input/output error")


def test_decode_puts_silence_where_timestamps_leave_a_gap(data: Path, tmp_path: Path):
    """A recorder that paused writes no packets: the times of what follows must still be the player's."""
    import av

    gap_seconds = 20.0
    with av.open(str(data / "jfk.webm")) as source, av.open(str(tmp_path / "gap.mka"), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.pts is None:
                continue
            if packet.pts * packet.time_base > 5:
                packet.pts += int(gap_seconds / packet.time_base)
                packet.dts = packet.pts
            packet.stream = stream
            target.mux(packet)

    decoded = audio.decode(tmp_path / "gap.mka", tmp_path / "work.pcm", on_progress=_ignore)

    assert decoded.duration == pytest.approx(31.0, abs=0.2)
    assert float(np.abs(audio.read(tmp_path / "work.pcm", 8.0, 24.0)).max()) == 0.0


def test_decode_of_a_long_recording_thins_the_waveform_out(tmp_path: Path):
    loud_at_the_end = np.zeros(SAMPLE_RATE * 600)
    loud_at_the_end[-10:] = 32767

    decoded = audio.decode(
        _write_wav(tmp_path / "long.wav", loud_at_the_end), tmp_path / "work.pcm", on_progress=_ignore
    )

    assert len(decoded.peaks) == waveform.PEAKS
    assert decoded.peaks[-1] == 255
    assert max(decoded.peaks[:-1]) == 0


def test_read_returns_floats_of_the_stretch_asked_for(tmp_path: Path):
    (tmp_path / "work.pcm").write_bytes(np.arange(SAMPLE_RATE, dtype="<i2").tobytes())

    samples = audio.read(tmp_path / "work.pcm", 0.5, 0.75)

    assert (samples.dtype, samples.shape) == (np.float32, (SAMPLE_RATE // 4,))
    assert samples[0] == 8000 / 32768
    assert audio.read(tmp_path / "work.pcm", 2.0, 3.0).shape == (0,)


def test_clipped_is_where_many_samples_stand_at_the_top():
    sound = np.zeros(16_000, dtype=np.int16)
    sound[100:104] = 32_767
    sound[1700:1703] = -32_768
    sound[3300:3400] = 31_000
    sound[15_990:] = -32_768
    assert waveform.clipped(sound) == 2
    assert waveform.clipped(sound[:1599]) == 0


def test_decode_tells_how_much_is_clipped(tmp_path: Path):
    path = tmp_path / "loud.wav"
    quiet = np.sin(np.arange(16_000) / 5) * 8_000
    loud = (np.sin(np.arange(16_000) / 5) * 90_000).clip(-32_768, 32_767)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.concatenate([quiet, loud, quiet, quiet]).astype("<i2").tobytes())
    decoded = audio.decode(path, tmp_path / "work.pcm", on_progress=lambda *_: None)
    assert decoded.clipped == pytest.approx(0.25, abs=0.03)
