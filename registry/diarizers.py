"""Which diarizer a job gets: what was asked for, or the next best that can run here, with the reasons."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings

from registry import known as tables
from registry import obtaining, remedies, scan, viability
from registry.known import FAKE, Known
from registry.models import Provider, SpeechModel
from registry.remedies import Way
from registry.resolver import NothingRunnable
from registry.sync import PYANNOTE, VAD, WHISPERX
from registry.viability import Hindrance
from speech.types import DiarizerSpec
from speech.weights import COMMUNITY, DIARIZATION, ENCODER, SEGMENTATION, Installed

PURPOSES = {
    PYANNOTE: "most exact",
    WHISPERX: "the same, by WhisperX",
    VAD: "quick, less exact",
}
"""What each is for, in the words of a form."""
OPEN_WEIGHTS = {PYANNOTE: (SEGMENTATION, ENCODER), WHISPERX: (SEGMENTATION, ENCODER), VAD: (ENCODER,)}
"""What each needs that everybody may have."""
BETTER_WEIGHTS = {PYANNOTE: COMMUNITY, WHISPERX: COMMUNITY}
"""What each takes instead, where it is installed."""

CANNOT = "Speakers cannot be told apart here."
SWITCHED_OFF = "Identifying speakers is switched off here."


@dataclass(frozen=True, slots=True)
class DiarizerChoice:
    """What speakers are told apart with. `warnings` has the sentence that says why it is not what was asked for, if so."""

    spec: DiarizerSpec
    weights_sha256s: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiarizerAvailability:
    """Whether a diarizer can run here now, and may be chosen; `reason` and `fix` are sentences where it cannot."""

    diarizer: str
    available: bool
    reason: str
    fix: str = ""


def resolve_diarizer(
    asked: str = "",
    *,
    excluded: Mapping[str, str] | None = None,
    by_staff: bool = True,
    known: Known | None = None,
) -> DiarizerChoice:
    """Return what tells speakers apart: what was asked for, else the installation's default, else the next that can run.

    Empty means that nobody chose. `excluded` has the diarizers that failed here a moment ago, each with the reason as a clause.
    Costs three queries where `known` is not given, and the reading of a few small files. Raises NothingRunnable.
    """
    known = known or tables.load()
    if not known.settings.diarization:
        raise NothingRunnable(SWITCHED_OFF)
    failed = dict(excluded or {})
    refusal = may_not_choose(known, asked, by_staff=by_staff) if asked else None
    hindrances = [refusal.clause] if refusal else []
    first = [asked] if asked and not refusal else []  # What may not be chosen may still be the next best.
    candidates = list(dict.fromkeys([*first, *_order(known)]))
    for diarizer in candidates:
        forbidden = _forbidden(known, diarizer, by_staff=by_staff)
        hindrance = failed.get(diarizer) or _clause(forbidden or hindrance_of(known, diarizer))
        if not hindrance:
            return _choose(known, diarizer, hindrances)
        hindrances.append(hindrance)
    allowed = to_try(known, asked, by_staff=by_staff)
    said = f"{CANNOT} {'. '.join(dict.fromkeys(hindrances))}."
    raise NothingRunnable(f"{said} {viability.told_to(_advice(known, allowed), by_staff=by_staff)}".rstrip())


def to_try(known: Known, asked: str = "", *, by_staff: bool = True) -> list[str]:
    """Return the diarizers that a job may get, whether they can run or not, in the order in which they are tried."""
    first = [asked] if asked and not may_not_choose(known, asked, by_staff=by_staff) else []
    names = dict.fromkeys([*first, *_order(known)])
    return [name for name in names if not _forbidden(known, name, by_staff=by_staff)]


def takers(weights: str) -> list[str]:
    """Return the diarizers that take some weights, best first: several share them."""
    return [name for name in OPEN_WEIGHTS if weights in (*OPEN_WEIGHTS[name], BETTER_WEIGHTS.get(name))]


def diarizers(*, by_staff: bool = True, known: Known | None = None) -> list[DiarizerAvailability]:
    """Return every diarizer that is known, best first, and whether it can run here now for this person."""
    known = known or tables.load()
    names = [provider.key for provider in known.diarizers()] + ([FAKE] if settings.FAKE_ENGINE else [])
    return [_availability(known, name, by_staff=by_staff) for name in names]


def may_not_choose(known: Known, diarizer: str, *, by_staff: bool) -> Hindrance | None:
    """Return why a person may not choose a diarizer; None where they may, or where it is the installation's default."""
    if by_staff or diarizer in (FAKE, known.settings.default_diarizer):
        return None
    if not known.settings.may_choose_diarizer:
        return viability.only_staff("how speakers are told apart")
    return viability.kept_for_staff(known.providers.get(diarizer))


def _forbidden(known: Known, diarizer: str, *, by_staff: bool) -> Hindrance | None:
    """Return why this person's job must not have a diarizer: what is kept for administrators is no fallback for others either."""
    if by_staff or diarizer == known.settings.default_diarizer:
        return None
    return viability.kept_for_staff(known.providers.get(diarizer))


