"""Why an engine or a speech model cannot serve here, and what to do about it. One place, so that nobody disagrees.

Libraries are looked for without importing them; weights by their manifest and sizes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from registry import machine, obtaining, scan, terminal
from registry.known import Known, installed, is_fake
from registry.models import Provider, SpeechModel
from speech.weights import FASTER_WHISPER, WHISPER

LIBRARIES = {
    FASTER_WHISPER: ("faster_whisper", "ctranslate2"),
    WHISPER: ("whisper", "torch"),
    "pyannote": ("pyannote.audio", "torch"),
    "whisperx": ("whisperx", "pyannote.audio", "torch"),
    "vad": ("webrtcvad", "scipy", "torch"),
}
"""What each provider imports. One of an administrator's own needs the package that its module is in."""
CANTONESE = "yue"
"""Only the third generation of the large models has it."""
TRANSLATE = "translate"

COMMAND = "Run: "
"""What a fix begins with that is a command."""
INSTEAD = "{} was used instead."
FOR_STAFF = "What an administrator can do: "
INSTALL_LIBRARIES = "Run: make setup"
INSTALL_WHISPERX = f"{COMMAND}{terminal.pip('install --no-deps -r requirements-whisperx.txt')}"
VERIFY = "Verify it in the administration"
PUT_BACK = "Put its files back at {}, or clear its path in the administration"
ENABLE = "Enable it in the administration"
ALLOW = "An administrator can allow it"
OTHER = "Choose another one"
PUT_INTO = "Put a model into the weights folder and rescan (see docs/weights.md)"
NOT_INSTALLED = "{} is not installed for {}"
MORE_MEMORY = "Choose a smaller one, or add memory"


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why something cannot serve, as a clause, and what to do, as another; both without their full stop."""

    clause: str
    fix: str

    @property
    def sentence(self) -> str:
        return f"{self.clause}."

    @property
    def remedy(self) -> str:
        """Return what to do as a sentence; a command has no full stop, so that it can be copied."""
        return self.fix if self.fix.startswith(COMMAND) else f"{self.fix}."


@dataclass(frozen=True, slots=True)
class Task:
    """What a job needs of a model. An empty language is found out later, from the recording."""

    language: str = ""
    task: str = "transcribe"


NO_TASK = Task()


def of_model(known: Known, engine: str, model: str, task: Task = NO_TASK) -> Hindrance | None:
    """Return why a model cannot do something here now; None where it can. Whether it may be chosen is another question."""
    if is_fake(engine):
        return None
    provider, row = known.providers.get(engine), known.models.get((engine, model))
    if provider is None or provider.kind != Provider.Kind.ASR:
        return Hindrance(f"There is no engine “{engine}”", OTHER)
    if row is None:
        return Hindrance(f"There is no model “{model}” for {engine}", OTHER)
    return (
        of_use(provider, row, task)
        or of_weights(row, named=f"Model {model}", of=engine, is_default=(engine, model) == known.default)
        or of_memory(row)
    )


def of_use(provider: Provider, row: SpeechModel, task: Task = NO_TASK) -> Hindrance | None:
    """Return why a model could not be used here though its weights were there, and memory enough; None where it could."""
    return _of_row(provider, row) or of_task(row, task) or of_library(provider)


def of_provider(provider: Provider) -> Hindrance | None:
    """Return why nothing of a provider can run here now; None where it can, if it has weights."""
    return _of_switch(provider) or of_library(provider)


def disabled(row: Provider | SpeechModel, what_is: str) -> Hindrance | None:
    """Return that an administrator has disabled something, which begins the sentence; None where nobody has."""
    if row.enabled:
        return None
    reason = f": {row.disabled_reason}".rstrip(".") if row.disabled_reason else ""
    return Hindrance(f"{what_is} disabled{reason}", ENABLE)


def kept_for_staff(provider: Provider | None, row: SpeechModel | None = None) -> Hindrance | None:
    """Return why only administrators may choose an engine with a model, or a diarizer; None where everybody may."""
    if provider and not provider.for_people:
        return only_staff(provider.key)
    return only_staff(f"model {row.key}") if row and not row.for_people else None


def only_staff(what: str) -> Hindrance:
    return Hindrance(f"Only administrators may choose {what} here", ALLOW)


def of_library(provider: Provider) -> Hindrance | None:
    missing = [library for library in libraries(provider) if not has_library(library)]
    if not missing:
        return None
    clause = f"{provider.key} is not installed" if provider.key in missing else _LIBRARY_OF.format(provider.key)
    return Hindrance(clause, INSTALL_WHISPERX if provider.key in missing else INSTALL_LIBRARIES)


def of_weights(row: SpeechModel, *, named: str, of: str, is_default: bool = False) -> Hindrance | None:
    """Return why weights cannot be loaded, `named` and for what as a person calls them; None where they are there."""
    if installed(row):
        return None
    if is_unread(row):
        return Hindrance(f"{named} ({of}) was not verified yet", VERIFY)
    damage = scan.found_broken(row)
    if row.install_path:
        reason = f"is broken: {damage.rstrip('.')}" if damage else "is not where it was"
        is_ours = obtaining.is_in_catalogue(row)
        fix = PUT_BACK.format(obtaining.place(row)) if is_ours else obtaining.by_hand(row, is_default=is_default)
        return Hindrance(f"{named} ({of}) {reason}", fix)
    fix = obtaining.fix(row, is_default=is_default)
    if damage:
        return Hindrance(f"{named} ({of}) is broken: {damage}".rstrip("."), fix)
    return Hindrance(NOT_INSTALLED.format(named, of), fix)


def is_unread(row: SpeechModel) -> bool:
    """Return whether somebody has brought files that nobody has read yet."""
    return row.status == SpeechModel.Status.ABSENT and bool(row.status_detail)


def told_to(remedy: str, *, by_staff: bool) -> str:
    """Return a remedy as a job keeps it: as it is told to an administrator, or to somebody else, who has to ask one.

    Exports have it too, so no path of this machine is in it.
    """
    remedy = terminal.without_place(remedy)
    return remedy if by_staff or not remedy else f"{FOR_STAFF}{remedy}"


def instead(clauses: Iterable[str], taken: str) -> str:
    """Return the one sentence that tells why something else is taken, with each reason once."""
    first, *others = dict.fromkeys(clauses)
    return "; ".join([first, *(_within(clause) for clause in others), INSTEAD.format(taken)])


def told_of(taken: str, sentences: Iterable[str]) -> list[str]:
    """Return those of the sentences that tell why this was taken."""
    return [sentence for sentence in sentences if sentence.endswith(f"; {INSTEAD.format(taken)}")]


def libraries(provider: Provider) -> tuple[str, ...]:
    return LIBRARIES.get(provider.key) or (provider.module.partition(".")[0],)


def has_library(library: str) -> bool:
    """Return whether a library is installed, without importing the package that it is in."""
    package, _, module = library.partition(".")
    try:
        spec = find_spec(package) if package else None
    except (ImportError, ValueError):  # It is the program that runs, or a half of a package.
        return False
    if spec is None or not module:
        return spec is not None
    return any((Path(folder) / module).is_dir() for folder in spec.submodule_search_locations or ())


def _within(clause: str) -> str:
    """Return a clause as it is inside a sentence: names and abbreviations stay as they are."""
    return clause[0].lower() + clause[1:] if clause.startswith(_BEGINNINGS) else clause


_BEGINNINGS = ("Model ", "The ", "There ", "Only ", "A ")
_LIBRARY_OF = "The library of {} is not installed"


def _of_row(provider: Provider, row: SpeechModel) -> Hindrance | None:
    return _of_switch(provider) or disabled(row, f"Model {row.key} ({row.store}) is")


def _of_switch(provider: Provider) -> Hindrance | None:
    return disabled(provider, f"{provider.key} is")


def of_task(row: SpeechModel, task: Task) -> Hindrance | None:
    languages = row.languages.split()
    if task.language and languages and task.language not in languages:
        known = "English" if row.is_english_only else ", ".join(languages)
        return Hindrance(f"Model {row.key} knows {known} only", OTHER)
    if task.language == CANTONESE and not languages and "large-v3" not in row.key:
        return Hindrance(f"Model {row.key} does not know Cantonese", OTHER)
    if task.task == TRANSLATE and not row.translates:
        return Hindrance(f"Model {row.key} cannot translate", OTHER)
    return None


def of_memory(row: SpeechModel) -> Hindrance | None:
    here = machine.memory_bytes()
    if not row.memory_bytes or row.memory_bytes <= here:
        return None
    needs = f"Model {row.key} needs about {row.memory_bytes / 1e9:.1f} GB of memory, and this machine has {here / 1e9:.1f} GB"
    return Hindrance(needs, MORE_MEMORY)
