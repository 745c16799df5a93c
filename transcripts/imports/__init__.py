"""Transcripts that were made elsewhere, or here before: SRT, WebVTT, our own JSON and plain text."""

from transcripts.imports import plain, structured, subtitles
from transcripts.imports.labels import Names
from transcripts.imports.transcript import BadTranscript, Imported, Passage

__all__ = ["BadTranscript", "Imported", "Names", "Passage", "read"]

MOST_BYTES = 100_000_000
TOO_LARGE = "This file is larger than 100 MB. No transcript is. Nothing was changed."
NO_TEXT = "This is not a text file in UTF-8. Nothing was changed. Save it as UTF-8 text, then try again."
WRONG_KIND = "Only .srt, .vtt, .json and .txt files can be imported. Nothing was changed."


def read(name: str, data: bytes, *, names: Names = Names.WHERE_LIKELY) -> Imported:
    """Return the transcript of a file, by the ending of its name. `names`: those before a colon. Raises BadTranscript."""
    if len(data) > MOST_BYTES:
        raise BadTranscript(TOO_LARGE)
    ending = name.rpartition(".")[2].lower()
    if ending == "json":
        return structured.read(_decoded(data))
    readers = {"srt": subtitles.read_srt, "vtt": subtitles.read_vtt, "txt": plain.read}
    if ending not in readers:
        raise BadTranscript(WRONG_KIND)
    return readers[ending](_decoded(data), names)


def _decoded(data: bytes) -> str:
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as err:
        raise BadTranscript(NO_TEXT) from err
    if "\0" in text:
        raise BadTranscript(NO_TEXT)
    return text.replace("\r\n", "\n").replace("\r", "\n")
