"""`manage.py weights`: list, install, find, verify and remove the weights of the speech models and of what tells speakers apart.

Works before there is a database; where there is one, the rows of the registry are brought in line with the disk.
"""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from registry import decisions, loading, obtaining, scan
from registry.management.named import ALL, ANY, named
from registry.models import SpeechModel
from registry.works import Refused
from speech import weights
from speech.client import ask
from speech.types import EngineError
from speech.weights import (
    ENGINES,
    FASTER_WHISPER,
    INDEX,
    PUBLISHER,
    SOURCES,
    WHISPER,
    Installed,
    Weights,
    WeightsError,
    catalogue,
)

READING = ("list", "path")
"""Actions that change nothing."""
INTERRUPTED = 130
LOADING_SECONDS = 900.0
"""The largest model from a slow disk; the engine process itself gives up earlier where it hangs."""
BROKEN = "broken"
COLUMNS = "{:<21} {:<15} {:>10}  {:<20} {}"


class Command(BaseCommand):
    help = "List, install, find, verify and remove the weights of the speech models and of what tells speakers apart."
    requires_system_checks = ()  # `make setup` installs weights before there is a database.

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="show what there is, what is installed and where it can be had")
        install = actions.add_parser("install", help="download models and verify them")
        self._add(install, nargs="+")
        install.add_argument(
            "--token", default="", help="for weights that need one; better in the environment: HF_TOKEN"
        )
        verify = actions.add_parser("verify", help="read what is installed and compare it with its hashes")
        self._add(verify, nargs="?", engine=ALL)
        self._add(actions.add_parser("remove", help="delete a model and what was downloaded of it"))
        self._add(actions.add_parser("path", help="print where a model is installed"))
        actions.add_parser("rescan", help="look for weights that were put into the weights folder by hand")

    def _add(self, parser: ArgumentParser, *, nargs: str | None = None, engine: str = ANY) -> None:
        parser.add_argument("name", metavar="NAME", nargs=nargs, help="such as base or tiny.en")
        usual = engine or f"{FASTER_WHISPER}, and none for what tells speakers apart"
        parser.add_argument("--engine", choices=[*ENGINES, ALL], default=engine, help=f"default: {usual}")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions: dict[str, Callable[..., None]] = {
            "list": self._list,
            "install": self._install,
            "verify": self._verify,
            "remove": self._remove,
            "path": self._path,
            "rescan": self._rescan,
        }
        self._blames: dict[tuple[str, str], str] = {}
        try:
            actions[action](**options)
        except WeightsError as err:
            raise CommandError(err.message) from err
        except KeyboardInterrupt as err:
            raise CommandError("Interrupted. What was downloaded is kept.", returncode=INTERRUPTED) from err
        finally:
            if action not in READING:
                scan.refresh_if_possible(self._blames)

    def _list(self, **options: Any) -> None:
        self.stdout.write(COLUMNS.format("MODEL", "ENGINE", "SIZE", "STATE", "SOURCES"))
        broken = scan.broken_if_possible()
        models = sorted(catalogue.CATALOGUE, key=lambda entry: catalogue.MODELS.index(entry.model))
        for entry in (*models, *catalogue.DIARIZATION_CATALOGUE):
            found = _find(entry)
            size = found.size_bytes if found else entry.size_bytes
            why = broken.pop((entry.engine, entry.model), "")
            state = _state(found) if found else _lacking(entry, is_broken=bool(why))
            self.stdout.write(COLUMNS.format(entry.model, entry.engine, _megabytes(size), state, _sources(entry)))
            self._say_why(why)
        for (engine, model), why in broken.items():
            self.stdout.write(COLUMNS.format(model, engine, "-", BROKEN, weights.BY_HAND))
            self._say_why(why)
        for found in weights.brought(settings.WEIGHTS_DIR):
            line = COLUMNS.format(found.model, found.engine, _megabytes(found.size_bytes), _state(found), found.source)
            self.stdout.write(line)

    def _say_why(self, why: str) -> None:
        """Say below a line why it says that weights are broken: a sentence has no room in its column."""
        if why:
            self.stdout.write(f"  {why}")

    def _install(self, *, name: list[str], engine: str, token: str, **options: Any) -> None:
        _check_sources()
        for entry in [entry for one in name for entry in named(one, engine)]:
            if found := _find(entry):
                self.stdout.write(f"{entry} is already installed in {found.folder}.")
            elif not obtaining.is_within_reach(SpeechModel(store=entry.engine, key=entry.model)):
                raise WeightsError(_not_installed(entry))
            else:
                self._install_one(entry, token=token or os.environ.get("HF_TOKEN", ""))

    def _install_one(self, entry: Weights, *, token: str) -> None:
        started = time.monotonic()
        with _Progress(str(entry), sys.stderr) as on_progress:
            found = weights.install(
                entry.model,
                engine=entry.engine,
                folder=settings.WEIGHTS_DIR,
                on_progress=on_progress,
                sources=settings.WEIGHTS_SOURCES,
                token=token,
                mirror=settings.WEIGHTS_MIRROR,
            )
        seconds = time.monotonic() - started
        self.stdout.write(
            f"{entry} is installed and verified ({_megabytes(found.size_bytes)}, {found.source}, {seconds:.0f} s)."
        )

    def _verify(self, *, name: str | None, engine: str, **options: Any) -> None:
        """Look at everything before failing, so that one damaged model does not hide another."""
        meant = named(name, engine)
        entries = [entry for entry in meant if _is_there(entry)]
        if not entries and name:
            raise WeightsError(_not_installed(meant[0]))
        problems = [problem for entry in entries if (problem := self._problem(entry))]
        if problems:
            raise WeightsError(" ".join(problems))
        if not entries:
            self.stdout.write("No weights are installed.")

    def _problem(self, entry: Weights) -> str:
        """Verify one model and return what is wrong with it, empty where nothing is."""
        found = _find(entry)
        try:
            self._check(entry.engine, entry.model, found.given_path if found else _row(entry).install_path)
        except WeightsError as err:
            self._blames[entry.engine, entry.model] = err.message
            return err.message if _is_own(entry) else f"{err.message} {_way(entry)}"
        self.stdout.write(f"{entry} is as it was installed." if found else f"{entry} was found and is as it must be.")
        return ""

    def _check(self, engine: str, model: str, path: str) -> None:
        with _Progress(f"{engine}/{model}", sys.stderr) as on_progress:
            weights.check(settings.WEIGHTS_DIR, engine=engine, model=model, path=path, on_progress=on_progress)
        try:
            untried = loading.check(engine, model, partial(ask, timeout_seconds=LOADING_SECONDS))
        except EngineError as err:
            raise WeightsError(err.message) from err
        if untried:
            self.stdout.write(f"{engine}/{model}: {untried}")

    def _rescan(self, **options: Any) -> None:
        """Take up what was brought by hand. What is wrong with one model keeps no other from being taken up or told of."""
        unchecked = list(_unchecked())
        for found in _unchanged():
            self.stdout.write(f"{found.engine}/{found.model} is unchanged since it was read.")
        problems = [problem for place in unchecked if (problem := self._take_up(*place))]
        for _, reason in weights.passed_over(settings.WEIGHTS_DIR):
            self.stdout.write(reason)
        if problems:
            raise WeightsError("\n".join(problems))
        if not unchecked:
            self.stdout.write("Nothing new was found.")

    def _take_up(self, engine: str, model: str, path: str) -> str:
        """Read what lies somewhere in full and return what is wrong with it, empty where nothing is."""
        try:
            self._check(engine, model, path)
        except WeightsError as err:
            self._blames[engine, model] = err.message
            name = f"{engine}/{model}"
            return err.message if name in err.message else f"{name}: {err.message}"
        self.stdout.write(f"{engine}/{model} was found.")
        return ""

    def _remove(self, *, name: str, engine: str, **options: Any) -> None:
        entries = named(name, engine)
        done = [sentence for entry in entries if (sentence := _removed(entry))]
        if not done:
            raise WeightsError(f"{name} is not installed for {' or '.join(entry.engine for entry in entries)}.")
        for sentence in done:
            self.stdout.write(sentence)

    def _path(self, *, name: str, engine: str, **options: Any) -> None:
        for entry in named(name, engine):
            found = _find(entry)
            if not found:
                raise WeightsError(_not_installed(entry))
            self.stdout.write(str(found.path))


