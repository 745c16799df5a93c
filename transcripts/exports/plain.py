"""Plain text, to read or to paste: what was said and nothing else. What produced it is in the other formats."""

from transcripts.exports.document import Document, Segment, clock, not_transcribed, speaker_of
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the paragraphs with an empty line between them; nothing at all where nobody speaks."""
    times = options.shows_times(default=False)
    texts = [_paragraph(paragraph, times=times) for paragraph in document.paragraphs()]
    return ("\n\n".join(texts) + "\n").encode() if texts else b""


def _paragraph(paragraph: Paragraph[Segment], *, times: bool) -> str:
    if paragraph.gap:
        return not_transcribed(paragraph)
    speaker = speaker_of(paragraph)
    text = f"{speaker}: {paragraph.text}" if speaker else paragraph.text
    return f"[{clock(paragraph.start)}] {text}" if times else text
