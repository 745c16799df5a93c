"""What is known at one moment: the providers, their speech models, and what the installation has settled about choosing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError

from preferences.models import Settings
from registry import sync
from registry.models import Provider, SpeechModel
from speech.weights import Installed, find

FAKE = "fake"
"""The engine and the diarizer of the tests: no library, no weights, any language. Known only where the settings say so."""
MISSING_TABLE = "no such table"


@dataclass(frozen=True, slots=True)
class Known:
    """The tables of the registry, read once. Providers and models by their keys, in the order in which they are listed."""

    providers: Mapping[str, Provider]
    models: Mapping[tuple[str, str], SpeechModel]
    settings: Settings

    def has(self, engine: str, model: str) -> bool:
        """Return whether there is such a model, installed or not."""
        return (engine, model) in self.models or is_fake(engine)

    def engines(self) -> list[Provider]:
        return [provider for provider in self.providers.values() if provider.kind == Provider.Kind.ASR]

    def diarizers(self) -> list[Provider]:
        return [provider for provider in self.providers.values() if provider.kind == Provider.Kind.DIARIZER]

    def speech_models(self) -> Iterator[tuple[Provider, SpeechModel]]:
        """Yield what transcribes, with its engine: engines in their order, models from small to large."""
        for engine in self.engines():
            for (store, _), model in self.models.items():
                if store == engine.key:
                    yield engine, model

    def without(self, rows: "Iterable[SpeechModel | Provider]") -> "Known":
        """Return the same as if some weights and providers were not there."""
        gone = {(row.store, row.key) if isinstance(row, SpeechModel) else row.key for row in rows}
        providers = {key: provider for key, provider in self.providers.items() if key not in gone}
        models = {pair: model for pair, model in self.models.items() if not {pair, pair[0]} & gone}
        return replace(self, providers=providers, models=models)

    @property
    def default(self) -> tuple[str, str]:
        return default_of(self.settings)

    @property
    def default_engine(self) -> str:
        return self.default[0]

    @property
    def default_model(self) -> str:
        return self.default[1]

    def default_model_of(self, engine: str) -> str:
        """Return the model that an engine gets where nobody chooses one."""
        return FAKE if is_fake(engine) else self.default_model

    @property
    def default_diarizers(self) -> list[str]:
        """Return what tells speakers apart where nobody chooses, first of all: nothing in particular where nobody has set it.

        An installation for tests is quick with the fake one.
        """
        fake = FAKE if is_fake(self.default_engine) else ""
        return [name for name in (self.settings.default_diarizer, fake) if name]


def is_fake(provider: str) -> bool:
    """Return whether something is the fake engine or diarizer of the tests, where there is one."""
    return settings.FAKE_ENGINE and provider == FAKE


def default_of(current: Settings) -> tuple[str, str]:
    """Return engine and model where nobody chooses: as an administrator has set them, else as the server was started."""
    return current.default_engine or settings.DEFAULT_ENGINE, current.default_model or settings.DEFAULT_MODEL


def load() -> Known:
    """Read the tables, in three queries. Where they do not exist yet, what the catalogue says stands in for them."""
    try:
        # Not in a transaction, which on SQLite would wait for the right to write.
        providers = list(Provider.objects.all())
        models = list(SpeechModel.objects.all())
        current = Settings.objects.filter(pk=1).first() or Settings()
    except DatabaseError as err:
        if not is_missing_table(err):
            raise
        providers, models, current = *sync.unsaved(), Settings()
    by_place = {(model.store, model.key): model for model in sorted(models, key=sync.by_size)}
    return Known({provider.key: provider for provider in providers}, by_place, current)


def installed(model: SpeechModel) -> Installed | None:
    """Return the files of a speech model where they are there in their full size, and where its row says.

    Reads a manifest and asks for sizes.
    """
    found = find(settings.WEIGHTS_DIR, engine=model.store, model=model.key)
    return found if found and found.given_path == model.install_path else None


def is_missing_table(err: Exception) -> bool:
    """Return whether a database has not been prepared yet: `make setup` installs weights before there is one."""
    words = str(err).lower()
    return MISSING_TABLE in words or ("relation" in words and "does not exist" in words)
