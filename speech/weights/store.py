"""What lies on the disk: FOLDER/<engine>/<model>/ with the files and a manifest that says what they must be.

Weights that were brought by hand may lie elsewhere: then the manifest stands there alone, and its `path` says where they are.
"""

import fcntl
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from speech.weights import catalogue
from speech.weights.manifest import MANIFEST, Manifest
from speech.weights.types import ENGINES, FASTER_WHISPER, WeightsError

INCOMING = ".incoming"
LOCK = "lock"
LOCK_POLL_SECONDS = 0.1
HASH_BLOCK_BYTES = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What engines and models may be called: never a path."""
BY_HAND = "brought by hand"
"""The source of weights that were not installed by Selenite."""
REBUILT = "rebuilt from"

OnProgress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all)."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is there. `path` is what is loaded: its folder where it needs several files, else the one file in it.

    `folder` has its manifest. `is_changed` says that a file was written since all were verified: `verify` tells whether it is
    still what it was. `given_path` is where it lies if not in its own place, as somebody has put it.
    """

    engine: str
    model: str
    folder: Path
    path: Path
    sha256: str
    size_bytes: int
    source: str = ""
    verified_at: str = ""
    installed_at: str = ""
    is_changed: bool = False
    given_path: str = ""
    english_only: bool = False


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
    """Return where a model lies. Raises ValueError for a name that could lead elsewhere."""
    return folder / _name(engine) / _name(model)


def _name(word: str) -> str:
    if not NAME.fullmatch(word):
        raise ValueError(f"{word!r} is no name")
    return word


def installed(folder: Path) -> list[Installed]:
    """Return the models that are installed below `folder`, in the order of the catalogue. Reads manifests only."""
    found = (find(folder, engine=weights.engine, model=weights.model) for weights in catalogue.CATALOGUE)
    return [one for one in found if one]


def brought(folder: Path) -> list[Installed]:
    """Return the models below `folder` that no catalogue knows, by their manifests."""
    places = sorted(place for engine in ENGINES for place in (folder / engine).glob(f"*/{MANIFEST}"))
    names = [(place.parent.parent.name, place.parent.name) for place in places]
    found = (find(folder, engine=engine, model=model) for engine, model in names)
    return [one for one in found if one and not catalogue.known(engine=one.engine, model=one.model)]


def find(folder: Path, *, engine: str, model: str) -> Installed | None:
    """Return a model if it is installed, by its manifest and the sizes of its files; None for an unknown name.

    Also one that no catalogue knows, which somebody brought by hand. Costs the reading of a small file.
    """
    try:
        place = place_of(folder, engine=engine, model=model)
        manifest = Manifest.read(place)
        files = manifest.files_in(place)
        is_this = (manifest.engine, manifest.model) == (engine, model)
        is_usable = is_this and manifest.fits(files) and not manifest.unloadable
        return _describe(manifest, place, files) if is_usable else None
    except (OSError, ValueError):
        return None


def is_manifest_damaged(folder: Path, *, engine: str, model: str) -> bool:
    """Return whether a model has a manifest that cannot be read, which says nothing of its files."""
    try:
        Manifest.read(place_of(folder, engine=engine, model=model))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return False


def verify(found: Installed, *, on_progress: OnProgress = lambda *_: None) -> Installed:
    """Read every file again, compare it with its hash and note the time.

    The hash is the publisher's where the catalogue knows it, else the one that was noted. Raises WeightsError where one
    differs; the model does not count as installed from then on. Raises WeightsError too where it is installed anew meanwhile.
    """
    manifest = Manifest.read(found.folder)
    files = manifest.files_in(found.folder)
    expected = {file.name: file.sha256 for file in manifest.files} | _published(manifest)
    done = 0

    def count(block_bytes: int) -> None:
        nonlocal done
        done += block_bytes
        on_progress("Checking", done, found.size_bytes)

    seen = manifest.stamped(files)
    for file in manifest.files:
        if sha256_of(files / file.name, on_block=count) != expected[file.name]:
            _check_unchanged(found, manifest)
            (found.folder / MANIFEST).unlink()
            raise WeightsError(f"{found.engine}/{found.model} is damaged: {file.name} is not what was installed.")
    _check_unchanged(found, manifest)
    manifest = replace(seen, verified_at=now())
    manifest.write(found.folder)
    return _describe(manifest, found.folder, files)


def condemn(found: Installed, reason: str) -> bool:
    """Note that files could not be loaded, and why, as a sentence; return whether the model counts as broken from then on.

    It does not where the catalogue knows what the files must be: then reading them tells. It is broken until its files change.
    """
    if catalogue.known(engine=found.engine, model=found.model):
        return False
    try:
        replace(Manifest.read(found.folder), unloadable=reason, verified_at="").write(found.folder)
    except (OSError, ValueError):
        return False
    return True


