"""Tell what is wrong with this installation, and how to put it right."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from registry import terminal
from sysinfo import doctor
from sysinfo.health import Check, State

MARKS = {State.OK: "ok", State.NOTICE: "note", State.DEGRADED: "BROKEN", State.DOWN: "DOWN"}


class Command(BaseCommand):
    help = "Look at everything that can be wrong here, and say how to put it right. Ends with status 1 if something is broken."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        checks = doctor.examine(doctor.look_closely_at_cards())
        for check in checks:
            self.stdout.write(_line(check))
        if Path.cwd() != terminal.folder() and any(terminal.is_named(check.remedy) for check in checks):
            self.stdout.write(f"\nCommands are run in {terminal.folder()}.")
        broken = sum(check.state.is_broken for check in checks)
        if broken:
            self.stdout.write(f"\n{broken} of {len(checks)} checks found something broken.")
            sys.exit(1)
        self.stdout.write("\nNothing keeps it from working.")


def _line(check: Check) -> str:
    line = f"{MARKS[check.state]:<7} {check.title}: {check.sentence}"
    return f"{line}\n        {check.remedy}" if check.remedy else line
