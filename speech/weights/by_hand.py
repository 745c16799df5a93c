"""Weights that somebody has put on the disk without us: what they are, and whether they are what the catalogue knows.

In their own place, FOLDER/<engine>/<model>/ or FOLDER/whisper/<model>.pt, or at a path that an administrator has given. What is
found gets a manifest, from which on it is like any other model. No code that may be in a file is run.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from speech.weights import catalogue, checkpoint
from speech.weights.apart import run_apart
from speech.weights.install import write_heads
from speech.weights.manifest import MANIFEST, Manifest, Stored, resolve, size_of
from speech.weights.store import (
    BY_HAND,
    REBUILT,
    Installed,
    OnProgress,
    brought,
    find,
    locked,
    now,
    place_of,
    sha256_of,
    verify,
)
from speech.weights.types import DIARIZATION, ENGINES, FASTER_WHISPER, WHISPER, File, Weights, WeightsError

NUMBERS, CONFIG, TOKENIZER = "model.bin", "config.json", "tokenizer.json"
CHECKPOINT = ".pt"
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
FURTHER = ("preprocessor_config.json",)
"""What only some models have."""
ALL_NAMES = (NUMBERS, CONFIG, TOKENIZER, *VOCABULARIES, *FURTHER)
SPECIFICATION = "WhisperSpec"
ENGLISH_VOCABULARY = 51864
"""So many words has a model that knows English only; others have some more (openai/whisper, `is_multilingual`)."""
LONGEST_VOCABULARY_BYTES = 10_000_000
NAME_OF_NEW = re.compile(r"[a-z0-9][A-Za-z0-9._-]{0,63}")
NO_NAME = (
    "{} is passed over: a name has letters, digits, dots, dashes and underscores, a small letter or a digit first."
)
NO_LINK = "{} is passed over: links are not followed. Add it with the path that it leads to instead."
EXPECTED = {
    FASTER_WHISPER: f"A model for faster-whisper is a folder with {NUMBERS}, {CONFIG}, {TOKENIZER} and {' or '.join(VOCABULARIES)}.",
    WHISPER: "A model for whisper is a file that ends in .pt and was saved by OpenAI's program, or a folder with such a file.",
}


def check(
    folder: Path, *, engine: str, model: str, path: str = "", on_progress: OnProgress = lambda *_: None
) -> Installed:
    """Compare a model with its hashes, reading every byte; take it up first where it was brought by hand.

    `path` is where it lies if not in its own place. Raises WeightsError with a sentence; the model does not count as installed
    then.
    """
    try:
        found = find(folder, engine=engine, model=model)
        if found and found.given_path == path:
            return verify(found, on_progress=on_progress)
        _files_at(folder, engine, model, path)
        with locked(folder, engine=engine, model=model):
            return _adopt(folder, engine, model, path, on_progress)
    except WeightsError as err:
        raise WeightsError(_by_names(err.message, folder, path)) from err
    except OSError as err:
        raise WeightsError(f"{engine}/{model} could not be read: {err.strerror or err}.") from err


def look(folder: Path, *, engine: str, model: str, path: str = "") -> None:
    """Raise WeightsError where what lies there is no model, with what was expected. Reads none of the numbers.

    What passes can still turn out to be broken when it is read in full, by `check`.
    """
    if problem := _problem(folder, engine, model, path):
        raise WeightsError(" ".join(filter(None, (problem, EXPECTED.get(engine)))))


def unknown(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield engine, name and path of models that lie in the weights folder and that the catalogue does not know.

    The path is empty for one in its own place. What is a link, or has a name that is none, is passed over.
    """
    for entry in _entries(folder / FASTER_WHISPER):
        is_model = entry.is_dir() and size_of(entry / NUMBERS) and size_of(entry / CONFIG)
        if is_model and _is_new(FASTER_WHISPER, entry.name):
            yield FASTER_WHISPER, entry.name, ""
    for entry in _entries(folder / WHISPER):
        model, file = (entry.name, entry / f"{entry.name}.pt") if entry.is_dir() else (entry.stem, entry)
        is_taken = (folder / WHISPER / model / MANIFEST).exists()  # What is wrong with it now is for `check` to say.
        is_model = file.suffix == CHECKPOINT and size_of(file) and (is_taken or checkpoint.is_checkpoint(file))
        if is_model and _is_new(WHISPER, model):
            yield WHISPER, model, "" if entry.is_dir() else f"{WHISPER}/{entry.name}"


