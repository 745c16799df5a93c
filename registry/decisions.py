"""What an administrator decides of providers and weights, for the pages and for commands."""

import time
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db.models import QuerySet

from preferences import choices
from preferences.models import Settings
from registry import changes, fetching, known, obtaining, resolver, scan, works
from registry.diarizers import OPEN_WEIGHTS, resolve_diarizer, takers
from registry.known import Known
from registry.models import Provider, SpeechModel, Work
from registry.resolver import NothingRunnable
from registry.works import Refused
from speech import weights
from speech.weights import DIARIZATION, WeightsError

PATIENCE_SECONDS = 10.0
"""How long a removal waits for work on the same weights to end: a cancel is obeyed within two."""
POLL_SECONDS = 0.1
NO_MODEL_LEFT = "No model is left then: jobs wait until one is installed or enabled."
COMES_BACK = (
    "The next job for which nobody chooses a model has it downloaded again, as the settings of the installation want it. "
    "To have jobs get another one, disable it instead."
)
SPEAKERS_COME_BACK = (
    "The next job that identifies speakers has them downloaded again, as the settings of the installation want it. "
    "To have jobs do without them, disable them instead."
)
NO_DIARIZER_LEFT = "Nothing is left then that tells speakers apart: texts have none."


def remove(model: SpeechModel) -> str:
    """Take weights away, and what was downloaded of them; return what was done as a sentence. Raises Refused.

    Work on them is cancelled first. Files outside of the weights folder stay where they are. The row of weights that the
    catalogue does not know goes too.
    """
    _end_work(model)
    is_ours = not model.install_path.startswith("/")
    try:
        something = weights.clear(
            settings.WEIGHTS_DIR,
            engine=model.store,
            model=model.key,
            brought=scan.files_brought(model),
            patience_seconds=PATIENCE_SECONDS,
            spared=scan.places_of_others(model),
        )
    except WeightsError as err:
        raise Refused(err.message) from err
    except OSError as err:
        raise Refused(f"{model} could not be removed: {err.strerror or err}.") from err
    name = str(model)
    if scan.is_custom(model):
        model.delete()
    else:
        SpeechModel.objects.filter(pk=model.pk).update(install_path="", status_detail="")
        scan.refresh(model)
    changes.tell()
    if not is_ours:
        return f"{name} is forgotten. Its files lie where they were."
    return f"{name} is removed." if something else f"Nothing was left of {name}."


def _end_work(model: SpeechModel) -> None:
    """Cancel what is done with weights, and wait until it has ended. Raises Refused where it does not."""
    unfinished = Work.objects.unfinished().filter(model=model)
    for work in unfinished:
        works.cancel(work.pk)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while unfinished.all().exists():
        if time.monotonic() > deadline:
            raise Refused(f"{model} is still being worked on. Try again in a moment.")
        time.sleep(POLL_SECONDS)


def enable(rows: "QuerySet[SpeechModel] | QuerySet[Provider]") -> int:
    """Let rows be used again; return how many could not be before."""
    count = rows.filter(enabled=False).update(enabled=True, disabled_reason="")
    changes.tell()
    return count


def disable(rows: "QuerySet[SpeechModel] | QuerySet[Provider]", *, reason: str) -> int:
    """Let rows not be used any more; return how many there are. What runs with them goes on."""
    count = rows.update(enabled=False, disabled_reason=reason)
    changes.tell()
    return count


def make_default(model: SpeechModel) -> str:
    """Use weights where nobody chooses; return what was done as a sentence. Raises Refused where they cannot be used now."""
    if not (model.enabled and model.provider.enabled):
        raise Refused(f"{model} is disabled. Enable it first.")
    if refusal := lack(model):
        raise Refused(refusal)
    if model.store == DIARIZATION:
        return _make_default_taker(model)
    current = Settings.load()
    pair = f"{model.store}/{model.key}"
    if refusal := choices.refusal_of(choices.MODELS, pair) or choices.clash(pair, current.default_language):
        raise Refused(refusal)
    current.default_engine, current.default_model = model.store, model.key
    current.save(update_fields=["default_engine", "default_model"])
    return f"{model} is used where nobody chooses a model."


