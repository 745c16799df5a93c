#!/usr/bin/env python
"""Run Selenite's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

BROKEN_PIPE = 141
"""What a shell says of a program that SIGPIPE has ended."""

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "selenite.settings")
    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except ImproperlyConfigured as err:
        sys.exit(f"Selenite cannot start: {err}")
    except BrokenPipeError:  # Whoever reads the output has enough of it, such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
