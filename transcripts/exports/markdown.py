"""Markdown: a title, the facts and paragraphs."""

import re

from transcripts.exports.document import NO_SPEECH, Document, Segment, clock, facts, name_of, not_transcribed
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph

MARKUP = re.compile(r"([\\`*_{}\[\]<>#&~|$^])")
LIST_NUMBER = re.compile(r"^(\d{1,9})([.)])")
LINE_MARK = re.compile(r"^([-+=:])")


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the transcript as CommonMark; nothing that was said can become markup."""
    head = [f"# {escape(document.source.title)}", f"*{escape(facts(document))}*"]
    warnings = [f"> {escape(warning)}" for warning in document.run.warnings]
    texts = [_paragraph(paragraph, options) for paragraph in document.paragraphs()]
    return ("\n\n".join([*head, *warnings, *(texts or [NO_SPEECH])]) + "\n").encode()


def _paragraph(paragraph: Paragraph[Segment], options: ExportOptions) -> str:
    if paragraph.gap:
        return escape(not_transcribed(paragraph))
    name = name_of(paragraph, options)
    parts = [
        f"`{clock(paragraph.start)}`" if options.shows_times(default=True) else "",
        f"**{escape(name)}:**" if name else "",
        escape(paragraph.text),
    ]
    return " ".join(part for part in parts if part)


def escape(text: str) -> str:
    """Return a line of text such that Markdown shows it as it is, also at the start of a paragraph."""
    return LINE_MARK.sub(r"\\\1", LIST_NUMBER.sub(r"\1\\\2", MARKUP.sub(r"\\\1", text)))
