"""Put an installation of its own under pressure, and say what went wrong."""

from pathlib import Path
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from transcripts.pressure.installation import Installation, running
from transcripts.pressure.sound import hum
from transcripts.pressure.watching import Round, watch
from transcripts.pressure.writing import press

BATCH_SECONDS = "0.02"
"""What the engine for tests takes for a batch. So a worker commits far more often than it ever would."""
STEADY_BATCH_SECONDS = "0.25"
"""The same where only the effect of open pages is measured: still quicker than real ones."""
WATCHED_SECONDS = 80.0


class Command(BaseCommand):
    help = "Put a throwaway installation under pressure: writers from all sides, or many open pages. Needs a minute or two."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=4, help="Workers that run jobs (default: 4).")
        parser.add_argument("--clients", type=int, default=8, help="People who write (default: 8).")
        parser.add_argument("--seconds", type=float, default=60, help="For how long they do (default: 60).")
        parser.add_argument("--seed", type=int, default=1, help="Decides what they do (default: 1).")
        parser.add_argument(
            "--pages", type=int, default=0, help="Measure what so many open pages cost the workers instead."
        )
        parser.add_argument("--rounds", type=int, default=4, help="How often, without and with the pages (default: 4).")
        parser.add_argument("--model", help="With --pages: a real model in place of the engine for tests.")
        parser.add_argument("--file", type=Path, help="With --model: the recording to transcribe.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pages"]:
            self._watch(options)
        else:
            self._press(options)

    def _press(self, options: dict[str, Any]) -> None:
        workers, clients = options["workers"], options["clients"]
        with running(workers=workers, people=clients, variables=_fake(BATCH_SECONDS)) as installation:
            outcome = press(installation, clients=clients, seconds=options["seconds"], seed=options["seed"])
        for line in outcome.tally.lines():
            self.stdout.write(line)
        self.stdout.write(
            f"{outcome.jobs} jobs kept, {outcome.completed} of them complete, {outcome.segments} segments; "
            f"{outcome.locked} times locked, {outcome.tally.failures} requests failed, {len(outcome.lost)} things lost"
        )
        if not outcome.is_good:
            raise CommandError("\n  ".join(["This must not be:", *outcome.lost]))

    def _watch(self, options: dict[str, Any]) -> None:
        variables = _fake(STEADY_BATCH_SECONDS)
        if options["model"]:
            variables = {"SELENITE_MODEL": options["model"]}
        with running(workers=options["workers"], people=1, variables=variables) as installation:
            rounds = self._rounds(installation, options)
        without = [one for one in rounds if not one.pages]
        with_pages = [one for one in rounds if one.pages]
        for name in ("seconds", "transcribing_seconds"):
            before, after = (median(getattr(one, name) for one in some) for some in (without, with_pages))
            self.stdout.write(f"{name}: {before:.2f} without, {after:.2f} with; throughput {before / after - 1:+.1%}")

    def _rounds(self, installation: Installation, options: dict[str, Any]) -> list[Round]:
        """Return the rounds but for the first one, each written down as it ends."""
        file: Path | None = options["file"]
        content = [
            file.read_bytes() if file else hum(WATCHED_SECONDS, seed=number) for number in range(options["workers"])
        ]
        found = []
        for one in watch(installation, content, pages=options["pages"], rounds=options["rounds"]):
            self.stdout.write(str(one))
            found.append(one)
        return found[1:]


def _fake(seconds: str) -> dict[str, str]:
    return {"SELENITE_FAKE_ENGINE": "1", "SELENITE_ENGINE": "fake", "SELENITE_FAKE_SECONDS": seconds}
