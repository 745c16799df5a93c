"""What the settings offer to choose from. Other apps hand it over when the program starts, for the settings import none of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

MODELS, DIARIZERS, LANGUAGES = "models", "diarizers", "languages"
SPEAKERS, FORMATS = "speakers", "formats"
ANOTHER = "Choose another one."
ANOTHER_PAIR = "The language is set to {}: choose another model, or another language in the settings."


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose. `reason` is a sentence where it cannot be had now, `group` what it then stands under, after the rest."""

    value: str
    label: str
    reason: str = ""
    group: str = ""

    @property
    def refusal(self) -> str:
        """Return what is said to whoever chooses it anew, as sentences; empty where it can be had."""
        return f"{self.reason} {ANOTHER}" if self.reason else ""


Source = Callable[[bool], Iterable[Choice]]
"""Gets whether an administrator chooses, for whom there may be more."""
_sources: dict[str, Source] = {}
Pairing = Callable[[str, str], str]
"""Gets a model and a language, as they are set, and returns why they do not go together, as a sentence; empty where they do."""
_pairings: list[Pairing] = []


def offer(what: str, source: Source) -> None:
    """Have the settings ask `source` whenever they offer this."""
    _sources[what] = source


def pair(check: Pairing) -> None:
    """Have the settings ask `check` whether a model and a language go together."""
    _pairings.append(check)


def clash(model: str, language: str) -> str:
    """Return why a model and a language cannot both be the defaults, as sentences; empty where they can."""
    reason = next(filter(None, (check(model, language) for check in _pairings)), "")
    return f"{reason} {ANOTHER_PAIR.format(label_of(LANGUAGES, language))}" if reason else ""


def offered(what: str, *, by_staff: bool = True) -> list[Choice]:
    """Return what there is to choose from now; nothing where no app has it."""
    source = _sources.get(what)
    return list(source(by_staff)) if source else []


def label_of(what: str, value: str) -> str:
    """Return what a value is called; the value itself where it is not offered."""
    return next((choice.label for choice in offered(what) if choice.value == value), value)


def refusal_of(what: str, value: str) -> str:
    """Return why a value cannot be chosen anew, as sentences; empty where it can."""
    return next((choice.refusal for choice in offered(what) if choice.value == value), "")
