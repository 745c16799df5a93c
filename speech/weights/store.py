"""What lies on the disk: FOLDER/<engine>/<model>/ with the files and a manifest that says what they must be."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from speech.weights import catalogue
from speech.weights.types import FASTER_WHISPER, WeightsError

MANIFEST = "manifest.json"
INCOMING = ".incoming"
LOCK = "lock"
HASH_BLOCK_BYTES = 1 << 20

OnProgress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One file as it was when it was installed."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was installed, from where and when. `weights` is the name of the file that holds the numbers.

    `weights_sha256` names them in a job's provenance: the hash of that file, or of the tensors in a rebuilt checkpoint.
    """

    engine: str
    model: str
    weights: str
    weights_sha256: str
    files: tuple[Stored, ...]
    source: str
    installed_at: str
    verified_at: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the manifest in a folder. Raises OSError or ValueError where there is none to be read."""
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        try:
            return cls(**{**data, "files": tuple(Stored(**file) for file in data["files"])})
        except (KeyError, TypeError) as err:
            raise ValueError("not a manifest") from err

    def write(self, folder: Path) -> None:
        """Write the manifest so that a crash leaves the old one or the new one."""
        temporary = folder / f"{MANIFEST}.{os.getpid()}"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / MANIFEST)

    def fits(self, folder: Path) -> bool:
        """Return whether every file is there in its full size. Nothing is read, so that this is cheap."""
        return all(_size_of(folder / file.name) == file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is there. `path` is what is loaded: its folder where it needs several files, else the one file in it."""

    engine: str
    model: str
    folder: Path
    path: Path
    sha256: str
    size_bytes: int
    source: str = ""
    verified_at: str = ""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def sha256_of(path: Path, *, on_block: Callable[[int], None] = lambda _: None) -> str:
    """Return the hex digest of a file, calling `on_block` with the size of each block that was read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK_BYTES):
            digest.update(block)
            on_block(len(block))
    return digest.hexdigest()


def place_of(folder: Path, *, engine: str, model: str) -> Path:
    return folder / engine / model


def installed(folder: Path) -> list[Installed]:
    """Return the models that are installed below `folder`, in the order of the catalogue. Reads manifests only."""
    found = (find(folder, engine=weights.engine, model=weights.model) for weights in catalogue.CATALOGUE)
    return [one for one in found if one]


def find(folder: Path, *, engine: str, model: str) -> Installed | None:
    """Return a model if it is installed, by its manifest and the sizes of its files; None for an unknown name."""
    if not catalogue.known(engine=engine, model=model):
        return None
    place = place_of(folder, engine=engine, model=model)
    try:
        manifest = Manifest.read(place)
    except (OSError, ValueError):
        return None
    return _describe(manifest, place) if manifest.fits(place) else None


def verify(found: Installed, *, on_progress: OnProgress = lambda *_: None) -> Installed:
    """Read every file again, compare it with its hash and note the time.

    Raises WeightsError where one differs; the model does not count as installed from then on.
    """
    manifest = Manifest.read(found.folder)
    done = 0

    def count(block_bytes: int) -> None:
        nonlocal done
        done += block_bytes
        on_progress("Checking", done, found.size_bytes)

    for file in manifest.files:
        if sha256_of(found.folder / file.name, on_block=count) != file.sha256:
            (found.folder / MANIFEST).unlink()
            raise WeightsError(f"{found.engine}/{found.model} is damaged: {file.name} is not what was installed.")
    manifest = replace(manifest, verified_at=now())
    manifest.write(found.folder)
    return _describe(manifest, found.folder)


def remove(found: Installed) -> None:
    """Take a model away, in one step for everybody who looks."""
    clear(found.folder.parent.parent, engine=found.engine, model=found.model)


def clear(folder: Path, *, engine: str, model: str) -> bool:
    """Take away all there is of a model, whole or damaged, and what was downloaded of it. False if that is nothing."""
    place = place_of(folder, engine=engine, model=model)
    with locked(folder, engine=engine, model=model) as workshop:
        something = place.exists() or any(path.name != LOCK for path in workshop.iterdir())
        discard(place, workshop)
        tidy(workshop)
    return something


def discard(place: Path, workshop: Path) -> None:
    """Take away what is at `place` in one step. Does nothing where there is nothing."""
    doomed = workshop / "discarded"
    shutil.rmtree(doomed, ignore_errors=True)
    if place.exists():
        place.rename(doomed)
        shutil.rmtree(doomed)


def tidy(workshop: Path) -> None:
    """Delete everything in the workshop but its lock."""
    for path in workshop.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


@contextmanager
def locked(folder: Path, *, engine: str, model: str) -> Iterator[Path]:
    """Hold a model of `folder` alone, waiting for another process that does, and give the folder to work in."""
    workshop = folder / INCOMING / engine / model
    workshop.mkdir(parents=True, exist_ok=True)
    with (workshop / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield workshop


def _describe(manifest: Manifest, place: Path) -> Installed:
    needs_folder = manifest.engine == FASTER_WHISPER or "/" in manifest.weights
    size = sum(file.size_bytes for file in manifest.files)
    return Installed(
        manifest.engine,
        manifest.model,
        place,
        place if needs_folder else place / manifest.weights,
        manifest.weights_sha256,
        size,
        source=manifest.source,
        verified_at=manifest.verified_at,
    )


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
