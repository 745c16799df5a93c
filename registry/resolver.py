"""Which engine and weights a job gets: what was asked for, or the next best that can run here, with the reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from django.conf import settings

from speech.types import EngineSpec
from speech.weights import CATALOGUE, MODELS, PURPOSES, WHISPER, find, known

LIBRARIES = {"faster-whisper": ("faster_whisper", "ctranslate2"), WHISPER: ("whisper", "torch")}
FAKE = "fake"
"""The engine of the tests: no library, no weights, any language. Known only where the settings say so."""
ENGLISH = "en"
CANTONESE = "yue"
"""Only the third generation of the large models has it."""
TRANSLATE = "translate"


class NothingRunnable(Exception):
    """No engine can serve the job on this machine. The text is a sentence for the person, with what to do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a job runs with. `warnings` are sentences: one for each step on the way that could not be taken."""

    spec: EngineSpec
    weights_sha256: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a model can run here now; `reason` is a sentence where it cannot. `purpose` says in a few words what it is for."""

    engine: str
    model: str
    available: bool
    reason: str
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the job needs. An empty language is found out later, from the recording."""

    engine: str
    model: str
    language: str
    task: str
    excluded: Mapping[tuple[str, str], str]


def resolve(
    *,
    engine: str = "",
    model: str = "",
    language: str = "",
    task: str = "transcribe",
    excluded: Mapping[tuple[str, str], str] | None = None,
) -> Choice:
    """Return what a job runs with. Empty `engine` and `model` mean the installation's default.

    Tried in this order: what was asked for; the same engine with the default model; the other engine with the same
    model; any installed model, see `_by_likeness`. `excluded` has the pairs of engine and model that failed here a moment
    ago, each with the reason as a clause. Costs the reading of a few small files. Raises NothingRunnable.
    """
    engine = engine or settings.DEFAULT_ENGINE
    wish = _Wish(engine, model or _default_model(engine), language, task, excluded or {})
    hindrances: list[str] = []
    for candidate in _steps(wish):
        hindrance = _hindrance(*candidate, wish)
        if not hindrance:
            return _choose(*candidate, wish, hindrances)
        hindrances.append(hindrance)
    for candidate in _by_likeness(wish):
        if not _hindrance(*candidate, wish):
            return _choose(*candidate, wish, hindrances)
    raise NothingRunnable(_advice(wish, hindrances[0]))


def available() -> list[Availability]:
    """Return every model that is known for every engine, from small to large, and whether it can run here now."""
    pairs = [(weights.engine, weights.model) for weights in CATALOGUE]
    if settings.FAKE_ENGINE:
        pairs.append((FAKE, FAKE))
    found = []
    for engine, model in pairs:
        reason = hindrance(engine=engine, model=model, language=ENGLISH)
        found.append(Availability(engine, model, not reason, reason, PURPOSES.get(model, "")))
    return found


def hindrance(*, engine: str, model: str, language: str = "", task: str = "transcribe") -> str:
    """Return why a model cannot do here now what is asked, as a sentence; empty where it can."""
    reason = _hindrance(engine, model, _Wish(engine, model, language, task, {}))
    return f"{reason}." if reason else ""


def limit(*, engine: str, model: str) -> str:
    """Return in a few words what a model can do on no machine; empty where there is nothing."""
    weights = known(engine=engine, model=model)
    if not weights:
        return ""
    if weights.english_only:
        return "English only"
    return "" if weights.translates else "cannot translate"


def _default_model(engine: str) -> str:
    return FAKE if engine == FAKE and settings.FAKE_ENGINE else settings.DEFAULT_MODEL


def _steps(wish: _Wish) -> list[tuple[str, str]]:
    """Return the choices that have a name, best first."""
    others = [(engine, wish.model) for engine in LIBRARIES if engine != wish.engine]
    steps = [(wish.engine, wish.model), (wish.engine, settings.DEFAULT_MODEL), *others]
    return list(dict.fromkeys(steps))


def _by_likeness(wish: _Wish) -> Iterator[tuple[str, str]]:
    """Yield all models, those that are most like what was asked for first.

    A model of many languages goes before one that knows English only, unless English is asked for; the asked engine
    before the other; a smaller model before a larger one, which is slower than expected; a near size before a far one.
    """
    size = MODELS.index(wish.model) if wish.model in MODELS else MODELS.index("base")

    def unlikeness(pair: tuple[str, str]) -> tuple[bool, bool, bool, int]:
        engine, model = pair
        weights, distance = known(engine=engine, model=model), MODELS.index(model) - size
        narrow = bool(weights and weights.english_only) and wish.language != ENGLISH
        return narrow, engine != wish.engine, distance > 0, abs(distance)

    yield from sorted(((weights.engine, weights.model) for weights in CATALOGUE), key=unlikeness)


def _hindrance(engine: str, model: str, wish: _Wish) -> str:
    """Return why a model cannot serve here, as a clause without its full stop; empty where it can."""
    if (engine, model) in wish.excluded:
        return wish.excluded[engine, model]
    if engine == FAKE and settings.FAKE_ENGINE:
        return ""
    if engine not in LIBRARIES:
        return f"There is no engine “{engine}”"
    weights = known(engine=engine, model=model)
    if not weights:
        return f"There is no model “{model}” for {engine}"
    if weights.english_only and wish.language not in ("", ENGLISH):
        return f"Model {model} knows English only"
    if wish.language == CANTONESE and "large-v3" not in model:
        return f"Model {model} does not know Cantonese"
    if wish.task == TRANSLATE and (weights.english_only or not weights.translates):
        return f"Model {model} cannot translate"
    if not all(find_spec(library) for library in LIBRARIES[engine]):
        return f"The library of {engine} is not installed"
    if not find(settings.WEIGHTS_DIR, engine=engine, model=model):
        return f"Model {model} is not installed for {engine}"
    return ""


def _choose(engine: str, model: str, wish: _Wish, hindrances: list[str]) -> Choice:
    warnings = [f"{hindrance}; {model} ({engine}) was used instead." for hindrance in dict.fromkeys(hindrances)]
    weights = known(engine=engine, model=model)
    if hindrances and weights and weights.english_only and not wish.language:
        warnings.append(f"Model {model} knows English only: speech in another language will come out wrong.")
    found = find(settings.WEIGHTS_DIR, engine=engine, model=model)
    spec = EngineSpec(engine, model, str(found.path) if found else "", threads=settings.ENGINE_THREADS)
    return Choice(spec, found.sha256 if found else "", tuple(warnings))


def _advice(wish: _Wish, hindrance: str) -> str:
    """Return the sentences for a person who can run nothing, with a command that helps."""
    fix = f"Run: python manage.py weights install {settings.DEFAULT_MODEL}"
    if not any(all(find_spec(library) for library in libraries) for libraries in LIBRARIES.values()):
        return "No engine is installed. Run: make setup"
    if not any(find(settings.WEIGHTS_DIR, engine=weights.engine, model=weights.model) for weights in CATALOGUE):
        return f"No speech model is installed. {fix}"
    return f"No installed speech model can serve this. {hindrance}. {fix}"
