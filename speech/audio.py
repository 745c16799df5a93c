"""Reading media with PyAV: what a file holds, and its sound as a work file of 16 kHz mono samples."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from speech import damage, seeking, waveform
from speech.opening import nameless, opened
from speech.types import SAMPLE_RATE, EngineError, Media, OnProgress, UnreadableMedia

if TYPE_CHECKING:
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

BYTES_PER_SAMPLE = 2
BYTES_PER_SECOND = SAMPLE_RATE * BYTES_PER_SAMPLE
PROBE_SECONDS = 5.0
"""How much is decoded to see that a file can be decoded at all."""
GAP_SECONDS = 0.3
"""Where timestamps jump ahead by more than this, silence is put in, so that times agree with the player's."""
DISK_RESERVE_BYTES = 200_000_000
"""Kept free while a work file is written: a small file can hold days of silence."""
PROGRESS_SECONDS = 60.0
"""Audio decoded between two calls of on_progress: well under a second of work."""

SHORTEST_SECONDS = 0.01
"""Less is no sound: a damaged header may give a few samples."""

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE)
"""Why a work file cannot be written that has nothing to do with the recording: somebody can put it right meanwhile."""

LAYOUTS = {1: "mono", 2: "stereo"}
"""What FFmpeg calls them."""

NO_SOUND = "This file has an audio track, but no sound could be decoded from it."


def audio_stream(container: "InputContainer", track: int) -> "AudioStream":
    """Return an audio track. Raises UnreadableMedia where there is none."""
    streams = container.streams.audio
    if not streams:
        raise UnreadableMedia("This file has no audio track, so there is nothing to transcribe.")
    if track >= len(streams):
        raise UnreadableMedia(f"This file has {len(streams)} audio tracks, so there is no track {track + 1}.")
    return streams[track]


def probe(path: Path) -> Media:
    """Return what a file holds, after decoding its first seconds.

    Raises UnreadableMedia with a sentence for the person where no audio can be decoded from it.
    """
    with opened(path) as container:
        stream = audio_stream(container, 0)
        seconds = 0.0
        for frame in _frames(container, stream, damage.Skipped()):
            seconds += frame.samples / frame.sample_rate
            if seconds >= PROBE_SECONDS:
                break
        if seconds < SHORTEST_SECONDS:
            raise UnreadableMedia(NO_SOUND)
        return Media(
            container=container.format.name,
            audio_codec=stream.codec_context.name,
            duration=container.duration / 1_000_000 if container.duration else None,
            has_video=_has_pictures(container),
            audio_tracks=len(container.streams.audio),
            seeks_exactly=seeking.is_exact(container, stream, path),
        )


def channels_of(media: Path, *, track: int = 0) -> int:
    """Return how many channels an audio track has, by the first sound in it. Raises UnreadableMedia where there is none."""
    with opened(media) as container:
        stream = audio_stream(container, track)
        for frame in _frames(container, stream, damage.Skipped()):
            return frame.layout.nb_channels
    raise UnreadableMedia(NO_SOUND)


def _has_pictures(container: "InputContainer") -> bool:
    return any(not _is_cover(stream) for stream in container.streams.video)


