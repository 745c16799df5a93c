"""Tab-separated values, for spreadsheets and programs: a line for each segment, with its times as Whisper's own tool has them."""

from transcripts.exports.document import Document, Segment
from transcripts.exports.options import ExportOptions
from transcripts.times import stretch

MILLISECONDS = 1000


def render(document: Document, options: ExportOptions) -> bytes:
    """Return start and end in milliseconds, the text, and who speaks where that is known and wanted.

    No text holds a tab or a line break, so that nothing has to be quoted.
    """
    has_names = bool(document.speakers) and options.names
    head = ["start", "end", "text", *(["speaker"] if has_names else [])]
    lines = ["\t".join(head), *(_line(segment, has_names=has_names) for segment in document.segments)]
    return ("\n".join(lines) + "\n").encode()


def _line(segment: Segment, *, has_names: bool) -> str:
    text = f"[Not transcribed: {stretch(segment.start, segment.end)}]" if segment.gap else segment.text
    name = [segment.speaker.name if segment.speaker else ""] if has_names else []
    times = [str(round(MILLISECONDS * time)) for time in (segment.start, segment.end)]
    return "\t".join([*times, text, *name])
