"""`manage.py benchmark_corrections`: how far the times of corrected words are from when they are said."""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.management import installed
from speech.types import EngineError
from speech.weights import FASTER_WHISPER
from transcripts.correction_benchmarks import NOTHING, Times, by_another_model, every_tenth, recognise, recordings

NEAR_SECONDS = 0.15


class Command(BaseCommand):
    help = "Measure the times of corrected words on English recordings, against those of a recognition of the corrected text."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a recording, or a folder of recordings")
        parser.add_argument("--model", default="base", help="has the true words and their times")
        parser.add_argument("--worse", default="tiny.en", help="makes the mistakes that are corrected")

    def handle(self, *args: Any, **options: Any) -> None:
        found = recordings(options["path"])
        if not found:
            raise CommandError(f"There is no recording in {options['path']}.")
        true, worse = (installed.spec(FASTER_WHISPER, options[name]) for name in ("model", "worse"))
        tenth = by_model = NOTHING
        with TemporaryDirectory() as folder:
            for media in found:
                try:
                    words, others = (recognise(media, engine, work=Path(folder)) for engine in (true, worse))
                except EngineError as err:
                    raise CommandError(f"{media.name}: {err}") from err
                tenth += every_tenth(words)
                by_model += by_another_model(others, words)
        self._print("every tenth word", tenth)
        self._print(f"{options['worse']} corrected to {options['model']}", by_model)

    def _print(self, name: str, times: Times) -> None:
        self.stdout.write(
            f"{name}: {len(times.errors)} corrected words, median error {1000 * times.median_seconds:.0f} ms, "
            f"{100 * times.share_within(NEAR_SECONDS):.0f} % within 150 ms; "
            f"unchanged words {1000 * times.median_apart:.0f} ms apart; "
            f"{times.moved} of {times.unchanged} unchanged words moved"
        )
