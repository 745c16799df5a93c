"""The list of the files of a model, with what they must be: a small file that lies in the model's folder."""

import json
import os
import stat
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """One file as it was when it was verified. `modified_ns` is 0 where nobody noted when it had been written."""

    name: str
    size_bytes: int
    sha256: str
    modified_ns: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was installed, from where and when. `weights` is the name of the file that holds the numbers.

    `weights_sha256` names them in a job's provenance: the hash of that file, or of the tensors in a rebuilt checkpoint.
    `path` is where the files lie that were left in their place: absolute, or inside the weights folder. `verified_at` is empty
    where nobody could say what the files must be, and they were only noted as they were found. `unloadable` is why such files
    could not be loaded, as a sentence: with these files the model is broken.
    """

    engine: str
    model: str
    weights: str
    weights_sha256: str
    files: tuple[Stored, ...]
    source: str
    installed_at: str
    verified_at: str
    path: str = ""
    english_only: bool = False
    unloadable: str = ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the manifest in a folder. Raises OSError or ValueError where there is none to be read."""
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        try:
            manifest = cls(**{**data, "files": tuple(Stored(**file) for file in data["files"])})
        except (KeyError, TypeError) as err:
            raise ValueError("not a manifest") from err
        manifest._check()
        return manifest

    def _check(self) -> None:
        """Raise ValueError where something is not of its type: anybody may have written the file."""
        texts = [self.engine, self.model, self.weights, self.weights_sha256, self.source, self.installed_at]
        texts += [
            self.verified_at,
            self.path,
            self.unloadable,
            *(text for file in self.files for text in (file.name, file.sha256)),
        ]
        numbers = [number for file in self.files for number in (file.size_bytes, file.modified_ns)]
        if not all(isinstance(text, str) for text in texts) or not isinstance(self.english_only, bool):
            raise ValueError("not a manifest")
        if not all(isinstance(number, int) for number in numbers):
            raise ValueError("not a manifest")
        if self.verified_at and datetime.fromisoformat(self.verified_at).tzinfo is None:
            raise ValueError("not a moment")

    def write(self, folder: Path) -> None:
        """Write the manifest so that a crash leaves the old one or the new one."""
        temporary = folder / f"{MANIFEST}.{os.getpid()}"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / MANIFEST)

    def files_in(self, folder: Path) -> Path:
        """Return where the files are, for a manifest in `folder`. Raises ValueError for a path that leads out in disguise."""
        if not self.path:
            return folder
        place = resolve(folder.parent.parent, self.path)
        return place if place.is_dir() else place.parent

    def fits(self, files: Path) -> bool:
        """Return whether every file is there in its full size. Nothing is read, so that this is cheap."""
        return all(size_of(files / file.name) == file.size_bytes for file in self.files)

    def is_changed(self, files: Path) -> bool:
        """Return whether a file was written since it was verified, as far as its time tells. Nothing is read."""
        return any(file.modified_ns and file.modified_ns != modified_ns(files / file.name) for file in self.files)

    def stamped(self, files: Path) -> Self:
        """Return the manifest with the times of the files as they are."""
        return replace(
            self, files=tuple(replace(file, modified_ns=modified_ns(files / file.name)) for file in self.files)
        )


def resolve(folder: Path, path: str) -> Path:
    """Return where weights lie that have a path of their own: absolute, or inside the weights folder.

    Raises ValueError where a path that is not absolute leads out of the folder, also by a link.
    """
    place = folder / path
    if not Path(path).is_absolute() and not _is_inside(place, folder):
        raise ValueError(f"{path} is not inside the weights folder")
    return place


def _is_inside(place: Path, folder: Path) -> bool:
    """Return whether a place is in the weights folder. The folder of an engine may be a link: whoever runs Selenite made it."""
    inner = place.relative_to(folder).parts
    if not inner or ".." in inner:
        return False
    top = folder / inner[0] if len(inner) > 1 else folder
    return place.resolve().is_relative_to(top.resolve())


def size_of(path: Path) -> int | None:
    """Return the size of a plain file; None where there is none."""
    status = _status_of(path)
    return status.st_size if status else None


def modified_ns(path: Path) -> int:
    """Return when a plain file was last written; 0 where there is none."""
    status = _status_of(path)
    return status.st_mtime_ns if status else 0


def _status_of(path: Path) -> os.stat_result | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