def _is_cover(stream: "VideoStream") -> bool:
    """Return whether a video stream is only the picture of a music file."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _frames(container: "InputContainer", stream: "AudioStream", skipped: damage.Skipped) -> Iterator["AudioFrame"]:
    """Yield what can be decoded. Damaged packets are left out and noted; a file that breaks off ends there."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            skipped.skip()
            continue
        for frame in frames:
            skipped.hear(frame)
            yield frame


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded recording. `duration` is where its sound ends and `length` what a player shows, both in seconds: pictures may go on.

    `peaks` is the waveform over the whole length: at most 2000 loudest samples, 0..255. `clipped` is the share of the sound that
    was too loud for what recorded it, 0..1. `warnings` are sentences for the person
    about what the file should hold and could not be read.
    """

    duration: float
    length: float
    peaks: list[int]
    clipped: float
    warnings: tuple[str, ...]


def decode(media: Path, work: Path, *, track: int = 0, on_progress: OnProgress) -> Decoded:
    """Write the sound of an audio track to `work` (16 kHz mono s16, all channels mixed) and return its lengths and peaks.

    Memory does not grow with the length. The file appears under its name only when it is whole. Raises UnreadableMedia, and
    EngineError (not permanent) `disk_full` where it does not fit, `disk_away` where the folder of `work` cannot be written to.
    """
    return _decode(media, [work], track, on_progress)


def decode_stereo(
    media: Path,
    works: tuple[Path, Path],
    *,
    track: int = 0,
    finish: Callable[[Path, Path], None],
    on_progress: OnProgress,
) -> Decoded:
    """Write each channel of a stereo track to a work file of its own, else as `decode`; the peaks are those of both.

    `finish` is called with the two files before they appear under their names, and may change them.
    """
    return _decode(media, works, track, on_progress, finish)


def _decode(
    media: Path,
    works: Sequence[Path],
    track: int,
    on_progress: OnProgress,
    finish: Callable[..., None] = lambda *parts: None,
) -> Decoded:
    with written(works) as parts:
        with ExitStack() as stack:
            decoded = _write(media, [stack.enter_context(part.open("wb")) for part in parts], track, on_progress)
        finish(*parts)
    return decoded


@contextmanager
def written(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Give the names under which to write files: they get their own once all are whole, and are gone where that fails.

    Raises EngineError (not permanent) `disk_full` and `disk_away`.
    """
    parts = {file: file.with_name(f"{file.name}.{os.getpid()}.part") for file in files}
    try:
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
        yield list(parts.values())
        for file, part in parts.items():
            part.replace(file)
    except OSError as err:
        if err.errno not in (*DISK_FULL, *NOT_WRITABLE):
            raise
        raise _disk_full() if err.errno in DISK_FULL else _disk_away(err) from err
    finally:
        for part in parts.values():
            _remove(part)


def _disk_away(err: OSError) -> EngineError:
    return EngineError(
        f"The folder for decoded recordings cannot be written to ({err.strerror}). The recording is kept and will be tried again.",
        permanent=False,
        code="disk_away",
    )


def _remove(part: Path) -> None:
    """Delete what is half-written. Where that fails too, the worker's next sweep does."""
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return


def _write(media: Path, files: Sequence[BinaryIO], track: int, on_progress: OnProgress) -> Decoded:
    """Write the mixed sound to one file, or the two channels of it to two."""
    import numpy as np

    total, shown, peaks, clipped, rest = 0, 0.0, bytearray(), 0, np.empty(0, dtype=np.int16)
    skipped = damage.Skipped()
    with opened(media) as container:
        stream = audio_stream(container, track)
        expected = container.duration / 1_000_000 if container.duration else 0.0
        shortest = expected if _has_pictures(container) else 0.0  # Of sound alone, what was decoded is the truth.
        for block in blocks(container, stream, skipped, channels=len(files)):
            for file, channel in zip(files, block.T, strict=True):
                file.write(channel.tobytes())
            total += len(block)
            mixed = np.concatenate([rest, block.mean(axis=1).astype(np.int16)])
            clipped += waveform.clipped(mixed)
            block_peaks, rest = waveform.peaks(mixed)
            peaks += block_peaks.tobytes()
            if total / SAMPLE_RATE - shown >= PROGRESS_SECONDS:
                shown = total / SAMPLE_RATE
                on_progress(shown, max(shown, expected))
                check_disk(Path(files[0].name))
        duration = total / SAMPLE_RATE
        with nameless(media) as again:
            said = damage.look(again, container, stream, lambda: on_progress(duration, max(duration, expected)))
        warnings = damage.warnings(said, skipped, codec=stream.codec_context.name, duration=duration)
    if total < SHORTEST_SECONDS * SAMPLE_RATE:
        raise UnreadableMedia(NO_SOUND)
    # Pictures may go on after the sound, but not where the file itself ends.
    length = duration if damage.breaks_off(said, duration=duration) else max(duration, shortest)
    waves = waveform.thin_out(np.frombuffer(peaks, dtype=np.uint8), share=duration / length)
    return Decoded(duration, length, waves, clipped / max(1, len(peaks)), warnings)


