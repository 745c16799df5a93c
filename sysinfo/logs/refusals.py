"""Refusals in the log: a line for each. Where in the program it was decided helps nobody.

Knows nothing of Django's apps: the logging is set up before they are.
"""

import logging

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation

REFUSALS = (BadRequest, PermissionDenied, SuspiciousOperation)
SLIPS = (400, 404, 405, 422)
"""What comes of typing and of old links. Among warnings they would hide what an administrator looks for."""
DJANGO_SAYS = "Forbidden (Permission denied): %s"
LINE = "Forbidden: %s"


class Refusals(logging.Filter):
    """Takes the traceback from what Django logs where a request is refused, has it read alike, and has slips warn of nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], REFUSALS):
            record.exc_info = record.exc_text = None
        if record.msg == DJANGO_SAYS:
            record.msg = LINE
        if record.name == "django.request" and getattr(record, "status_code", 500) in SLIPS:
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True
