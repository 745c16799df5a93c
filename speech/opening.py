"""Media files opened for decoding with PyAV, whoever made them.

Files are recognised by their content. They are opened through a nameless Python file object with a whitelist of containers and
without any protocol, so that nothing in a file, say a playlist, can make the program open another file or an address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from speech.types import EngineError, UnreadableMedia

if TYPE_CHECKING:
    from av.container import InputContainer

CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
    "mp3,mpc,mpc8,mpeg,mpegts,mxf,nut,ogg,oma,rm,tak,tta,voc,w64,wav,wtv,wv"
)
"""Containers that hold their own media. Never one that names further files: concat, hls, dash, image sequences, sdp, ..."""

DAMAGED = "Could not read this file. It may be damaged, or it is not audio or video."


class Nameless:
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
def nameless(path: Path) -> Iterator[Nameless]:
    """Open a file for reading by its content alone. Raises EngineError as `opened` does."""
    with _file(path) as file:
        yield Nameless(file)


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """Open a file for decoding.

    Raises UnreadableMedia where it is none of the known containers, and EngineError where there is no file: `media_missing`
    where it is gone from its folder, `media_away` (not permanent) where it cannot be read now.
    """
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    with nameless(path) as file:
        try:
            container = av.open(file, mode="r", metadata_errors="ignore", container_options=options)
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
