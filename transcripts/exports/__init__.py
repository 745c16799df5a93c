"""Transcripts as files: txt, docx, md, html, srt, vtt, tsv, rttm and json, all from one document that is read once from the rows."""

from transcripts.exports.formats import FORMATS, Format
from transcripts.exports.names import content_disposition, safe_name
from transcripts.exports.options import DEFAULTS, ExportOptions
from transcripts.exports.rows import read_document
from transcripts.models import Job

__all__ = ["FORMATS", "ExportOptions", "Format", "content_disposition", "filename", "render", "render_all"]


def render(job: Job, format_name: str, *, options: ExportOptions = DEFAULTS) -> bytes:
    """Return a job's transcript as a file, whatever the state of the job: the same bytes for the same rows.

    Raises KeyError for a name that is not in FORMATS.
    """
    return FORMATS[format_name].render(read_document(job), options)


def render_all(job: Job) -> None:
    """Write every format and throw it away. Raises whatever keeps one from being written.

    Takes a few seconds for three hours of speech, and reads the rows once.
    """
    document = read_document(job)
    for each in FORMATS.values():
        each.render(document, DEFAULTS)


def filename(job: Job, format_name: str) -> str:
    """Return what a person's copy is called: the recording's title with the extension of the format."""
    return f"{safe_name(job.recording.title)}.{FORMATS[format_name].extension}"
