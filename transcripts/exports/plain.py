"""Plain text, to read or to paste: what was said and nothing else. What produced it is in the other formats."""

from transcripts.exports.document import Document, Segment, clock, name_of, not_transcribed
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the paragraphs with an empty line between them; nothing at all where nobody speaks."""
    texts = [_paragraph(paragraph, options) for paragraph in document.paragraphs()]
    return ("\n\n".join(texts) + "\n").encode() if texts else b""


def _paragraph(paragraph: Paragraph[Segment], options: ExportOptions) -> str:
    if paragraph.gap:
        return not_transcribed(paragraph)
    name = name_of(paragraph, options)
    text = f"{name}: {paragraph.text}" if name else paragraph.text
    return f"[{clock(paragraph.start)}] {text}" if options.shows_times(default=False) else text
