"""Fill an empty installation with made-up recordings, and measure how long the pages of a large library take."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from registry import terminal
from registry.management.prepared import PreparedCommand
from transcripts.library.making import Size, make
from transcripts.library.measuring import QUERIES, Measured, measure
from transcripts.models import Recording

NOT_EMPTY = "There are recordings here already. Made-up ones cannot be told apart from them; say --add if that is well."
TOO_FEW = f"There is nothing to measure. Run: {terminal.manage('library make')}"
HEAD = f"{'':28}{'median ms':>11}{'p95 ms':>11}{'CPU median':>11}{'CPU p95':>11}{'queries':>9}{'KB':>8}"


class Command(PreparedCommand):
    help = "Fill an installation with made-up recordings, or measure how long its pages take."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["make", "measure"])
        parser.add_argument("--recordings", type=int, default=10_000, help="make: how many (default: 10,000)")
        parser.add_argument("--segments", type=int, default=1_000_000, help="make: of text in all (default: 1,000,000)")
        parser.add_argument("--seed", type=int, default=1, help="make: what is drawn from (default: 1)")
        parser.add_argument("--add", action="store_true", help="make: also where there are recordings already")
        parser.add_argument("--rounds", type=int, default=5, help="measure: how often each page is asked (default: 5)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "make":
            self._make(options)
        else:
            self._measure(options)

    def _make(self, options: dict[str, Any]) -> None:
        if Recording.objects.exists() and not options["add"]:
            raise CommandError(NOT_EMPTY)
        started = time.monotonic()
        for done in make(Size(options["recordings"], options["segments"]), seed=options["seed"]):
            if done % 1000 == 0 or done == options["recordings"]:
                self.stdout.write(f"{done} recordings in {time.monotonic() - started:.0f} s")

    def _measure(self, options: dict[str, Any]) -> None:
        if not Recording.objects.exists():
            raise CommandError(TOO_FEW)
        self.stdout.write(HEAD)
        found = [self._line(one) for one in measure(rounds=options["rounds"])]
        searches = [one for one in found if one.name.startswith("search ")]
        self.stdout.write(str(Measured.together(f"all {QUERIES} searches", searches)))

    def _line(self, one: Measured) -> Measured:
        self.stdout.write(str(one))
        self.stdout.flush()
        return one
