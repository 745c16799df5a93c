"""What a tag may be called, and when two names are the same."""

import unicodedata
from collections.abc import Iterable

LONGEST_NAME = 60
JOINERS = "\u200c\u200d"
"""They show nothing themselves, but make Persian words and emoji of several people what they are."""

TOO_LONG = f"A tag has {LONGEST_NAME} characters at most."
NO_NAME = "Give the tag a name."
NO_COMMA = "A tag has no comma in its name: commas stand between tags."


class BadName(ValueError):
    """No tag can be called this. The message is a sentence for the person."""


def clean_name(text: str) -> str:
    """Return a name on one line without what cannot be shown, in composed form. Raises BadName."""
    shown = "".join(letter if letter.isprintable() or letter in JOINERS else " " for letter in text)
    name = unicodedata.normalize("NFC", " ".join(shown.split()).strip(f"{JOINERS} "))
    if not name:
        raise BadName(NO_NAME)
    if len(name) > LONGEST_NAME:
        raise BadName(TOO_LONG)
    if "," in name:
        raise BadName(NO_COMMA)
    return name


def split_names(text: str) -> list[str]:
    """Return the names that stand in a text with commas between them, each once. Raises BadName."""
    return unique(clean_name(part) for part in text.split(",") if part.strip())


def unique(names: Iterable[str]) -> list[str]:
    """Return names without those that differ from an earlier one in capitals only."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(key_of(name), name)
    return list(found.values())


def key_of(name: str) -> str:
    """Return what is equal for names that differ in capitals only. At most three times as long as the name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
