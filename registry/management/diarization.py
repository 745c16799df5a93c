"""`manage.py benchmark diarization`: errors, speed and memory of telling speakers apart."""

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from registry import diarization_benchmarks
from registry.diarization_benchmarks import COLLARS, Figures, Meeting
from registry.diarizers import diarizers, resolve_diarizer
from speech.client import EngineProcess
from speech.types import DiarizerSpec, EngineError, Json, SpeakerCount

HEAD = (
    f"{'':22}{'DER % (collar 0.25 s)':>22}{'missed':>8}{'invented':>9}{'confused':>9}{'DER % (0)':>11}"
    f"{'speakers':>10}{'RTF':>7}{'MB':>7}"
)


def run(out: OutputWrapper, options: dict[str, Any]) -> None:
    """Print a table for each diarizer: a line for each recording and one for all, pooled by the second."""
    found = diarization_benchmarks.meetings(options["path"])
    if not found:
        raise CommandError(f"There is no recording with an .rttm beside it in {options['path']}.")
    results: dict[str, list[Json]] = {}
    for spec in _specs(out, options):
        out.write(f"\n{spec.diarizer}\n{HEAD}")
        try:
            rows = _measure(out, found, spec, known=options["speakers_known"])
        except EngineError as err:
            raise CommandError(f"{spec.diarizer}: {err}") from err
        results[spec.diarizer] = [asdict(row) for row in rows]
    out.write(
        "\nThe whole of each recording is scored, overlap included. The collar counts half on either side of an edge."
    )
    if options["json"]:
        options["json"].write_text(json.dumps(results, ensure_ascii=False, indent=2), encoding="utf-8")


def _specs(out: OutputWrapper, options: dict[str, Any]) -> list[DiarizerSpec]:
    """Return the diarizers that were named, else all that can run here; say why the others cannot."""
    specs = []
    for one in diarizers():
        if options["diarizer"] not in ("", one.diarizer):
            continue
        if one.available:
            spec = resolve_diarizer(one.diarizer).spec
            specs.append(DiarizerSpec(spec.diarizer, spec.weights, spec.device, options["threads"] or spec.threads))
        else:
            out.write(f"{one.diarizer}: not available. {one.reason}")
    if not specs:
        raise CommandError(f"There is no such diarizer here: {options['diarizer'] or 'none'}.")
    return specs


def _measure(out: OutputWrapper, found: list[Meeting], spec: DiarizerSpec, *, known: bool) -> list[Figures]:
    rows = []
    process = EngineProcess()
    try:
        with TemporaryDirectory() as folder:
            for index, meeting in enumerate(found):
                people = len({name for *_, name in meeting.reference})
                count = SpeakerCount(people, people) if known else SpeakerCount()
                work = Path(folder) / f"{index}.pcm"
                rows.append(diarization_benchmarks.measure(process, meeting, spec, count, work=work))
                work.unlink()
                _print(out, rows[-1])
    finally:
        process.close()
    rows.append(diarization_benchmarks.pooled(rows))
    _print(out, rows[-1])
    return rows


def _print(out: OutputWrapper, row: Figures) -> None:
    near, exact = (row.errors[collar] for collar in COLLARS)
    shares = [100 * value / max(near.total, 1e-9) for value in (near.missed, near.invented, near.confused)]
    out.write(
        f"{row.name:22}{100 * near.rate:22.2f}{shares[0]:8.2f}{shares[1]:9.2f}{shares[2]:9.2f}{100 * exact.rate:11.2f}"
        f"{f'{row.found} / {row.people}':>10}{row.seconds / max(row.duration, 1e-9):7.3f}{row.peak_memory_bytes / 1e6:7.0f}"
    )
    out.flush()