def _check_unchanged(found: Installed, manifest: Manifest) -> None:
    """Raise WeightsError where the model was installed anew or taken away while it was being read: nothing is said of it then."""
    try:
        is_same = Manifest.read(found.folder) == manifest
    except (OSError, ValueError):
        is_same = False
    if not is_same:
        raise WeightsError(f"{found.engine}/{found.model} was changed while it was being read. Verify it again.")


def _published(manifest: Manifest) -> dict[str, str]:
    """Return the publisher's hashes by the name of the file, where these are the publisher's files."""
    known = catalogue.known(engine=manifest.engine, model=manifest.model)
    if known is None or manifest.source.startswith(REBUILT):
        return {}
    ours = {file.name for file in manifest.files}
    return {file.name: file.sha256 for file in known.files if file.name in ours}


def remove(found: Installed) -> None:
    """Take a model away, in one step for everybody who looks."""
    clear(found.folder.parent.parent, engine=found.engine, model=found.model)


def clear(
    folder: Path,
    *,
    engine: str,
    model: str,
    brought: Collection[Path] = (),
    patience_seconds: float | None = None,
    spared: Collection[Path] = (),
) -> bool:
    """Take away all there is of a model, whole or damaged, and what was downloaded of it. False if that is nothing.

    `brought` are files of it in the weights folder that no manifest may name: see `by_hand.files_brought`. Files that lie outside
    of the weights folder are only forgotten: they are not ours. So are those that another manifest names, or that are or lie in
    what is `spared`. Waits for another process that works on the same model; raises WeightsError where that takes longer than
    the patience lasts.
    """
    place = place_of(folder, engine=engine, model=model)
    with locked(folder, engine=engine, model=model, patience_seconds=patience_seconds) as workshop:
        something = place.exists() or any(path.name != LOCK for path in workshop.iterdir())
        elsewhere = {*_files_elsewhere(place), *brought}
        something |= _remove_unless_kept(elsewhere, [*spared, *_named_by_others(folder, place)])
        discard(place, workshop)
        tidy(workshop)
    return something


def _files_elsewhere(place: Path) -> list[Path]:
    """Return the files of a model that lie in the weights folder, but not in their own place, as its manifest has them."""
    try:
        manifest = Manifest.read(place)
        files = manifest.files_in(place)
    except (OSError, ValueError):
        return []
    is_ours = manifest.path and not Path(manifest.path).is_absolute()
    return [files / Path(file.name).name for file in manifest.files] if is_ours else []


def _remove_unless_kept(files: Iterable[Path], kept: Collection[Path]) -> bool:
    """Delete files but those that are or lie in what is kept; return whether any was there to delete."""
    doomed = [path for path in files if not any(path.resolve().is_relative_to(other) for other in kept)]
    was_there = any(path.exists() for path in doomed)
    for path in doomed:
        path.unlink(missing_ok=True)
    return was_there


def _named_by_others(folder: Path, place: Path) -> Iterator[Path]:
    """Yield the files of all models but the one in `place`, as their manifests have them."""
    for other in (found.parent for engine in ENGINES for found in (folder / engine).glob(f"*/{MANIFEST}")):
        if other == place:
            continue
        try:
            manifest = Manifest.read(other)
            files = manifest.files_in(other)
            yield from [(files / file.name).resolve() for file in manifest.files]
        except (OSError, ValueError):
            continue


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


def workshop_of(folder: Path, *, engine: str, model: str) -> Path:
    """Return where a model is prepared. Raises ValueError for a name that could lead elsewhere."""
    return folder / INCOMING / _name(engine) / _name(model)


@contextmanager
def locked(folder: Path, *, engine: str, model: str, patience_seconds: float | None = None) -> Iterator[Path]:
    """Hold a model of `folder` alone, waiting for another process that does, and give the folder to work in.

    Raises WeightsError where the other one does not let go in time.
    """
    workshop = workshop_of(folder, engine=engine, model=model)
    workshop.mkdir(parents=True, exist_ok=True)
    with (workshop / LOCK).open("w") as lock:
        if patience_seconds is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        elif not _lock_within(lock.fileno(), patience_seconds):
            raise WeightsError(f"Another process works on {engine}/{model}. Try again in a moment.")
        yield workshop


def _lock_within(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return True


def _describe(manifest: Manifest, place: Path, files: Path) -> Installed:
    needs_folder = manifest.engine == FASTER_WHISPER or "/" in manifest.weights
    size = sum(file.size_bytes for file in manifest.files)
    return Installed(
        manifest.engine,
        manifest.model,
        place,
        files if needs_folder else files / manifest.weights,
        manifest.weights_sha256,
        size,
        source=manifest.source,
        verified_at=manifest.verified_at,
        installed_at=manifest.installed_at,
        is_changed=manifest.is_changed(files),
        given_path=manifest.path,
        english_only=manifest.english_only,
    )