def check_disk(path: Path) -> None:
    """Raise EngineError `disk_full` where little is left for what is being written."""
    if shutil.disk_usage(path.parent).free < DISK_RESERVE_BYTES:
        raise _disk_full()


def _disk_full() -> EngineError:
    return EngineError(
        "The disk is full: the recording could not be unpacked for transcription. It is kept and will be tried again.",
        permanent=False,
        code="disk_full",
    )


def blocks(
    container: "InputContainer",
    stream: "AudioStream",
    skipped: damage.Skipped,
    *,
    channels: int,
    rate: int = SAMPLE_RATE,
) -> Iterator["NDArray[np.int16]"]:
    """Yield the sound of a track in blocks of shape (n_samples, n_channels), with silence where its timestamps leave a gap."""
    import numpy as np

    mixer = _Mixer(channels, rate)
    done = 0
    start = (container.start_time or 0) / 1_000_000
    limit = (container.duration or 0) / 1_000_000
    for frame in _frames(container, stream, skipped):
        gap = 0.0 if frame.time is None else frame.time - start - done / rate
        if gap > GAP_SECONDS and frame.time is not None and frame.time - start <= limit:
            for seconds in _stretches(gap):
                silence = np.zeros((int(seconds * rate), channels), dtype=np.int16)
                done += len(silence)
                yield silence
        for block in mixer.push(frame):
            done += len(block)
            yield block
    yield from mixer.flush()


def _stretches(seconds: float, *, longest: float = 30.0) -> Iterator[float]:
    """Yield a duration in parts, so that a gap of hours is not one array."""
    while seconds > 0:
        yield min(seconds, longest)
        seconds -= longest


class _Mixer:
    """Turns frames of any layout and rate, also changing ones, into mono or stereo of one rate: shape (n_samples, n_channels)."""

    def __init__(self, channels: int, rate: int) -> None:
        self._channels, self._rate = channels, rate
        self._resampler: AudioResampler | None = None
        self._kind: tuple[object, ...] = ()

    def push(self, frame: "AudioFrame") -> Iterator["NDArray[np.int16]"]:
        """Yield the samples that are ready after this frame."""
        import numpy as np
        from av.audio.resampler import AudioResampler

        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
            layout = LAYOUTS[self._channels]
            self._resampler, self._kind = AudioResampler(format="s16", layout=layout, rate=self._rate), kind
        # The resampler would refuse timestamps that jump; gaps are dealt with before.
        frame.pts = None
        assert self._resampler is not None
        for resampled in self._resampler.resample(frame):
            yield resampled.to_ndarray().reshape(-1, self._channels).astype(np.int16, copy=False)

    def flush(self) -> Iterator["NDArray[np.int16]"]:
        """Yield what the resampler still holds."""
        import numpy as np

        if self._resampler is None:
            return
        for resampled in self._resampler.resample(None):
            yield resampled.to_ndarray().reshape(-1, self._channels).astype(np.int16, copy=False)
        self._resampler = None


def duration_of(work: Path) -> float:
    """Return the length of a work file in seconds."""
    return work.stat().st_size / BYTES_PER_SECOND


def read(work: Path, start: float, end: float) -> "NDArray[np.float32]":
    """Return the samples of a stretch of a work file: float32, mono, 16 kHz, shape (n_samples,), -1..1."""
    import numpy as np

    first = int(start * SAMPLE_RATE)
    count = max(0, int(end * SAMPLE_RATE) - first)
    samples = np.fromfile(work, dtype=np.int16, count=count, offset=first * BYTES_PER_SAMPLE)
    return samples.astype(np.float32) / 32768.0
