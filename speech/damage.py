"""What is missing from a recording of which only a part could be read: where it breaks off, and what was left out on the way."""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speech import ogg
from speech.ogg import Readable
from speech.times import clock

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

BREAKS_OFF = "The file breaks off at {} of {}. What comes after could not be read."
DAMAGED = "Parts of this file are damaged and could not be read."

SHORT_SECONDS = 2.0
SHORT_SHARE = 0.02
"""So much may be missing at the end, the larger of both: encoders pad, and containers round."""
HEARD_SECONDS = 0.1
"""Less that was left out is no damage to a text: joined MP3 files have a bad packet or two at each seam."""
WITHOUT_PAUSES = ("amrnb", "amrwb", "amr_nb", "amr_wb")
"""FFmpeg cannot decode the pauses that a phone leaves out (DTX) and takes them for errors."""

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
MATROSKA = "matroska,webm"
TELL_THEIR_LENGTH = (MOV, MATROSKA, "flac", "asf", "aiff", "caf")
"""Of others FFmpeg guesses the length by size and bit rate, takes it from what is there, or finds it often wrong (AVI)."""

MP3_FRAMES = re.compile(rb"(Xing|Info)\0\0\0[\x01\x03\x05\x07\x09\x0b\x0d\x0f]|VBRI\0\1")
"""The first frame of an MP3 file that says how many there are: else the length is a guess."""
ID3_BYTES = 10
FIRST_FRAME_BYTES = 4096

ENDLESS_BYTES = 0x7FFF0000
"""From here on the size in the head of a WAV file is that of a recorder that could not go back to write it."""

LIKELY_TIMES = 2.0
"""So many times as long as its bytes suggest may a file be by a page that is damaged itself."""
TOLD_BYTES = 64_000_000
"""Read between two signs of life: less than a second of work."""


@dataclass(slots=True)
class Skipped:
    """Adds up the sound of the packets that could not be decoded, between others that could."""

    seconds: float = 0.0
    _undecided: float = 0.0
    _last_frame: float = 0.0

    def skip(self) -> None:
        """Note a packet that could not be decoded. At the start and at the end of a file it may be a tag."""
        self._undecided += self._last_frame

    def hear(self, frame: "AudioFrame") -> None:
        """Note what could be decoded."""
        self._last_frame = frame.samples / frame.sample_rate
        self.seconds += self._undecided
        self._undecided = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a container says of a track. `announced` is where its sound should end in seconds, None where that is not known."""

    announced: float | None = None
    has_holes: bool = False


def warnings(said: Said, skipped: Skipped, *, codec: str, duration: float) -> tuple[str, ...]:
    """Return the sentences for the person about what is missing from a sound of `duration` seconds; none where all is there."""
    sentences = []
    if breaks_off(said, duration=duration):
        sentences.append(BREAKS_OFF.format(clock(duration), clock(round(said.announced or 0.0))))
    if said.has_holes or (skipped.seconds > HEARD_SECONDS and codec not in WITHOUT_PAUSES):
        sentences.append(DAMAGED)
    return tuple(sentences)


def breaks_off(said: Said, *, duration: float) -> bool:
    """Return whether a sound of `duration` seconds ends before it should."""
    announced = said.announced or 0.0
    return announced - duration > max(SHORT_SECONDS, SHORT_SHARE * announced)


def look(file: Readable, container: "InputContainer", stream: "AudioStream", on_read: Callable[[], None]) -> Said:
    """Return what the file says of a track. An Ogg file is read to its end, with a call of `on_read` now and then."""
    kind = container.format.name
    if kind == "ogg":
        return _look_at_pages(file, container, stream, on_read)
    if kind == "wav":
        return Said(_cut_wav(file))
    if kind in TELL_THEIR_LENGTH or (kind == "mp3" and _counts_frames(file)):
        return Said(_length(container, stream))
    return Said()


def _length(container: "InputContainer", stream: "AudioStream") -> float | None:
    """Return where a track should end. That of the whole container may be the end of another track."""
    began = (container.start_time or 0) / 1_000_000
    if stream.duration and stream.time_base:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base) - began
    return container.duration / 1_000_000 if container.duration and len(container.streams) == 1 else None


def _counts_frames(file: Readable) -> bool:
    file.seek(0)
    head = file.read(ID3_BYTES)
    size = 0
    if head[:3] == b"ID3" and len(head) == ID3_BYTES:
        for byte in head[6:]:  # Seven bits each.
            size = size << 7 | byte & 0x7F
        size += ID3_BYTES
    file.seek(size)
    return MP3_FRAMES.search(file.read(FIRST_FRAME_BYTES)) is not None


def _cut_wav(file: Readable) -> float | None:
    """Return the length that a WAV file announces, where it ends before: FFmpeg then goes by what is there."""
    file.seek(0)
    if file.read(12)[:4] != b"RIFF":
        return None
    bytes_per_second = 0
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            start = file.tell()
            is_cut = size < ENDLESS_BYTES and start + size > file.seek(0, 2)
            return size / bytes_per_second if is_cut and bytes_per_second else None
        if name == b"fmt ":
            bytes_per_second = int.from_bytes(file.read(12)[8:], "little")
            file.seek(-12, 1)
        file.seek(size + size % 2, 1)
    return None


def _look_at_pages(
    file: Readable, container: "InputContainer", stream: "AudioStream", on_read: Callable[[], None]
) -> Said:
    """Return how long an Ogg file is by its last page, also a damaged one, and whether any are lost before others."""
    first = whole = last = None
    has_holes, told = False, 0
    for page in ogg.read_pages(file):
        if page.is_whole:
            has_holes |= whole is not None and page.start != whole.end
            whole = page
        first, last = first or page, page
        if page.start - told > TOLD_BYTES:
            told = page.start
            on_read()
    if not (first and whole and last and stream.time_base and len(container.streams) == 1):
        return Said(has_holes=has_holes)
    is_sure = last.serial == first.serial and 0 < last.granule <= LIKELY_TIMES * whole.granule * last.end / whole.end
    began = (container.start_time or 0) / 1_000_000
    return Said(float(last.granule * stream.time_base) - began if is_sure else None, has_holes)
