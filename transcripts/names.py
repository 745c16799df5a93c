"""File names that people chose, made safe to keep and to show."""

import re
import unicodedata

NAME_LIMIT = 255
"""As long as the columns `title` and `original_filename` are, in characters."""
SHOWN_LIMIT = 60
UNTITLED = "Untitled recording"

EXTENSION = re.compile(r"\.(?=\w*[a-z])[a-z0-9]{1,5}$", re.IGNORECASE)
"""What counts as an extension: short and with a letter, so that "Meeting 3.11.2026" keeps its year."""


def printable(text: str) -> str:
    """Return the text in one line without control characters, overrides of the writing direction and broken bytes."""
    normal = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(character for character in normal if character.isprintable()).strip()


def clean_file_name(name: str) -> str:
    """Return a file name without folders and unprintable characters, cut before its extension. Never empty."""
    base = printable(re.split(r"[/\\]", name)[-1])
    if base in ("", ".", ".."):
        return UNTITLED
    stem, extension = split_extension(base)
    return stem[: NAME_LIMIT - len(extension)] + extension


def short_file_name(name: str) -> str:
    """Return a file name that is short enough to stand in a line: of a long one the middle is left out."""
    return name if len(name) <= SHOWN_LIMIT else f"{name[: SHOWN_LIMIT - 12]}…{name[-11:]}"


def title_from(file_name: str) -> str:
    """Return a recording's first title: its file name without folders and extension. Never empty."""
    return split_extension(clean_file_name(file_name))[0].strip() or UNTITLED


def split_extension(name: str) -> tuple[str, str]:
    """Return (stem, extension with its dot or nothing) of a file name without folders."""
    match = EXTENSION.search(name)
    return (name[: match.start()], match.group()) if match else (name, "")
