"""Which engine and weights a job gets: what was asked for, or the next best that can run here, with the reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings

from registry import known as tables
from registry import remedies, viability
from registry.known import FAKE, Known
from registry.models import ENGLISH, Provider, SpeechModel
from registry.viability import Hindrance, Task
from speech.types import EngineSpec
from speech.weights import MODELS, PURPOSES

NO_ENGINE = "No engine is installed."
NO_MODEL = "No speech model is installed."
NONE_FITS = "No installed speech model can serve this."


class NothingRunnable(Exception):
    """No engine can serve the job on this machine. The text is a sentence for the person, with what to do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a job runs with. `warnings` are sentences: one why it is not what was asked for, one for what may be wrong with it."""

    spec: EngineSpec
    weights_sha256: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a model can run here now, and may be chosen; `reason` and `fix` are sentences where it cannot.

    `purpose` says in a few words what it is for.
    """

    engine: str
    model: str
    available: bool
    reason: str
    purpose: str = ""
    fix: str = ""

    @property
    def is_merely_absent(self) -> bool:
        """Return whether nothing is in its way but that it was not installed."""
        return self.reason == f"{viability.NOT_INSTALLED.format(f'Model {self.model}', self.engine)}."


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the job needs, who asks, and what is known."""

    known: Known
    engine: str
    model: str
    by_staff: bool
    task: Task
    excluded: Mapping[tuple[str, str], str]


def resolve(
    *,
    engine: str = "",
    model: str = "",
    language: str = "",
    task: str = "transcribe",
    excluded: Mapping[tuple[str, str], str] | None = None,
    by_staff: bool = True,
    is_planned: bool = False,
    known: Known | None = None,
) -> Choice:
    """Return what a job runs with. Empty `engine` and `model` mean the installation's default.

    Tried in this order: what was asked for, where who asks may choose it; the installation's default; any other model, see
    `_others`. With `is_planned` it is what the text was begun with, which is nobody's choice any more. `excluded` has the pairs
    of engine and model that failed here a moment ago, each with the reason as a clause. Costs three queries where `known` is not
    given, and the reading of a few small files. Raises NothingRunnable.
    """
    known = known or tables.load()
    asked_engine = engine or known.default_engine
    asked = (asked_engine, model or known.default_model_of(asked_engine))
    is_chosen = bool(engine or model) and not is_planned
    refusal = may_not_choose(known, *asked, by_staff=by_staff) if is_chosen else None
    if refusal:  # As if nothing had been asked: what may not be chosen may still be the next best.
        asked = (known.default_engine, known.default_model_of(known.default_engine))
    wish = _Wish(known, *asked, by_staff, Task(language, task), excluded or {})
    return _first_viable(wish, [refusal] if refusal else [])


def _first_viable(wish: _Wish, refusals: list[Hindrance]) -> Choice:
    hindrances: list[Hindrance] = []
    for candidate in _steps(wish):
        found = _hindrance(candidate, wish)
        if found is None:
            return _choose(candidate, wish, [*refusals, *hindrances])
        hindrances.append(found)
    for candidate in _others(wish):
        if _hindrance(candidate, wish) is None:
            return _choose(candidate, wish, [*refusals, *hindrances])
    raise NothingRunnable(_advice(wish, hindrances))


def available(*, by_staff: bool = True, known: Known | None = None) -> list[Availability]:
    """Return every model that is known for every engine, from small to large, and whether it can run here now.

    For a person who is no administrator, what they may not choose cannot run for them.
    """
    known = known or tables.load()
    found = [_availability(known, engine.key, model, by_staff=by_staff) for engine, model in known.speech_models()]
    if settings.FAKE_ENGINE:
        found.append(Availability(FAKE, FAKE, available=True, reason=""))
    return found


def hindrance(
    *,
    engine: str,
    model: str,
    language: str = "",
    task: str = "transcribe",
    by_staff: bool = True,
    known: Known | None = None,
) -> str:
    """Return why a model cannot do here now what is asked, as a sentence; empty where it can."""
    known = known or tables.load()
    found = may_not_choose(known, engine, model, by_staff=by_staff) or viability.of_model(
        known, engine, model, Task(language, task)
    )
    return found.sentence if found else ""


def limit(*, engine: str, model: str, known: Known | None = None) -> str:
    """Return in a few words what a model can do on no machine; empty where there is nothing."""
    row = (known or tables.load()).models.get((engine, model))
    if row is None:
        return ""
    if row.is_english_only:
        return "English only"
    if row.languages:
        return f"{row.languages} only"
    return "" if row.translates else "cannot translate"


def clash(known: Known, pair: tuple[str, str], language: str) -> str:
    """Return why a model does not know a language, on whatever machine, as a sentence; empty where it does."""
    row = known.models.get(pair)
    found = viability.of_task(row, Task(language)) if row else None
    return found.sentence if found else ""


def may_not_choose(known: Known, engine: str, model: str, *, by_staff: bool) -> Hindrance | None:
    """Return why a person may not choose a model; None where they may, or where it is what they would get anyway."""
    if by_staff or (engine, model) == known.default or engine == FAKE:
        return None
    if not known.settings.may_choose_model:
        return viability.only_staff("the model")
    return viability.kept_for_staff(known.providers.get(engine), known.models.get((engine, model)))


def _availability(known: Known, engine: str, row: SpeechModel, *, by_staff: bool) -> Availability:
    found = may_not_choose(known, engine, row.key, by_staff=by_staff) or viability.of_model(known, engine, row.key)
    purpose = PURPOSES.get(row.key, "")
    if found is None:
        return Availability(engine, row.key, available=True, reason="", purpose=purpose)
    return Availability(engine, row.key, available=False, reason=found.sentence, purpose=purpose, fix=found.remedy)


def _steps(wish: _Wish) -> list[tuple[str, str]]:
    """Return the choices that have a name, best first."""
    return list(dict.fromkeys([(wish.engine, wish.model), wish.known.default]))


def _others(wish: _Wish) -> Iterator[tuple[str, str]]:
    """Yield all models, best first.

    A model of many languages goes before one that knows English only, unless English is asked for. Then what was measured here
    (`manage.py benchmark quick`), the fastest first; then what is most like what was asked: the same model before another, the
    asked engine before another, a smaller model before a larger one, which is slower than expected, and a near size before a far
    one.
    """
    size = MODELS.index(wish.model) if wish.model in MODELS else MODELS.index("base")

    def rank(candidate: tuple[Provider, SpeechModel]) -> tuple[bool, float, bool, bool, bool, int]:
        engine, model = candidate
        distance = (MODELS.index(model.key) if model.key in MODELS else len(MODELS)) - size
        narrow = model.is_english_only and wish.task.language != ENGLISH
        alike = (model.key != wish.model, engine.key != wish.engine, distance > 0, abs(distance))
        return narrow, -(model.speed or 0.0), *alike

    for engine, model in sorted(wish.known.speech_models(), key=rank):
        yield engine.key, model.key


def _hindrance(candidate: tuple[str, str], wish: _Wish) -> Hindrance | None:
    """Return why a model is not taken; None where it is."""
    if candidate in wish.excluded:
        return Hindrance(wish.excluded[candidate], viability.OTHER)
    return _forbidden(candidate, wish) or viability.of_model(wish.known, *candidate, wish.task)


def _forbidden(candidate: tuple[str, str], wish: _Wish) -> Hindrance | None:
    """Return why this person's job must not have a model: what is kept for administrators is no fallback for others either."""
    if wish.by_staff or candidate == wish.known.default:
        return None
    return viability.kept_for_staff(wish.known.providers.get(candidate[0]), wish.known.models.get(candidate))