def lack(model: SpeechModel) -> str:
    """Return why weights are not there to be used, and what to do, as sentences; empty where they are."""
    if model.status in (SpeechModel.Status.INSTALLED, SpeechModel.Status.VERIFIED):
        return ""
    if model.status == SpeechModel.Status.BROKEN:
        return f"{model} is broken: {model.status_detail} {obtaining.remedy(model)}"
    return f"{model} is not installed. {'Install it first.' if obtaining.is_within_reach(model) else obtaining.remedy(model)}"


def _make_default_taker(model: SpeechModel) -> str:
    """Make the diarizer that takes weights the default. Raises Refused where several do: which one is for a person to say."""
    names = takers(model.key)
    if len(names) > 1:
        raise Refused(
            f"{model.key} is used by {', '.join(names)}. Make one of these the default, in the list of what runs."
        )
    return make_default_diarizer(model.provider)


def make_default_diarizer(provider: Provider) -> str:
    """Tell speakers apart with a diarizer where nobody chooses; return what was done as a sentence. Raises Refused."""
    if provider.kind != Provider.Kind.DIARIZER:
        raise Refused(f"Choose one of the models of {provider}: the default is an engine with a model.")
    if not provider.enabled:
        raise Refused(f"{provider} is disabled. Enable it first.")
    if refusal := choices.refusal_of(choices.DIARIZERS, provider.key):
        raise Refused(refusal)
    current = Settings.load()
    current.default_diarizer = provider.key
    current.save(update_fields=["default_diarizer"])
    return f"{provider} tells speakers apart where nobody chooses otherwise."


def consequence_of_removal(rows: Sequence[SpeechModel]) -> str:
    """Return the same of weights that are removed: where jobs fetch what they need, they may come back by themselves."""
    now = known.load()
    then = now.without(rows)
    is_default = any((row.store, row.key) == now.default for row in rows)
    model = COMES_BACK if is_default and fetching.is_fetched(now, now.default) else _of_models(now, then)
    speakers = SPEAKERS_COME_BACK if _come_back(now, rows) else _of_diarizers(now, then)
    return " ".join(filter(None, [model, speakers]))


def consequence(rows: Iterable[SpeechModel] | Iterable[Provider]) -> str:
    """Return what jobs for which nobody chooses get without some weights or providers, in sentences; empty where nothing changes."""
    now = known.load()
    then = now.without(rows)
    return " ".join(filter(None, [_of_models(now, then), _of_diarizers(now, then)]))


def _come_back(now: Known, rows: Sequence[SpeechModel]) -> bool:
    """Return whether jobs have weights downloaded again with which speakers are told apart now."""
    try:
        used = resolve_diarizer(known=now).spec
    except NothingRunnable:
        return False
    removed = [row for row in rows if row.store == DIARIZATION and row.key in used.weights]
    are_open = all(row.key in OPEN_WEIGHTS.get(used.diarizer, ()) for row in removed)
    within_reach = all(obtaining.is_within_reach(row) for row in removed)
    return bool(removed) and now.settings.fetch_weights and are_open and within_reach


def _of_models(now: Known, then: Known) -> str:
    try:
        before = resolver.resolve(known=now).spec
    except NothingRunnable:
        return ""
    try:
        after = resolver.resolve(known=then).spec
    except NothingRunnable:
        return NO_MODEL_LEFT
    if (before.engine, before.model) == (after.engine, after.model):
        return ""
    return f"Jobs for which nobody chooses a model get {after.model} ({after.engine}) then."


def _of_diarizers(now: Known, then: Known) -> str:
    try:
        before = resolve_diarizer(known=now).spec.diarizer
    except NothingRunnable:
        return ""
    try:
        after = resolve_diarizer(known=then).spec.diarizer
    except NothingRunnable:
        return NO_DIARIZER_LEFT
    return "" if before == after else f"Speakers are told apart by {after} then, where nobody chooses otherwise."
