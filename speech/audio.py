"""Reading media with PyAV: what a file holds, and its sound as a work file of 16 kHz mono samples.

Files are recognised by their content. They are opened through a nameless Python file object with a whitelist of containers and
without any protocol, so that nothing in a file, say a playlist, can make the program open another file or an address.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from speech import damage, waveform
from speech.types import SAMPLE_RATE, EngineError, Media, OnProgress, UnreadableMedia

if TYPE_CHECKING:
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
    "mp3,mpc,mpc8,mpeg,mpegts,mxf,nut,ogg,oma,rm,tak,tta,voc,w64,wav,wtv,wv"
)
"""Containers that hold their own media. Never one that names further files: concat, hls, dash, image sequences, sdp, ..."""

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
DAMAGED = "Could not read this file. It may be damaged, or it is not audio or video."


class _Nameless:
    """A file without its name: FFmpeg shall judge by the content alone, and has no folder to look for neighbours in."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises EngineError `media_away`: a disk that fails must not look like the end of a file."""
        try:
            return self._file.read(size)
        except OSError as err:
            raise _media_away(err) from err


@contextmanager
def _opened(path: Path) -> Iterator["InputContainer"]:
    """Open a file for decoding.

    Raises UnreadableMedia where it is none of the known containers, and EngineError where there is no file: `media_missing`
    where it is gone from its folder, `media_away` (not permanent) where it cannot be read now.
    """
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    with _file(path) as file:
        try:
            container = av.open(_Nameless(file), mode="r", metadata_errors="ignore", container_options=options)
        except (av.FFmpegError, ValueError) as err:
            raise UnreadableMedia(DAMAGED) from err
        with container:
            yield container


def _file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as err:
        if not path.parent.is_dir():  # The disk that it lies on is not there.
            raise _media_away(err) from err
        raise EngineError(
            "The file of this recording is gone from the folder where recordings are kept. Upload it again.",
            permanent=True,
            code="media_missing",
        ) from err
    except OSError as err:
        raise _media_away(err) from err


def _media_away(err: OSError) -> EngineError:
    return EngineError(
        f"The file of this recording cannot be read now ({err.strerror}). It is tried again.",
        permanent=False,
        code="media_away",
    )


def _audio_stream(container: "InputContainer", track: int) -> "AudioStream":
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
    with _opened(path) as container:
        stream = _audio_stream(container, 0)
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
        )


def channels_of(media: Path, *, track: int = 0) -> int:
    """Return how many channels an audio track has, by the first sound in it. Raises UnreadableMedia where there is none."""
    with _opened(media) as container:
        stream = _audio_stream(container, track)
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

    `peaks` is the waveform over the whole length: at most 2000 loudest samples, 0..255. `warnings` are sentences for the person
    about what the file should hold and could not be read.
    """

    duration: float
    length: float
    peaks: list[int]
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
    parts = {work: work.with_name(f"{work.name}.{os.getpid()}.part") for work in works}
    try:
        for work in works:
            work.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            decoded = _write(
                media, [stack.enter_context(part.open("wb")) for part in parts.values()], track, on_progress
            )
        finish(*parts.values())
        for work, part in parts.items():
            part.replace(work)
    except OSError as err:
        if err.errno not in (*DISK_FULL, *NOT_WRITABLE):
            raise
        raise _disk_full() if err.errno in DISK_FULL else _disk_away(err) from err
    finally:
        for part in parts.values():
            _remove(part)
    return decoded


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

    total, shown, peaks, rest = 0, 0.0, bytearray(), np.empty(0, dtype=np.int16)
    skipped = damage.Skipped()
    with _opened(media) as container:
        stream = _audio_stream(container, track)
        expected = container.duration / 1_000_000 if container.duration else 0.0
        shortest = expected if _has_pictures(container) else 0.0  # Of sound alone, what was decoded is the truth.
        for block in _blocks(container, stream, skipped, channels=len(files)):
            for file, channel in zip(files, block.T, strict=True):
                file.write(channel.tobytes())
            total += len(block)
            block_peaks, rest = waveform.peaks(np.concatenate([rest, block.mean(axis=1).astype(np.int16)]))
            peaks += block_peaks.tobytes()
            if total / SAMPLE_RATE - shown >= PROGRESS_SECONDS:
                shown = total / SAMPLE_RATE
                on_progress(shown, max(shown, expected))
                _check_disk(Path(files[0].name))
        duration = total / SAMPLE_RATE
        with _file(media) as again:
            said = damage.look(
                _Nameless(again), container, stream, lambda: on_progress(duration, max(duration, expected))
            )
        warnings = damage.warnings(said, skipped, codec=stream.codec_context.name, duration=duration)
    if total < SHORTEST_SECONDS * SAMPLE_RATE:
        raise UnreadableMedia(NO_SOUND)
    # Pictures may go on after the sound, but not where the file itself ends.
    length = duration if damage.breaks_off(said, duration=duration) else max(duration, shortest)
    return Decoded(
        duration, length, waveform.thin_out(np.frombuffer(peaks, dtype=np.uint8), share=duration / length), warnings
    )


def _check_disk(path: Path) -> None:
    if shutil.disk_usage(path.parent).free < DISK_RESERVE_BYTES:
        raise _disk_full()


def _disk_full() -> EngineError:
    return EngineError(
        "The disk is full: the recording could not be unpacked for transcription. It is kept and will be tried again.",
        permanent=False,
        code="disk_full",
    )


def _blocks(
    container: "InputContainer", stream: "AudioStream", skipped: damage.Skipped, *, channels: int
) -> Iterator["NDArray[np.int16]"]:
    """Yield the sound of a track in blocks of shape (n_samples, n_channels), with silence where its timestamps leave a gap."""
    import numpy as np

    mixer = _Mixer(channels)
    done = 0
    start = (container.start_time or 0) / 1_000_000
    limit = (container.duration or 0) / 1_000_000
    for frame in _frames(container, stream, skipped):
        gap = 0.0 if frame.time is None else frame.time - start - done / SAMPLE_RATE
        if gap > GAP_SECONDS and frame.time is not None and frame.time - start <= limit:
            for seconds in _stretches(gap):
                silence = np.zeros((int(seconds * SAMPLE_RATE), channels), dtype=np.int16)
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
    """Turns frames of any layout and rate, also changing ones, into 16 kHz mono or stereo: shape (n_samples, n_channels)."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
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
            self._resampler, self._kind = AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE), kind
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
