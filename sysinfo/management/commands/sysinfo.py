"""Tell what this machine is and has."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sysinfo import report, wording
from sysinfo.wording import Section

WIDTH = 100
LABEL = 18


class Command(BaseCommand):
    help = "Tell what this machine has: processor, memory, graphics cards, disks, network, and what they are good for."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print it as JSON.")
        parser.add_argument("--quick", action="store_true", help="Load no library and try no disk: under a second.")

    def handle(self, *args: Any, **options: Any) -> None:
        lasting = report.look_quickly() if options["quick"] else report.look_closely()
        current = report.look_now()
        if options["json"]:
            self.stdout.write(json.dumps(report.to_json(lasting, current), indent=2, ensure_ascii=False))
            return
        for section in wording.sections(lasting, current):
            self.stdout.write("\n".join(_lines(section)))


def _lines(section: Section) -> Iterator[str]:
    """Yield a section as text: labels to the left, values and what there is to say about them to the right."""
    yield section.title
    if section.reason:
        yield textwrap.fill(section.reason, WIDTH, initial_indent="  ", subsequent_indent="  ")
    for row in section.rows:
        full = f" ({row.used_share:.0%} used)" if row.used_share is not None else ""
        text = f"{row.value}{full}" + (f". {row.note}" if row.note else "")
        label = f"  {row.label:<{LABEL}} "
        yield textwrap.fill(
            text, WIDTH, initial_indent=label, subsequent_indent=" " * (LABEL + 3), break_on_hyphens=False
        )
    yield ""
