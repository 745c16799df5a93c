"""The pages of an Ogg file (RFC 3533), with those that FFmpeg passes over without a word because their checksum is wrong."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

SYNC = b"OggS"
HEADER_BYTES = 27
BLOCK_BYTES = 65_536
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Readable(Protocol):
    """What is needed of a file that is open for reading bytes."""

    def read(self, size: int, /) -> bytes: ...

    @property
    def seek(self) -> Callable[..., int]: ...

    @property
    def tell(self) -> Callable[[], int]: ...


@dataclass(frozen=True, slots=True)
class Page:
    """A page from byte `start` to byte `end`. `granule` is the time at its end in the stream's own unit, or -1.

    Where `is_whole` is false, its checksum is wrong or the file ends in it, and nothing else that it says is certain.
    """

    start: int
    end: int
    serial: int
    granule: int
    is_whole: bool


def read_pages(file: Readable) -> Iterator[Page]:
    """Yield the pages of a file in their order. Reads all of it; memory does not grow with its length."""
    start = _find_page(file, 0)
    while start is not None:
        file.seek(start)
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            return
        page = _read_page(file, start, header)
        yield page
        # A damaged page may be wrong about its own length.
        start = _find_page(file, page.end if page.is_whole else start + len(SYNC))


def _read_page(file: Readable, start: int, header: bytes) -> Page:
    granule, serial, _, checksum, segments = struct.unpack_from("<qIIIB", header, 6)
    table = file.read(segments)
    body = file.read(sum(table))
    is_whole = len(body) == sum(table) and _checksum(header[:22] + bytes(4) + header[26:] + table + body) == checksum
    return Page(start, start + HEADER_BYTES + len(table) + len(body), serial, granule, is_whole)


def _find_page(file: Readable, start: int) -> int | None:
    """Return where the next page begins, from a byte on, or None."""
    file.seek(start)
    seen = file.read(len(SYNC))
    while len(seen) >= len(SYNC):
        found = seen.find(SYNC)
        if found >= 0:
            return start + found
        start += len(seen) - len(SYNC) + 1
        seen = seen[1 - len(SYNC) :] + file.read(BLOCK_BYTES)
    return None


def _checksum(page: bytes) -> int:
    """Return the checksum of a page: zlib's polynomial, but with all bits the other way round, and no inversion."""
    mirrored = zlib.crc32(page.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
