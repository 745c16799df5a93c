"""Plain text, to read or to paste: what was said and nothing else. What produced it is in the other formats."""

from transcripts.exports.document import Document, Segment, clock, name_of, not_transcribed
from transcripts.exports.labels import labelled, unmarked
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the paragraphs with an empty line between them; nothing at all where nobody speaks."""
    paragraphs = list(document.paragraphs())
    is_named = any(name_of(paragraph, options) for paragraph in paragraphs if not paragraph.gap)
    texts = [_paragraph(paragraph, options, is_named=is_named) for paragraph in paragraphs]
    return ("\n\n".join(texts) + "\n").encode() if texts else b""


def _paragraph(paragraph: Paragraph[Segment], options: ExportOptions, *, is_named: bool) -> str:
    if paragraph.gap:
        return not_transcribed(paragraph)
    text = unmarked(paragraph.text)
    text = labelled(name_of(paragraph, options), text) if is_named else text
    return f"[{clock(paragraph.start)}] {text}" if options.shows_times(default=False) else text
