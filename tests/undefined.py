"""What templates get in place of a variable that does not exist."""

import sys
from typing import Any


class UndefinedVariable(str):
    """The `string_if_invalid` of tests: printing it fails, except in templates of Django's own (the admin's do)."""

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        return part == "%s" or super().__contains__(str(part))

    def __mod__(self, variable: Any) -> str:
        template = sys._getframe(1).f_locals["context"].template
        if "/django/contrib/" in str(template.origin):
            return ""
        raise AssertionError(f"Undefined variable {variable} in template {template.origin}")
