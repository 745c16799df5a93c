"""The formats that a transcript can be written in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transcripts.exports import markdown, page, plain, rttm, structured, subtitles, table, word_document
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
        Format("html", "Web page", "text/html; charset=utf-8", "html", page.render),
        Format("srt", "Subtitles", "application/x-subrip; charset=utf-8", "srt", subtitles.render_srt),
        Format("vtt", "Web subtitles", "text/vtt; charset=utf-8", "vtt", subtitles.render_vtt),
        Format("tsv", "Table", "text/tab-separated-values; charset=utf-8", "tsv", table.render),
        Format("rttm", "Speaker turns", "text/plain; charset=utf-8", "rttm", rttm.render, is_of_speakers=True),
        # RFC 8259 defines no charset for JSON: it is UTF-8.
        Format("json", "All data", "application/json", "json", structured.render),
    )
}


def formats(*, has_speakers: bool, first: Sequence[str] = ()) -> list[Format]:
    """Return the formats that there is something to write in, beginning with those that are named `first`."""
    names = dict.fromkeys([*(name for name in first if name in FORMATS), *FORMATS])
    return [FORMATS[name] for name in names if has_speakers or not FORMATS[name].is_of_speakers]
