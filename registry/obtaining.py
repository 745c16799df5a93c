"""How weights that are not here get here: by a download, or by hand where no source that is allowed has them.

One place, so that no page offers what would be refused.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from registry import terminal
from registry.models import SpeechModel
from speech import weights
from speech.weights import WHISPER

BY_HAND = (
    "No source that is allowed here has {}: bring {} by hand into the weights folder and rescan, or allow the publisher in "
    "SELENITE_WEIGHTS_SOURCES (see docs/weights.md)"
)
BRING_BACK = "Bring {} back and rescan, {}or remove {} from the list in the administration"
REPLACE = "Replace {} by a good copy and rescan, {}or remove {} in the administration"
"""Of weights that somebody brought: nobody publishes them under this name."""
OTHER_DEFAULT = "or choose another default, "
TOKEN = "HF_TOKEN"  # noqa: S105 - The name of a variable. Its value is never stored.
NEEDS_TOKEN = (
    f"Given for a token only: accept the terms at {{}}, and start the worker with it as {TOKEN} (see docs/weights.md)."
)


def is_in_catalogue(row: SpeechModel) -> bool:
    """Return whether weights are known to have a publisher, which those that were brought by hand have not."""
    return weights.known(engine=row.store, model=row.key) is not None


def is_within_reach(row: SpeechModel) -> bool:
    """Return whether weights can be downloaded here, as far as that is known without trying."""
    entry = weights.known(engine=row.store, model=row.key)
    if entry is None or row.install_path:
        return False
    return weights.is_within_reach(entry, folder=settings.WEIGHTS_DIR, sources=settings.WEIGHTS_SOURCES)


def fix(*rows: SpeechModel, is_default: bool = False) -> str:
    """Return what brings weights of the catalogue here, as a clause without its full stop: a command, or what to do by hand."""
    lacking = [row for row in rows if not is_within_reach(row)]
    return by_hand(*lacking, is_default=is_default) if lacking else f"Run: {command(*rows)}"


def remedy(row: SpeechModel) -> str:
    """Return what brings weights here as sentences, or as a command that can be copied."""
    found = fix(row)
    return found if is_within_reach(row) else f"{found}."


def by_hand(*rows: SpeechModel, is_default: bool = False) -> str:
    """Return how to bring weights that no source has which is allowed here, or to mend what only somebody's own hands had.

    `is_default` says that jobs get them where nobody chooses.
    """
    if own := [row for row in rows if not is_in_catalogue(row)]:
        remedy = REPLACE if all(_is_there(row) for row in own) else BRING_BACK
        places, names = " and ".join(map(place, own)), " and ".join(row.key for row in own)
        return remedy.format(places, OTHER_DEFAULT if is_default else "", names)
    names = " and ".join(row.key for row in rows)
    folders = " and ".join(f"the folder {row.store}/{row.key}" for row in rows)
    return BY_HAND.format(names, folders)


def place(row: SpeechModel) -> str:
    """Return where weights lie or should lie, as everybody may read it: of a path out of the weights folder the end alone."""
    if not row.install_path:
        return f"the folder {row.store}/{row.key}"
    path = Path(row.install_path)
    return f"…/{path.name}" if path.is_absolute() else row.install_path


def _is_there(row: SpeechModel) -> bool:
    return weights.is_there(settings.WEIGHTS_DIR, engine=row.store, model=row.key, path=row.install_path)


def install(names: Iterable[str]) -> str:
    """Return the command that installs weights by their names alone."""
    return terminal.manage(f"weights install {' '.join(names)}")


def command(*rows: SpeechModel) -> str:
    """Return the command that installs weights, all of them for the same engine."""
    line = install(row.key for row in rows)
    return f"{line} --engine {WHISPER}" if any(row.store == WHISPER for row in rows) else line


def condition(row: SpeechModel) -> str:
    """Return what a download asks for first, as a sentence; empty for nothing.

    The worker downloads, and may have a token that this process has not.
    """
    entry = weights.known(engine=row.store, model=row.key)
    is_open = entry is None or not entry.terms_url or settings.WEIGHTS_MIRROR or os.environ.get(TOKEN)
    return "" if is_open or entry is None else NEEDS_TOKEN.format(entry.terms_url)
