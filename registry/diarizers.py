"""Which diarizer a job gets: what was asked for, or the next best that can run here, with the reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from registry.resolver import FAKE, NothingRunnable
from speech.types import DiarizerSpec
from speech.weights import COMMUNITY, DIARIZATION, ENCODER, SEGMENTATION, Installed, find

PYANNOTE, WHISPERX, VAD = "pyannote", "whisperx", "vad"
ORDER = (PYANNOTE, VAD)
"""What is tried where nobody chose, by its measured error: see docs/speakers.md. WhisperX runs the same turns as pyannote."""
PURPOSES = {
    PYANNOTE: "most exact",
    WHISPERX: "the same, by WhisperX",
    VAD: "quick, less exact",
}
"""What each is for, in the words of a form."""
LIBRARIES = {
    PYANNOTE: ("pyannote.audio", "torch"),
    WHISPERX: ("whisperx", "pyannote.audio", "torch"),
    VAD: ("webrtcvad", "scipy", "torch"),
}
OPEN_WEIGHTS = {PYANNOTE: (SEGMENTATION, ENCODER), WHISPERX: (SEGMENTATION, ENCODER), VAD: (ENCODER,)}
"""What each needs that everybody may have."""
BETTER_WEIGHTS = {PYANNOTE: COMMUNITY, WHISPERX: COMMUNITY}
"""What each takes instead, where it is installed."""


@dataclass(frozen=True, slots=True)
class DiarizerChoice:
    """What speakers are told apart with. `warnings` are sentences: one for each step on the way that could not be taken."""

    spec: DiarizerSpec
    weights_sha256s: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiarizerAvailability:
    """Whether a diarizer can run here now; `reason` is a sentence where it cannot."""

    diarizer: str
    available: bool
    reason: str


def resolve_diarizer(asked: str = "", *, excluded: Mapping[str, str] | None = None) -> DiarizerChoice:
    """Return what tells speakers apart: what was asked for, else the best that can run. Empty means that nobody chose.

    `excluded` has the diarizers that failed here a moment ago, each with the reason as a clause. Costs the reading of a few
    small files. Raises NothingRunnable.
    """
    failed = dict(excluded or {})
    hindrances: list[str] = []
    for diarizer in dict.fromkeys((asked, *_order()) if asked else _order()):
        hindrance = failed.get(diarizer) or _hindrance(diarizer)
        if not hindrance:
            return _choose(diarizer, hindrances)
        hindrances.append(hindrance)
    raise NothingRunnable(f"Speakers cannot be told apart here. {'. '.join(dict.fromkeys(hindrances))}. {_advice()}")


def diarizers() -> list[DiarizerAvailability]:
    """Return every diarizer that is known, best first, and whether it can run here now."""
    names = [PYANNOTE, WHISPERX, VAD, *([FAKE] if settings.FAKE_ENGINE else [])]
    reasons = [(name, _hindrance(name)) for name in names]
    return [DiarizerAvailability(name, not reason, f"{reason}." if reason else "") for name, reason in reasons]


def _order() -> tuple[str, ...]:
    """Return what is tried where nobody chose. An installation for tests is quick with the fake one."""
    is_for_tests = settings.FAKE_ENGINE and settings.DEFAULT_ENGINE == FAKE
    return (FAKE, *ORDER) if is_for_tests else ORDER


def _hindrance(diarizer: str) -> str:
    """Return why a diarizer cannot run here, as a clause without its full stop; empty where it can."""
    if diarizer == FAKE and settings.FAKE_ENGINE:
        return ""
    if diarizer not in LIBRARIES:
        return f"There is no diarizer “{diarizer}”"
    missing = [library for library in LIBRARIES[diarizer] if not _has(library)]
    if missing:
        name = diarizer if diarizer in missing else f"The library of {diarizer}"
        return f"{name} is not installed"
    lacking = [name for name in OPEN_WEIGHTS[diarizer] if not _find(name)]
    if lacking and not (diarizer in BETTER_WEIGHTS and _find(BETTER_WEIGHTS[diarizer])):
        return f"The weights {' and '.join(lacking)} of {diarizer} are not installed"
    return ""


def _has(library: str) -> bool:
    """Return whether a library is installed, without importing the package that it is in."""
    package, _, module = library.partition(".")
    spec = find_spec(package)
    if spec is None or not module:
        return spec is not None
    return any((Path(folder) / module).is_dir() for folder in spec.submodule_search_locations or ())


def _choose(diarizer: str, hindrances: list[str]) -> DiarizerChoice:
    warnings = tuple(f"{hindrance}; {diarizer} was used instead." for hindrance in dict.fromkeys(hindrances))
    found = _weights(diarizer)
    paths = {name: str(one.path) for name, one in found.items()}
    hashes = {name: one.sha256 for name, one in found.items()}
    return DiarizerChoice(DiarizerSpec(diarizer, paths, threads=settings.ENGINE_THREADS), hashes, warnings)


def _weights(diarizer: str) -> dict[str, Installed]:
    """Return the weights that a diarizer takes here, by name: the better ones where they are installed."""
    better = _find(BETTER_WEIGHTS.get(diarizer, ""))
    if better:
        return {better.model: better}
    return {name: found for name in OPEN_WEIGHTS.get(diarizer, ()) if (found := _find(name))}


def _find(name: str) -> Installed | None:
    return find(settings.WEIGHTS_DIR, engine=DIARIZATION, model=name)


def _advice() -> str:
    lacking = [name for name in OPEN_WEIGHTS[PYANNOTE] if not _find(name)]
    return f"Run: python manage.py weights install {' '.join(lacking)}" if lacking else "Run: make setup"
