"""Plain text, to read or to paste."""

from transcripts.exports.document import Document, Segment, clock, facts, speaker_of
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph

NO_SPEECH = "No speech was found in this recording."


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the paragraphs with an empty line between them. The last one, in brackets, says what produced the text."""
    times = options.shows_times(default=False)
    texts = [_paragraph(paragraph, times=times) for paragraph in document.paragraphs()] or [NO_SPEECH]
    notes = [f"[{note}]" for note in (facts(document), *document.run.warnings)]
    return ("\n\n".join([*texts, "\n".join(notes)]) + "\n").encode()


def _paragraph(paragraph: Paragraph[Segment], *, times: bool) -> str:
    speaker = speaker_of(paragraph)
    text = f"{speaker}: {paragraph.text}" if speaker else paragraph.text
    return f"[{clock(paragraph.start)}] {text}" if times else text
