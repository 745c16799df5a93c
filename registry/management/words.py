"""`manage.py benchmark words`: how many recognised words are given to the wrong speaker."""

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from registry import word_benchmarks
from registry.diarizers import resolve_diarizer
from registry.management import installed
from registry.resolver import NothingRunnable
from registry.word_benchmarks import Figures
from speech.types import DiarizerSpec, EngineError, Options
from speech.weights import FASTER_WHISPER

REFERENCE = "reference"
"""In place of a diarizer: the turns that were written down."""
HEAD = (
    f"{'':20}{'words by':12}{'speakers':>10}{'WDER %':>9}{'wrong':>7}{'of':>7}{'cpWER %':>9}{'errors':>7}{'words':>7}"
)


def run(out: OutputWrapper, options: dict[str, Any]) -> None:
    """Print a line for each recording and each way to give its words to the speakers, and those of all together."""
    found = word_benchmarks.conversations(options["path"])
    if not found:
        raise CommandError(f"There is no recording with a .stm beside it in {options['path']}.")
    out.write(HEAD)
    try:
        rows = _measure(out, found, options)
    except (EngineError, NothingRunnable) as err:
        raise CommandError(str(err)) from err
    _print(out, word_benchmarks.pooled(rows))
    if options["json"]:
        figures = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2)
        options["json"].write_text(figures, encoding="utf-8")


def _measure(out: OutputWrapper, found: list[word_benchmarks.Conversation], options: dict[str, Any]) -> list[Figures]:
    engine = installed.spec(FASTER_WHISPER, options["model"], threads=options["threads"])
    how = Options(language=options["language"], beam_size=options["beam_size"])
    diarizer = _diarizer(out, options["diarizer"])
    rows = []
    for one in found:
        with TemporaryDirectory() as folder:
            rows.append(word_benchmarks.measure(one, engine, how, diarizer, work=Path(folder) / "work.pcm"))
        _print(out, rows[-1])
    out.write(f"Turns: {diarizer.diarizer if diarizer else REFERENCE}. Words: {engine.engine}, {engine.model}.")
    return rows


def _diarizer(out: OutputWrapper, asked: str) -> DiarizerSpec | None:
    """Return what finds out who speaks when; None where the reference says so."""
    if asked == REFERENCE:
        return None
    choice = resolve_diarizer(asked)
    for warning in choice.warnings:
        out.write(warning)
    return choice.spec


def _print(out: OutputWrapper, row: Figures) -> None:
    for way, one in row.ways.items():
        wder, cpwer = 100 * one.misgiven / max(1, one.aligned), 100 * one.errors / max(1, one.words)
        out.write(
            f"{row.name:20}{way:12}{f'{row.found} / {row.people}':>10}{wder:9.2f}{one.misgiven:7}{one.aligned:7}"
            f"{cpwer:9.2f}{one.errors:7}{one.words:7}"
        )
    out.flush()
