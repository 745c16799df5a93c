"""The formats that a transcript can be written in."""

from collections.abc import Callable
from dataclasses import dataclass

from transcripts.exports import markdown, plain, rttm, structured, subtitles, word_document
from transcripts.exports.document import Document
from transcripts.exports.options import ExportOptions


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a transcript. `label` is what a menu shows, `extension` has no dot.

    `is_of_speakers` says that there is nothing in it where nobody was identified.
    """

    name: str
    label: str
    content_type: str
    extension: str
    render: Callable[[Document, ExportOptions], bytes]
    is_of_speakers: bool = False


DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("txt", "Plain text", "text/plain; charset=utf-8", "txt", plain.render),
        Format("docx", "Word document", DOCX_TYPE, "docx", word_document.render),
        Format("md", "Markdown", "text/markdown; charset=utf-8", "md", markdown.render),
        Format("srt", "Subtitles", "application/x-subrip; charset=utf-8", "srt", subtitles.render_srt),
        Format("vtt", "Web subtitles", "text/vtt; charset=utf-8", "vtt", subtitles.render_vtt),
        Format("rttm", "Speaker turns", "text/plain; charset=utf-8", "rttm", rttm.render, is_of_speakers=True),
        # RFC 8259 defines no charset for JSON: it is UTF-8.
        Format("json", "All data", "application/json", "json", structured.render),
    )
}


def formats(*, has_speakers: bool) -> list[Format]:
    """Return the formats that there is something to write in."""
    return [each for each in FORMATS.values() if has_speakers or not each.is_of_speakers]
