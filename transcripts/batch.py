"""Which files a batch takes, and where its texts go."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from transcripts.names import printable, split_extension

EXTENSIONS = re.compile(
    r"\.(3g[2p]|aac|e?ac3|adts|aif[cf]?|amr|ape|asf|au|avi|awb|caf|divx|dsf|dts|flac|flv|gsm|m2?ts|m4[abprv]|mk[av]|mov|mp[234ac]"
    r"|mpe?g|mpga|mxf|og[agv]|oma|opus|qt|ra|rm|rmvb|snd|spx|tak|ts|tta|voc|vob|w64|wav|web[am]|wm[av]|wtv|wv)$",
    re.IGNORECASE,
)
"""What a walk through a folder takes to be media. A file that is named itself is looked into, whatever it is called."""

NAME_BYTES = 230
"""How much of a name is used: file systems allow 255 bytes, and a number and the format come after it."""
UNREADABLE = "Could not read this ({})."
NEEDS_RECURSIVE = "This is a folder. Add --recursive to transcribe what is in it."
NO_MEDIA = "There is no audio or video in this folder, judged by the names of its files."


@dataclass(frozen=True, slots=True)
class Found:
    """A file to transcribe, or a path that leads to none, with the reason."""

    path: Path
    problem: str = ""

    @property
    def label(self) -> str:
        """Return the path as it can be shown on any terminal."""
        return printable(str(self.path))


def find(paths: Sequence[Path], *, recursive: bool) -> list[Found]:
    """Return the files to transcribe in the order in which they were named, each once; folders sorted by name."""
    found = [item for path in paths for item in _look_at(path, recursive=recursive)]
    firsts: dict[str, Found] = {}
    for item in found:
        firsts.setdefault(os.path.realpath(item.path), item)
    return list(firsts.values())


def _look_at(path: Path, *, recursive: bool) -> list[Found]:
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError as err:
        return [Found(path, UNREADABLE.format(err.strerror))]
    if not is_folder:
        return [Found(path)]
    if not recursive:
        return [Found(path, NEEDS_RECURSIVE)]
    return list(_walk(path)) or [Found(path, NO_MEDIA)]


def _walk(folder: Path) -> Iterator[Found]:
    """Yield the media files below a folder, nothing hidden, no links to folders: they may lead in circles."""
    errors: list[OSError] = []
    for name, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(entry for entry in folders if not entry.startswith("."))
        for file in sorted(files):
            if not file.startswith(".") and EXTENSIONS.search(file):
                yield Found(Path(name, file))
    yield from (Found(Path(err.filename), UNREADABLE.format(err.strerror)) for err in errors)


def output_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return a name for each file: its own without extension; with it, then with a number, where names clash.

    Upper and lower case count as the same, as they do on the file systems of other machines.
    """
    stems = Counter(_stem(path).casefold() for path in paths)
    names: dict[Path, str] = {}
    for path in paths:
        taken = {name.casefold() for name in names.values()}
        is_alone = stems[_stem(path).casefold()] == 1
        names[path] = next(name for name in _names(path, with_stem=is_alone) if name.casefold() not in taken)
    return names


def _names(path: Path, *, with_stem: bool) -> Iterator[str]:
    """Yield the names that a file's texts may have, the best one first."""
    if with_stem:
        yield _stem(path)
    yield from _variants(_short(path.name))


def _variants(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name}-{number}"


def _stem(path: Path) -> str:
    return _short(split_extension(path.name)[0] or path.name)


def _short(name: str) -> str:
    """Return as much of a name as leaves room for a format."""
    data = os.fsencode(name)
    return name if len(data) <= NAME_BYTES else data[:NAME_BYTES].decode(errors="ignore")
