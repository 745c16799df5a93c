"""Names before what people say, in the formats that have no other place for them: such that an import can tell them from the text.

Two spaces stand behind the colon: neither a name nor a text has two in a row, and every program shows them, also one that
knows no UTF-8.
"""

import re

END = ":  "
NOBODY = "  "
"""Begins what nobody is known to say."""


def labelled(name: str, text: str) -> str:
    """Return an unmarked text with who says it, nobody where the name is empty."""
    return f"{name}{END}{text}" if name else f"{NOBODY}{text}"


def unmarked(text: str) -> str:
    """Return a text in which nothing looks like the end of a name."""
    return re.sub(r" {2,}", " ", text)
