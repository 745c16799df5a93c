"""The small files by which Linux tells about itself. `root` is where its file system begins."""

from pathlib import Path

ROOT = Path("/")


def text(path: Path) -> str:
    """Return a file's text without the space around it; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \t\n")
    except OSError:
        return ""


def number(path: Path) -> int | None:
    """Return the whole number in a file; None where there is none, also for the word "max"."""
    try:
        return int(text(path))
    except ValueError:
        return None