def _row(entry: Weights) -> SpeechModel:
    """Return the row of weights; one that is not saved where there is none, or no database."""
    return scan.row_if_possible(entry.engine, entry.model) or SpeechModel(store=entry.engine, key=entry.model)


def _removed(entry: Weights) -> str:
    """Take weights away and return the sentence that says so, empty where there was nothing.

    Of those that somebody brought the row goes too, as on the pages: `weights list` would go on to show it.
    """
    row = _row(entry)
    if row.pk and _is_own(entry):
        try:
            return decisions.remove(row)
        except Refused as err:
            raise WeightsError(str(err)) from err
    is_done = weights.clear(
        settings.WEIGHTS_DIR,
        engine=entry.engine,
        model=entry.model,
        brought=scan.files_brought(row),
        spared=scan.places_of_others(row) if row.pk else (),
    )
    return f"{entry} is removed." if is_done else ""


def _unchecked() -> Iterator[tuple[str, str, str]]:
    """Yield engine, name and path of what lies in the weights folder and has to be read before it counts."""
    folder = settings.WEIGHTS_DIR
    for entry in (*catalogue.CATALOGUE, *catalogue.DIARIZATION_CATALOGUE):
        found = _find(entry)
        path = found.given_path if found else weights.lies_beside(folder, engine=entry.engine, model=entry.model)
        is_there = weights.is_there(folder, engine=entry.engine, model=entry.model, path=path)
        if found.is_changed if found else is_there:
            yield entry.engine, entry.model, path
    for engine, model, path in weights.unknown(folder):
        found = weights.find(folder, engine=engine, model=model)
        if found is None or found.is_changed:
            yield engine, model, path