def _availability(known: Known, diarizer: str, *, by_staff: bool) -> DiarizerAvailability:
    if not known.settings.diarization:
        return DiarizerAvailability(diarizer, available=False, reason=SWITCHED_OFF, fix=f"{viability.ALLOW}.")
    found = may_not_choose(known, diarizer, by_staff=by_staff) or hindrance_of(known, diarizer)
    if found is None:
        return DiarizerAvailability(diarizer, available=True, reason="")
    return DiarizerAvailability(diarizer, available=False, reason=found.sentence, fix=found.remedy)


def _order(known: Known) -> list[str]:
    """Return what is tried where nobody chose, best first: the default, then as the administrator has ordered them.

    The order that they come in is by measured error, see docs/speakers.md. WhisperX finds the same turns as pyannote, so that it
    is no help where that fails.
    """
    return [*known.default_diarizers, *(provider.key for provider in known.diarizers() if provider.key != WHISPERX)]


def hindrance_of(known: Known, diarizer: str) -> Hindrance | None:
    """Return why a diarizer cannot run here; None where it can."""
    if tables.is_fake(diarizer):
        return None
    provider = known.providers.get(diarizer)
    if provider is None or provider.kind != Provider.Kind.DIARIZER:
        return Hindrance(f"There is no diarizer “{diarizer}”", viability.OTHER)
    if found := viability.of_provider(provider):
        return found
    lacking = _lacking(known, diarizer)
    return _of_weights(known, lacking, diarizer) if lacking else None


def missing_weights(known: Known, diarizer: str) -> list[SpeechModel]:
    """Return the rows of the weights that a diarizer lacks, or that somebody has disabled."""
    return _rows(known, _lacking(known, diarizer))


def _lacking(known: Known, diarizer: str) -> list[str]:
    if _find(known, BETTER_WEIGHTS.get(diarizer, "")):
        return []
    return [name for name in OPEN_WEIGHTS.get(diarizer, ()) if not _find(known, name)]


def _of_weights(known: Known, lacking: list[str], diarizer: str) -> Hindrance:
    rows = _rows(known, lacking)
    fix = obtaining.fix(*rows) if rows else f"Run: {obtaining.install(lacking)}"
    if broken := next(((row, damage) for row in rows if (damage := scan.found_broken(row))), None):
        row, damage = broken
        return Hindrance(f"The weights {row.key} of {diarizer} are broken: {damage.rstrip('.')}", fix)
    disabled = (viability.disabled(row, f"The weights {row.key} of {diarizer} are") for row in rows)
    absent = Hindrance(f"The weights {' and '.join(lacking)} of {diarizer} are not installed", fix)
    return next(filter(None, disabled), absent)


def _clause(found: Hindrance | None) -> str:
    return found.clause if found else ""


def _choose(known: Known, diarizer: str, hindrances: list[str]) -> DiarizerChoice:
    warnings = (viability.instead(hindrances, diarizer),) if hindrances else ()
    found = _weights(known, diarizer)
    paths = {name: str(one.path) for name, one in found.items()}
    hashes = {name: one.sha256 for name, one in found.items()}
    provider = known.providers.get(diarizer)
    module = provider.module if provider else ""
    return DiarizerChoice(
        DiarizerSpec(diarizer, paths, threads=settings.ENGINE_THREADS, module=module), hashes, warnings
    )


def _weights(known: Known, diarizer: str) -> dict[str, Installed]:
    """Return the weights that a diarizer takes here, by name: the better ones where they are installed."""
    better = _find(known, BETTER_WEIGHTS.get(diarizer, ""))
    if better:
        return {better.model: better}
    return {name: found for name in OPEN_WEIGHTS.get(diarizer, ()) if (found := _find(known, name))}


def _find(known: Known, name: str) -> Installed | None:
    """Return weights that are installed and that nobody has disabled."""
    row = known.models.get((DIARIZATION, name))
    return tables.installed(row) if row and row.enabled else None


def _advice(known: Known, diarizers: Iterable[str]) -> str:
    """Return the easiest that would let one of some diarizers run, as a sentence; empty where nothing would."""
    way = remedies.easiest(way for diarizer in diarizers for way in _ways(known, diarizer))
    return way.remedy if way else ""


def _ways(known: Known, diarizer: str) -> Iterator[Way]:
    """Yield what would let a diarizer run: with the better weights where they only have to be enabled, and with the open ones."""
    if provider := known.providers.get(diarizer):
        better = _rows(known, filter(None, [BETTER_WEIGHTS.get(diarizer)]))
        if better and tables.installed(better[0]):
            yield remedies.to_diarizer(provider, better)
        yield remedies.to_diarizer(provider, _rows(known, OPEN_WEIGHTS.get(diarizer, ())))


def _rows(known: Known, names: Iterable[str]) -> list[SpeechModel]:
    return [row for name in names if (row := known.models.get((DIARIZATION, name)))]