def _choose(candidate: tuple[str, str], wish: _Wish, hindrances: list[Hindrance]) -> Choice:
    engine, model = candidate
    clauses = [hindrance.clause for hindrance in hindrances]
    warnings = [viability.instead(clauses, f"{model} ({engine})")] if clauses else []
    row, provider = wish.known.models.get(candidate), wish.known.providers.get(engine)
    if hindrances and row and row.is_english_only and not wish.task.language:
        warnings.append(f"Model {model} knows English only: speech in another language will come out wrong.")
    found = tables.installed(row) if row else None
    path, sha256 = (str(found.path), found.sha256) if found else ("", "")
    module = provider.module if provider else ""
    spec = EngineSpec(engine, model, path, threads=settings.ENGINE_THREADS, module=module)
    return Choice(spec, sha256, tuple(warnings))


def _advice(wish: _Wish, hindrances: list[Hindrance]) -> str:
    """Return the sentences for a person who can run nothing, with the easiest that would let this job go on."""
    if all(viability.of_library(engine) for engine in wish.known.engines()):
        return f"{NO_ENGINE} {viability.told_to(viability.INSTALL_LIBRARIES, by_staff=wish.by_staff)}"
    way = remedies.for_job(
        wish.known, wish.task, failed=wish.excluded, forbidden=lambda candidate: _forbidden(candidate, wish)
    )
    if not any(tables.installed(row) or _is_damaged(row) for _, row in wish.known.speech_models()):
        remedy = way.remedy if way else f"{viability.PUT_INTO}."
        return f"{NO_MODEL} {viability.told_to(remedy, by_staff=wish.by_staff)}"
    other = "" if wish.excluded else f"{viability.PUT_INTO}."
    reasons = _reasons(wish, hindrances)
    told = viability.told_to(way.told_after(*reasons) if way else other, by_staff=wish.by_staff)
    return " ".join([NONE_FITS, *(reason.sentence for reason in reasons), told]).rstrip()


def _reasons(wish: _Wish, hindrances: list[Hindrance]) -> list[Hindrance]:
    """Return why nothing can run: of each engine where none of them can, else of what was to be taken first."""
    of_engines = [viability.of_provider(engine) for engine in wish.known.engines()]
    found = [hindrance for hindrance in of_engines if hindrance]
    return found if len(found) == len(of_engines) else hindrances[:1]


def _is_damaged(row: SpeechModel) -> bool:
    return row.status == SpeechModel.Status.BROKEN
