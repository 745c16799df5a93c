"""What the settings offer of engines, models, diarizers and languages."""

from collections.abc import Iterator

from django.conf import settings

from preferences import choices
from preferences.choices import Choice
from registry import diarizers, resolver
from registry import known as tables
from speech.languages import LANGUAGES

NOT_INSTALLED = "Not installed"
OTHERS = "Cannot be chosen now"


def hand_over() -> None:
    """Tell the settings whom to ask."""
    choices.offer(choices.MODELS, _models)
    choices.offer(choices.DIARIZERS, _diarizers)
    choices.offer(choices.LANGUAGES, _languages)
    choices.pair(_clash)


def _models(by_staff: bool) -> Iterator[Choice]:
    for model in resolver.available(by_staff=by_staff):
        name = f"{model.model} ({model.engine})"
        group = NOT_INSTALLED if model.is_merely_absent else OTHERS if model.reason else ""
        label = f"{name}: {model.reason.rstrip('.')}" if group == OTHERS else name
        yield Choice(f"{model.engine}/{model.model}", label, model.reason, group)


def _clash(model: str, language: str) -> str:
    """Return why a model does not know a language. An empty model is the one that the server was started with."""
    engine, _, key = model.rpartition("/")
    pair = (engine or settings.DEFAULT_ENGINE, key or settings.DEFAULT_MODEL)
    return resolver.clash(tables.load(), pair, language)


def _diarizers(by_staff: bool) -> Iterator[Choice]:
    for found in diarizers.diarizers(by_staff=by_staff):
        yield Choice(found.diarizer, found.diarizer, found.reason)


def _languages(_by_staff: bool) -> Iterator[Choice]:
    for code, name in sorted(LANGUAGES.items(), key=lambda item: item[1]):
        yield Choice(code, name)
