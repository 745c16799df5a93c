"""What an exported file is called."""

import re
import unicodedata
from urllib.parse import quote

from transcripts.names import printable

FORBIDDEN = re.compile(r'[/\\:*?"<>|\s]+')
"""Not allowed in a file name on one system or another."""
LONGEST_BYTES = 180
"""File systems end at 255, and browsers add a number in brackets."""
UNTITLED = "transcript"


def safe_name(title: str) -> str:
    """Return a title as a file name without extension that every system takes. Never empty."""
    name = printable(FORBIDDEN.sub(" ", title)).encode()[:LONGEST_BYTES].decode(errors="ignore")
    return name.strip(" .") or UNTITLED


def content_disposition(filename: str) -> str:
    """Return the header that makes a browser save a file under this name: RFC 6266, with an ASCII name for old ones."""
    stem, _, extension = filename.rpartition(".")
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    ascii_name = f"{safe_name(ascii_stem)}.{extension}"
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='')}"
