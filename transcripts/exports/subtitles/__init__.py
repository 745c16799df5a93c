"""Subtitles: SubRip (.srt) and WebVTT (.vtt), with the same cues. A gap has none: nothing was heard that could be shown."""

import html
from collections.abc import Iterator
from dataclasses import replace

from transcripts.exports.document import Document, facts
from transcripts.exports.labels import labelled, unmarked
from transcripts.exports.options import ExportOptions
from transcripts.exports.subtitles.cues import Cue, cut_cues

ARROW = "-->"
"""Stands between the times of a cue and may not stand in its text; SubRip has no way to escape it."""


def render_srt(document: Document, options: ExportOptions) -> bytes:
    """Return the transcript as SubRip, an empty file where nothing was said."""
    return "\n".join(_srt_blocks(_cues(document, options))).encode()


def _srt_blocks(cues: list[Cue]) -> Iterator[str]:
    speakers = [cue.speaker for cue in cues]
    is_named = any(speakers)
    for number, (cue, last) in enumerate(zip(cues, [None, *speakers], strict=False), start=1):
        text = unmarked("\n".join(cue.lines))
        if is_named and (number == 1 or cue.speaker != last):
            text = labelled(cue.speaker.name if cue.speaker else "", text)
        times = f"{_time(cue.start)} {ARROW} {_time(cue.end)}".replace(".", ",")
        yield f"{number}\n{times}\n{text.replace(ARROW, '→')}\n"


def render_vtt(document: Document, options: ExportOptions) -> bytes:
    """Return the transcript as WebVTT; a note at its top says what produced it."""
    notes = "\n".join(_escape(note) for note in (facts(document), *document.run.warnings))
    blocks = ["WEBVTT\n", f"NOTE\n{notes}\n", *map(_vtt_block, _cues(document, options))]
    return "\n".join(blocks).encode()


def _vtt_block(cue: Cue) -> str:
    voice = f"<v {_escape(cue.speaker.name)}>" if cue.speaker else ""
    text = _escape("\n".join(cue.lines))
    return f"{_time(cue.start)} {ARROW} {_time(cue.end)}\n{voice}{text}\n"


def _cues(document: Document, options: ExportOptions) -> list[Cue]:
    """Return the cues; without speakers where their names are not wanted."""
    cues = cut_cues(document.spoken, options)
    return cues if options.names else [replace(cue, speaker=None) for cue in cues]


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _time(milliseconds: int) -> str:
    """Return a time as 01:02:03.456."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"
