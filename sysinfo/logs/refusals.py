"""Refusals in the log: a line for each. Where in the program it was decided helps nobody.

Knows nothing of Django's apps: the logging is set up before they are.
"""

import logging

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation

REFUSALS = (BadRequest, PermissionDenied, SuspiciousOperation)
DJANGO_SAYS = "Forbidden (Permission denied): %s"
LINE = "Forbidden: %s"


class Refusals(logging.Filter):
    """Takes the traceback from what Django logs where a request is refused, and has all of it read alike."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], REFUSALS):
            record.exc_info = record.exc_text = None
        if record.msg == DJANGO_SAYS:
            record.msg = LINE
        return True
