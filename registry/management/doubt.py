"""`manage.py benchmark doubt`: whether the words that are shown as perhaps wrong are."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from registry import benchmarks, doubt_benchmarks
from registry.benchmarks import Sample
from registry.management import installed
from speech.client import EngineProcess
from speech.types import EngineError, EngineSpec, Json, Options
from speech.weights import FASTER_WHISPER

ENGINES = {"selenite (whisper)": "whisper"}
"""The variant that another engine than faster-whisper is meant by, as in the other benchmarks."""
HEAD = f"{'':28}{'words':>7}{'wrong %':>9}{'tenth %':>9}{'raw %':>9}{'found %':>9}{'ECE':>8}{'raw':>8}"


def run(out: OutputWrapper, options: dict[str, Any]) -> None:
    """Print a line for each recording that has enough words, and one for all together."""
    found = benchmarks.samples(options["path"])
    if len(found) < 2:
        raise CommandError(f"There are no two recordings with a .txt beside them in {options['path']}.")
    engine = _engine(options)
    try:
        segments = _recognise(out, found, engine, options)
        figures = doubt_benchmarks.judge(found, segments, language=options["language"])
    except EngineError as err:
        raise CommandError(str(err)) from err
    out.write(HEAD)
    for sample, row in zip(found, figures["files"], strict=True):
        _print(out, sample.media.stem, row)
    _print(out, "all", figures["all"])
    out.write(f"Fitted to all of them, {engine.engine}, {engine.model}: {json.dumps(figures['fit'])}")
    if options["json"]:
        options["json"].write_text(json.dumps(figures, ensure_ascii=False, indent=2), encoding="utf-8")


def _engine(options: dict[str, Any]) -> EngineSpec:
    engine = next((ENGINES[each] for each in options["variant"] or () if each in ENGINES), FASTER_WHISPER)
    return installed.spec(engine, options["model"], threads=options["threads"])


def _recognise(
    out: OutputWrapper, found: list[Sample], engine: EngineSpec, options: dict[str, Any]
) -> list[list[Json]]:
    how, process, segments = Options(language=options["language"], beam_size=options["beam_size"]), EngineProcess(), []
    try:
        for sample in found:
            with TemporaryDirectory() as folder:
                work = Path(folder) / "work.pcm"
                segments.append(doubt_benchmarks.recognise(process, sample, engine, how, work=work))
            out.write(f"{sample.media.name}: {len(segments[-1])} segments")
            out.flush()
    finally:
        process.close()
    return segments


def _print(out: OutputWrapper, name: str, row: Json) -> None:
    """Print the share of wrong words: of all, of the most doubtful tenth and the least probable one; and how many the first holds."""
    if not row["words"]:
        return
    tenth, wrong = row["most_doubtful"], row["wrong"]
    out.write(
        f"{name:28}{row['words']:7}{100 * wrong / row['words']:9.1f}{100 * row['in_most_doubtful'] / tenth:9.1f}"
        f"{100 * row['in_least_probable'] / tenth:9.1f}{100 * row['in_most_doubtful'] / max(1, wrong):9.1f}"
        f"{row['error_after']:8.3f}{row['error_before']:8.3f}"
    )
