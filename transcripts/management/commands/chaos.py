"""`manage.py chaos`: kill everything at random and see that nothing is lost."""

import json
import logging
import sys
from argparse import SUPPRESS, ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.management import installed
from speech.weights import ENGINES
from transcripts.chaos import place
from transcripts.chaos.options import FAKE, ORM, POSTGRES, REDIS, SQLITE, Options


class Command(BaseCommand):
    help = (
        "Attack an installation of its own: kill its processes and servers at random, and check that nothing is lost."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kills", type=int, default=30, help="how often something is killed (default: 30)")
        parser.add_argument("--jobs", type=int, default=4, help="how many jobs wait at the start (default: 4)")
        parser.add_argument("--seed", type=int, default=1, help="what the choices are drawn from (default: 1)")
        parser.add_argument("--clusters", type=int, default=1, help="how many workers run (default: 1)")
        parser.add_argument("--database", choices=[SQLITE, POSTGRES], default=SQLITE)
        parser.add_argument("--broker", choices=[ORM, REDIS], default=ORM, help="what carries light tasks")
        parser.add_argument(
            "--engine",
            choices=[FAKE, *ENGINES],
            default=FAKE,
            help="fake (default), or one that recognises a real recording",
        )
        parser.add_argument("--model", default="tiny.en", help="its model (default: tiny.en)")
        parser.add_argument("--minutes", type=float, default=10, help="how long the real recording is (default: 10)")
        parser.add_argument("--media", type=Path, help="folder that the real recording is joined from")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")
        parser.add_argument("--inside", type=Path, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Options(**{name: options[name] for name in Options.__slots__})
        if options["inside"] is None:
            sys.exit(place.run(_checked(asked), as_json=options["json"], say=self.stderr.write))
        sys.exit(self._attack(asked, options["inside"], as_json=options["json"]))

    def _attack(self, options: Options, folder: Path, *, as_json: bool) -> int:
        from transcripts.chaos import report, run

        logging.getLogger("transcripts").setLevel(logging.WARNING)  # One line for each kill, none for each job.
        told = run.run(options, folder)
        self.stdout.write(json.dumps(told, indent=2) if as_json else "\n".join(report.lines(told)))
        return 0 if report.all_hold(told) else 1


def _checked(options: Options) -> Options:
    """Return the options, with one job where the recording is real. Raises CommandError where they cannot be followed."""
    if options.kills < 0 or options.jobs < 1 or not 1 <= options.clusters <= 8:
        raise CommandError("Choose at least one job, one to eight workers, and no negative number of kills.")
    if not options.is_real:
        return options
    installed.require(options.engine, options.model)
    return replace(options, jobs=1, clusters=1)
