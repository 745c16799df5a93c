"""`manage.py benchmark`: how fast and how right recognition is here, who speaks, whose words are whose, and which are doubtful."""

import json
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import CommandError

from registry import benchmarks
from registry.management import diarization, doubt, installed, quick, words
from registry.management.prepared import PreparedCommand
from speech.types import EngineError, EngineSpec, Json, Options, to_json

ENGINE_OF = {
    "selenite": "faster-whisper",
    "selenite (whisper)": "whisper",
    "openai-whisper": "whisper",
    "faster-whisper": "faster-whisper",
    "faster-whisper batched": "faster-whisper",
}
"""Each variant and the engine whose weights it needs. All but the first two are the libraries called directly."""
DEFAULT_MODEL = "base"
OTHERS = {"diarization": diarization.run, "words": words.run, "doubt": doubt.run}
TAKES = {
    "asr": ("path", "join", "variant", "model", "language", "threads", "beam_size", "no_word_times", "json"),
    "diarization": ("path", "threads", "diarizer", "speakers_known", "json"),
    "words": ("path", "model", "language", "threads", "beam_size", "diarizer", "json"),
    "doubt": ("path", "variant", "model", "language", "threads", "beam_size", "json"),
    "quick": ("model",),
}
"""What each benchmark reads. What it would not read is refused: who writes it expects something of it."""
HEAD = f"{'':24}{'audio s':>9}{'work s':>9}{'speed':>8}{'WER %':>8}{'errors':>8}{'words':>7}{'MB':>7}"


class Command(PreparedCommand):
    help = (
        "Measure recognition on recordings with a .txt beside them, who speaks with an .rttm, who says what with a .stm; "
        "doubt: whether the words that are shown as perhaps wrong are; "
        "quick: how fast everything that is installed is here."
    )

    requires_migrations_checks = False  # Only `quick` needs the tables, where it writes down what it measures.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["asr", "diarization", "words", "doubt", "quick"])
        parser.add_argument(
            "path", type=Path, nargs="?", help="a recording, or a folder of recordings; quick has its own"
        )
        parser.add_argument("--join", type=float, metavar="MINUTES", help="join the recordings into one this long")
        parser.add_argument("--variant", action="append", choices=ENGINE_OF, help="only this one; may be repeated")
        parser.add_argument(
            "--model", default="", help=f"{DEFAULT_MODEL} without one; quick: only this model or diarizer"
        )
        parser.add_argument("--language", default="en")
        parser.add_argument("--threads", type=int, default=0, help="0: one for each core")
        parser.add_argument("--beam-size", type=int, default=5)
        parser.add_argument("--no-word-times", action="store_true", help="do not ask for the times of words")
        parser.add_argument(
            "--diarizer",
            default="",
            help="diarization: only this one; words: its turns, or the true ones with `reference`",
        )
        parser.add_argument("--speakers-known", action="store_true", help="diarization: tell how many people there are")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and texts there too")
        self._usual = {name: parser.get_default(name) for names in TAKES.values() for name in names}

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse_others(options)
        if options["what"] == "quick":
            self.check_migrations()
            quick.run(self.stdout, options)
            return
        if options["path"] is None:
            raise CommandError("Name a recording, or a folder of recordings.")
        options["model"] = options["model"] or DEFAULT_MODEL
        if run := OTHERS.get(options["what"]):
            run(self.stdout, options)
            return
        found = benchmarks.samples(options["path"])
        if not found:
            raise CommandError(f"There is no recording with a .txt beside it in {options['path']}.")
        with TemporaryDirectory() as folder:
            if options["join"]:
                found = [benchmarks.join(found, Path(folder) / "joined.wav", seconds=options["join"] * 60)]
            rows = []
            self.stdout.write(HEAD)
            for variant in options["variant"] or list(ENGINE_OF):
                rows.append(self._measure(variant, found, options))
                self._print(rows[-1])
        for row in rows:
            self.stdout.write(f"{row['variant']}: {json.dumps(row['versions'])}")
        self.stdout.write(f"options: {json.dumps(rows[0]['options'])}")
        if options["json"]:
            options["json"].write_text(json.dumps(rows, ensure_ascii=False, indent=2), encoding="utf-8")

    def _refuse_others(self, options: dict[str, Any]) -> None:
        """Raise CommandError where something was given that this benchmark does not read."""
        given = [name for name, usual in self._usual.items() if options[name] != usual]
        others = [name for name in given if name not in TAKES[options["what"]]]
        if others:
            named = [str(options[name]) if name == "path" else f"--{name.replace('_', '-')}" for name in others]
            raise CommandError(f"benchmark {options['what']} does not take {' or '.join(named)}.")

    def _measure(self, variant: str, found: list[benchmarks.Sample], options: dict[str, Any]) -> Json:
        engine = ENGINE_OF[variant]
        found_weights = installed.require(engine, options["model"])
        spec = EngineSpec(engine, options["model"], str(found_weights.path), threads=options["threads"])
        how = Options(
            language=options["language"], beam_size=options["beam_size"], word_times=not options["no_word_times"]
        )
        try:
            figures = benchmarks.measure(variant.split(" (", maxsplit=1)[0], found, spec, how)
        except EngineError as err:
            raise CommandError(f"{variant}: {err}") from err
        return figures | {"variant": variant, "weights_sha256": found_weights.sha256, "options": to_json(how)}

    def _print(self, row: Json) -> None:
        """Print a line of the table: speed is times real time, memory the peak of the process."""
        wer = f"{100 * row['errors'] / row['words']:.2f}" if row["words"] else "-"
        self.stdout.write(
            f"{row['variant']:24}{row['audio_seconds']:9.1f}{row['seconds']:9.1f}{row['speed']:8.2f}{wer:>8}"
            f"{row['errors'] or 0:8}{row['words'] or 0:7}{row['peak_memory_bytes'] / 1e6:7.0f}"
        )
        self.stdout.flush()
