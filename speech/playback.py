"""A copy of a recording's sound that every browser plays, and in which it finds each moment: AAC in MP4, with an index.

Its time is that of the work file: silence stands where the source has a gap, and it begins where the source does.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from speech import damage, seeking
from speech.audio import PROGRESS_SECONDS, audio_stream, blocks, check_disk, written
from speech.opening import opened
from speech.types import OnProgress

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
BITS_PER_SECOND = {1: 64_000, 2: 112_000}
"""By the number of channels: 29 and 50 MB an hour."""
LAYOUTS = {1: "mono", 2: "stereo"}


def is_needed(media: Path) -> bool:
    """Return whether browsers do not seek exactly in a file. Raises UnreadableMedia."""
    with opened(media) as container:
        return not seeking.is_exact(container, audio_stream(container, 0), media)


def encode(media: Path, target: Path, *, on_progress: OnProgress) -> None:
    """Write a copy of the first audio track to `target`, on one thread: about a minute for three hours.

    Memory does not grow with the length. Raises UnreadableMedia, and EngineError (not permanent) `disk_full` and `disk_away`.
    """
    import av

    with written([target]) as [part], opened(media) as source:
        stream = audio_stream(source, 0)
        # By its name, since the index is moved to the front in the end: FFmpeg opens the file once more for that.
        with av.open(f"file:{part}", "w", format="mp4", options={"movflags": "faststart"}) as output:
            _copy(source, stream, output, part, on_progress)


def _copy(
    source: "InputContainer", stream: "AudioStream", output: "OutputContainer", part: Path, on_progress: OnProgress
) -> None:
    from av import AudioFrame

    rate = next((rate for rate in RATES if rate >= stream.codec_context.sample_rate), RATES[-1])
    channels = min(2, stream.codec_context.channels)
    copy = output.add_stream("aac", rate=rate, layout=LAYOUTS[channels])
    copy.bit_rate = BITS_PER_SECOND[channels]
    copy.codec_context.thread_count = 1
    total, shown = 0, 0.0
    expected = source.duration / 1_000_000 if source.duration else 0.0
    for block in blocks(source, stream, damage.Skipped(), channels=channels, rate=rate):
        frame = AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout=LAYOUTS[channels])
        frame.sample_rate, frame.pts = rate, total
        output.mux(copy.encode(frame))
        total += len(block)
        if total / rate - shown >= PROGRESS_SECONDS:
            shown = total / rate
            on_progress(shown, max(shown, expected))
            check_disk(part)
    output.mux(copy.encode(None))
