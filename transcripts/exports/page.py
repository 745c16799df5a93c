"""A page to read, to print and to pass on: one HTML file with all that it needs, and no script."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from transcripts.exports.document import NO_SPEECH, Document, Segment, clock, facts, name_of, not_transcribed
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph

HUES = 8
STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#151923, #eceff5); --quiet: light-dark(#5d667a, #98a1b5); }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem; font: 1.0625rem/1.7 system-ui, sans-serif; color: var(--ink);
  background: light-dark(#ffffff, #0f1117); overflow-wrap: anywhere; }
h1 { font-size: 1.625rem; line-height: 1.25; }
.facts, .warning, .gap, time { font-size: 0.8125rem; color: var(--quiet); }
time { font-variant-numeric: tabular-nums; margin-inline-end: 0.5rem; }
.name { font-weight: 600; margin-inline-end: 0.25rem; }
.hue-1 { color: light-dark(#0a62a9, #7cb8f0); } .hue-2 { color: light-dark(#a04c00, #f0a263); }
.hue-3 { color: light-dark(#006e4e, #5cc9a0); } .hue-4 { color: light-dark(#a0357c, #ee93c9); }
.hue-5 { color: light-dark(#735b00, #d8c05a); } .hue-6 { color: light-dark(#00708a, #5fc7dc); }
.hue-7 { color: light-dark(#b5312a, #f58b7f); } .hue-8 { color: light-dark(#5b4bb5, #b0a4f5); }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } p { break-inside: avoid; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="{}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{}</title>
<style>{}</style>
</head>
<body>
<h1 dir="auto">{}</h1>
<p class="facts">{}</p>
{}{}</body>
</html>
"""


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the transcript as a page of HTML 5; nothing that was said can become markup."""
    title = document.source.title
    hues = {speaker.id: number % HUES + 1 for number, speaker in enumerate(document.speakers)}
    warnings = format_html_join("", '<p class="warning">{}</p>\n', ((each,) for each in document.run.warnings))
    text = [_paragraph(paragraph, hues, options) for paragraph in document.paragraphs()]
    body = mark_safe("".join(text or [format_html("<p>{}</p>\n", NO_SPEECH)]))  # noqa: S308 - each part is escaped.
    style = mark_safe(STYLE)  # noqa: S308 - a constant.
    return format_html(PAGE, document.language, title, style, title, facts(document), warnings, body).encode()


def _paragraph(paragraph: Paragraph[Segment], hues: dict[int, int], options: ExportOptions) -> SafeString:
    if paragraph.gap:
        return format_html('<p class="gap">{}</p>\n', not_transcribed(paragraph))
    speaker, name = paragraph.segments[0].speaker, name_of(paragraph, options)
    time = format_html("<time>{}</time> ", clock(paragraph.start)) if options.shows_times(default=True) else ""
    who = format_html('<span class="name hue-{}">{}:</span> ', hues[speaker.id], name) if speaker and name else ""
    return format_html('<p dir="auto">{}{}{}</p>\n', time, who, paragraph.text)
