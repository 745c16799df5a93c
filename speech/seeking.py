"""Whether browsers find each moment of a file exactly. In what they do not, words are heard beside the place that is marked.

MP3 has no index: browsers work out where a moment lies from the bit rate, or from a table of a hundred places. In Chromium 900 ms
beside it were measured in five minutes of a varying rate, and with a constant one 43 to 98 ms, more the further on (2026-11-28; in
the copy of `speech.playback` 5 ms). WebM as it is recorded in a browser and MP4 in fragments have no index either. What browsers
do not play at all, such as AMR, WMA, AVI or MPEG-TS, does not seek.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

PLAYED = {
    "wav": ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"),
    "flac": ("flac",),
    "ogg": ("opus", "vorbis", "flac"),
    "mov": ("aac", "mp3", "mp3float", "opus", "flac"),
    "matroska": ("opus", "vorbis", "aac", "mp3", "mp3float", "flac"),
}
"""FFmpeg's names of containers, the first of several, and of decoders that Chromium, Firefox and Safari know."""
HEAD_BYTES, TAIL_BYTES = 1 << 20, 1 << 20
"""Where an index, or word of it, lies."""
CUES = bytes.fromhex("1c53bb6b")
FRAGMENTED = b"mvex"


def is_exact(container: "InputContainer", stream: "AudioStream", path: Path) -> bool:
    """Return whether browsers seek exactly in an open file."""
    kind = container.format.name.split(",")[0]
    if stream.codec_context.name.removeprefix("lib") not in PLAYED.get(kind, ()):
        return False
    if kind == "matroska":
        return CUES in _ends(path)
    return kind != "mov" or FRAGMENTED not in _ends(path)


def _ends(path: Path) -> bytes:
    """Return the beginning and the end of a file."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = path.stat().st_size
        file.seek(max(len(head), size - TAIL_BYTES))
        return head + file.read(TAIL_BYTES)