def passed_over(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what lies among the models and is none, with the reason as a sentence. Costs a look at some folders.

    What begins with a dot was not meant as a model, and what the catalogue knows is looked at by `check`.
    """
    taken = {(engine, model) for engine, model, _ in unknown(folder)}
    given = {resolve(folder, found.given_path) for found in brought(folder) if found.given_path}
    for engine in (*ENGINES, DIARIZATION):
        for entry in _listed(folder / engine):
            model = entry.stem if entry.suffix == CHECKPOINT else entry.name
            is_meant = entry.is_symlink() or entry.is_dir() or entry.suffix == CHECKPOINT
            is_settled = (engine, model) in taken or entry in given or _is_settled(folder, engine, model)
            if is_meant and not is_settled and not entry.name.startswith("."):
                yield entry, _why_not(folder, engine, model, entry)


def is_there(folder: Path, *, engine: str, model: str, path: str = "") -> bool:
    """Return whether files lie where a model's should, whatever they are. Costs a look at a folder."""
    try:
        files = _files_at(folder, engine, model, path)
    except (WeightsError, ValueError):
        return False
    try:
        return any(entry.name != MANIFEST for entry in files.iterdir())
    except NotADirectoryError:
        return True
    except OSError:
        return False


def files_brought(folder: Path, *, engine: str, model: str, path: str) -> list[Path]:
    """Return the files of a model that somebody put at a path inside the weights folder, good or not, as their names tell."""
    if not path or Path(path).is_absolute():
        return []
    try:
        place = _files_at(folder, engine, model, path)
        names = [_checkpoint(model, place)] if engine == WHISPER else ALL_NAMES
    except WeightsError:
        return []
    base = place if place.is_dir() else place.parent
    return [base / name for name in names if size_of(base / name) is not None]


def lies_beside(folder: Path, *, engine: str, model: str) -> str:
    """Return the path of a checkpoint that lies not in its own folder but beside it; empty where there is none."""
    name = f"{WHISPER}/{model}.pt"
    return name if engine == WHISPER and size_of(folder / name) and not (folder / name).is_symlink() else ""


def _entries(folder: Path) -> list[Path]:
    return [entry for entry in _listed(folder) if not entry.is_symlink()]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_new(engine: str, model: str) -> bool:
    return bool(NAME_OF_NEW.fullmatch(model)) and catalogue.known(engine=engine, model=model) is None


def _is_settled(folder: Path, engine: str, model: str) -> bool:
    """Return whether the catalogue knows a model, or a manifest does, which may stand alone for files elsewhere."""
    is_known = catalogue.known(engine=engine, model=model) or find(folder, engine=engine, model=model)
    is_named = (folder / engine / model / MANIFEST).exists()
    return bool(is_known) or (is_named and not is_there(folder, engine=engine, model=model))


def _why_not(folder: Path, engine: str, model: str, entry: Path) -> str:
    """Return why something that lies among the models is none, without the place of the weights folder."""
    called = _printable(f"{engine}/{entry.name}")
    if entry.is_symlink():
        return NO_LINK.format(called)
    if not NAME_OF_NEW.fullmatch(model):
        return NO_NAME.format(called)
    problem = _problem(folder, engine, model, "" if entry.is_dir() else called)
    return problem or f"{called} holds no {model}{CHECKPOINT}."


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def _problem(folder: Path, engine: str, model: str, path: str) -> str:
    """Return why what lies there is no model, as far as a look at it tells; empty where it may be one."""
    try:
        _, base, names = _laid(folder, engine, model, path)
        if engine == WHISPER and not checkpoint.is_checkpoint(base / names[0]):
            raise WeightsError(f"{base / names[0]} is not a checkpoint of Whisper.")
        if engine == FASTER_WHISPER:
            _words_of_vocabulary(base / names[3])
    except WeightsError as err:
        return _by_names(err.message, folder, path)
    except OSError as err:
        return f"{engine}/{model} could not be read: {err.strerror or err}."
    return ""


def _by_names(sentence: str, folder: Path, path: str) -> str:
    """Return a sentence without the folders that lead to weights: it is read by whoever may not know where things lie here."""
    outside = f"{Path(path).parent}/" if Path(path).is_absolute() else f"{folder}/"
    return sentence.replace(f"{folder}/", "").replace(outside, "")


def _adopt(folder: Path, engine: str, model: str, path: str, on_progress: OnProgress) -> Installed:
    """Read what lies there and write its manifest."""
    known, base, names = _laid(folder, engine, model, path)
    stored = _read(base, names, on_progress)
    weights_sha256, source = _origin(known, base, stored)
    if known and known.alignment_heads and base == place_of(folder, engine=engine, model=model):
        stored = (*stored, write_heads(base / "alignment_heads.json", known.alignment_heads))
    english = known.english_only if known else _knows_english_only(engine, base, names)
    time, first = now(), stored[0]
    compared_at = time if known and known.files else ""
    manifest = Manifest(
        engine, model, first.name, weights_sha256, stored, source, time, compared_at, path=path, english_only=english
    ).stamped(base)
    own = place_of(folder, engine=engine, model=model)
    _check_loadable(own, manifest)
    own.mkdir(parents=True, exist_ok=True)
    manifest.write(own)
    found = find(folder, engine=engine, model=model)
    if found is None:
        raise WeightsError(f"{engine}/{model} was changed while it was read.")
    return found


def _check_loadable(place: Path, manifest: Manifest) -> None:
    """Raise WeightsError where these very files could not be loaded before: what they are says nothing of what they must be."""
    try:
        before = Manifest.read(place)
    except (OSError, ValueError):
        return
    if before.unloadable and before.files == manifest.files:
        raise WeightsError(before.unloadable)


def _laid(folder: Path, engine: str, model: str, path: str) -> tuple[Weights | None, Path, list[str]]:
    """Return what the catalogue knows of a model, the folder of its files, and their names. Raises WeightsError."""
    known = catalogue.known(engine=engine, model=model)
    place = _files_at(folder, engine, model, path)
    base = place if place.is_dir() else place.parent
    names = [file.name for file in known.files] if known and known.files else _names(engine, model, place)
    _check_links(folder, base, names, path)
    _check_sizes(known, base, names)
    return known, base, names


def _files_at(folder: Path, engine: str, model: str, path: str) -> Path:
    """Return the folder or file in which a model lies. Raises WeightsError where the path or the name is none."""
    try:
        return resolve(folder, path) if path else place_of(folder, engine=engine, model=model)
    except ValueError as err:
        raise WeightsError(f"This cannot be a place of weights: {err}.") from err


def _names(engine: str, model: str, place: Path) -> list[str]:
    """Return the files of a model that no catalogue knows, the numbers first. Raises WeightsError where one is missing."""
    if engine == WHISPER:
        return [_checkpoint(model, place)]
    if engine == DIARIZATION:
        raise WeightsError(f"Nothing is known of the weights {engine}/{model}.")
    missing = [name for name in (NUMBERS, CONFIG, TOKENIZER) if not size_of(place / name)]
    vocabulary = [name for name in VOCABULARIES if size_of(place / name)]
    if missing or not vocabulary:
        lacking = [*missing, *([] if vocabulary else [VOCABULARIES[0]])]
        are_missing = f"{', '.join(lacking[:-1])} and {lacking[-1]} are" if lacking[1:] else f"{lacking[0]} is"
        raise WeightsError(f"{place} is not a whole model for faster-whisper: {are_missing} missing.")
    if checkpoint.specification(place / NUMBERS) != SPECIFICATION:
        raise WeightsError(f"{place / NUMBERS} is not a Whisper model of CTranslate2.")
    return [NUMBERS, CONFIG, TOKENIZER, vocabulary[0], *(name for name in FURTHER if size_of(place / name))]


def _checkpoint(model: str, place: Path) -> str:
    """Return the name of the one checkpoint in a folder, or of the file itself."""
    if place.suffix == CHECKPOINT and size_of(place):
        return place.name
    found = [entry.name for entry in _entries(place) if entry.suffix == CHECKPOINT]
    if f"{model}.pt" in found:
        return f"{model}.pt"
    if len(found) != 1:
        raise WeightsError(f"{place} holds {'several' if found else 'no'} checkpoints (.pt) for whisper.")
    return found[0]


def _check_links(folder: Path, base: Path, names: list[str], path: str) -> None:
    """Follow a link out of the weights folder only where an administrator has given the path as a whole."""
    if Path(path).is_absolute():
        return
    top = folder / base.relative_to(folder).parts[0]
    outside = [name for name in names if not (base / name).resolve().is_relative_to(top.resolve())]
    if outside:
        raise WeightsError(
            f"{base / outside[0]} is a link out of the weights folder, which is not followed. Give the path as a whole instead."
        )


def _check_sizes(known: Weights | None, base: Path, names: list[str]) -> None:
    files: dict[str, File] = {file.name: file for file in known.files} if known else {}
    for name in names:
        size = size_of(base / name)
        if size is None:
            raise WeightsError(f"{name} is missing in {base}.")
        if name in files and size != files[name].size_bytes and not _may_be_rebuilt(known):
            raise WeightsError(
                f"{base / name} is not the file that its publisher has: "
                f"it is {size:,} bytes long and must be {files[name].size_bytes:,}."
            )


def _origin(known: Weights | None, base: Path, stored: tuple[Stored, ...]) -> tuple[str, str]:
    """Return what names weights in a job's provenance, and where they come from.

    Raises WeightsError where they are neither the publisher's nor rebuilt from such.
    """
    files = known.files if known else ()
    wrong = [ours.name for ours, file in zip(stored, files, strict=bool(files)) if ours.sha256 != file.sha256]
    if known is None or not wrong:
        return stored[0].sha256, BY_HAND
    if _may_be_rebuilt(known) and _tensors_of(base / wrong[0]) == known.tensors_sha256:
        return known.tensors_sha256, f"{REBUILT} {FASTER_WHISPER}/{known.model}"
    raise WeightsError(
        f"{wrong[0]} of {known} is not the file that its publisher has (SHA-256). "
        "Install it anew, or give other weights a name of their own."
    )


def _may_be_rebuilt(known: Weights | None) -> bool:
    """Return whether a checkpoint that was not published may hold the publisher's numbers: its tensors tell."""
    return known is not None and bool(known.tensors_sha256)


def _tensors_of(path: Path) -> str:
    """Return the hash of a checkpoint's tensors; empty for what is none. Reads the file once more, in a process of its own."""
    try:
        return run_apart("speech.weights.checkpoint", "tensors", str(path))
    except WeightsError:
        return ""


def _read(base: Path, names: list[str], on_progress: OnProgress) -> tuple[Stored, ...]:
    total = sum(size_of(base / name) or 0 for name in names)
    done = 0

    def count(block_bytes: int) -> None:
        nonlocal done
        done += block_bytes
        on_progress("Checking", done, total)

    def read(name: str) -> Stored:
        return Stored(name, size_of(base / name) or 0, sha256_of(base / name, on_block=count))

    return tuple(read(name) for name in names)


def _knows_english_only(engine: str, base: Path, names: list[str]) -> bool:
    count: Callable[[Path], int] = _words_of_checkpoint if engine == WHISPER else _words_of_vocabulary
    return count(base / (names[0] if engine == WHISPER else names[3])) == ENGLISH_VOCABULARY


def _words_of_checkpoint(path: Path) -> int:
    return int(run_apart("speech.weights.checkpoint", "vocabulary", str(path)))


def _words_of_vocabulary(path: Path) -> int:
    """Return how many words a vocabulary has. Raises WeightsError for one that is none."""
    if (size_of(path) or 0) > LONGEST_VOCABULARY_BYTES:
        raise WeightsError(f"{path} is too large for a vocabulary.")
    data = path.read_bytes()
    if path.suffix == ".txt":
        return data.count(b"\n") + (not data.endswith(b"\n"))
    try:
        return len(json.loads(data))
    except (ValueError, TypeError, RecursionError) as err:
        raise WeightsError(f"{path} is not a vocabulary.") from err