def _unchanged() -> Iterator[Installed]:
    """Yield what is installed and need not be read again."""
    found = (_find(entry) for entry in (*catalogue.CATALOGUE, *catalogue.DIARIZATION_CATALOGUE))
    for one in (*found, *weights.brought(settings.WEIGHTS_DIR)):
        if one and not one.is_changed:
            yield one


def _find(entry: Weights) -> Installed | None:
    return weights.find(settings.WEIGHTS_DIR, engine=entry.engine, model=entry.model)


def _state(found: Installed) -> str:
    """Return how it stands with weights that are there, as the administration says it."""
    if found.is_changed:
        return "changed: verify it"
    return f"verified {found.verified_at[:10]}" if found.verified_at else "installed"


def _lacking(entry: Weights, *, is_broken: bool) -> str:
    """Return how it stands with weights that cannot be used."""
    if is_broken:
        return BROKEN
    return "not verified yet" if weights.is_there(settings.WEIGHTS_DIR, engine=entry.engine, model=entry.model) else "-"


def _is_there(entry: Weights) -> bool:
    """Return whether there is anything to verify: also of what somebody brought to another place."""
    return _is_own(entry) or weights.place_of(settings.WEIGHTS_DIR, engine=entry.engine, model=entry.model).exists()


def _is_own(entry: Weights) -> bool:
    return weights.known(engine=entry.engine, model=entry.model) is None


def _not_installed(entry: Weights) -> str:
    return f"{entry} is not installed. {_way(entry)}"


def _way(entry: Weights) -> str:
    """Return what brings weights here, as the pages say it: sentences, or a command that can be copied."""
    row = _row(entry) if _is_own(entry) else SpeechModel(store=entry.engine, key=entry.model)
    return obtaining.remedy(row)


def _check_sources() -> None:
    for source in settings.WEIGHTS_SOURCES:
        if source not in SOURCES:
            raise WeightsError(f"SELENITE_WEIGHTS_SOURCES may name {' and '.join(SOURCES)}, not {source!r}.")


def _sources(entry: Weights) -> str:
    sources = settings.WEIGHTS_SOURCES
    can_be_rebuilt = weights.can_be_rebuilt(entry, folder=settings.WEIGHTS_DIR, sources=sources)
    names = [_source("publisher", is_allowed=PUBLISHER in sources)] if entry.files else []
    names += [_source("package index", is_allowed=INDEX in sources)] if entry.requirements else []
    names += [_source(f"rebuilt from {FASTER_WHISPER}", is_allowed=can_be_rebuilt)] if entry.engine == WHISPER else []
    names += ["with a token"] if entry.terms_url else []
    return ", ".join(names)


def _source(name: str, *, is_allowed: bool) -> str:
    return name if is_allowed else f"{name} (not allowed)"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes else "-"


class _Progress:
    """Draws a bar for each step of the work on a model, or writes one line for it where there is no terminal."""

    def __init__(self, title: str, stream: TextIO) -> None:
        self._title = title
        self._stream = stream
        self._step = ""
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._begin(step, total)
        if self._bar is not None:
            self._bar.update(min(done, total) - self._bar.n)

    def _begin(self, step: str, total: int) -> None:
        self.__exit__()
        self._step = step
        if self._stream.isatty():
            self._bar = tqdm(desc=f"{self._title}: {step}", total=total, unit="B", unit_scale=True, file=self._stream)
        else:
            self._stream.write(f"{self._title}: {step}\n")
