"""SRT and WebVTT, as they are found in the wild: with and without numbers, hours, settings and markup."""

import re
from dataclasses import replace
from html import unescape

from transcripts.exports.labels import END
from transcripts.imports.labels import LONGEST, Names, are_ours, told
from transcripts.imports.transcript import BadTranscript, Imported, Passage

MOST_CUES = 100_000
TIMES = re.compile(
    r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})", re.ASCII
)
VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]{1,1000})>")
MARKUP = re.compile(r"</?[A-Za-z][^>]{0,200}>|<\d[\d:.]{0,20}>|\{\\[^}]{0,100}\}")
STYLED = re.compile(
    r"</?(?:[bisuvc]|em|strong|font|span|ruby|rt|lang)\b[^>]{0,200}>|\{\\[^}]{0,100}\}|&(?:\w{1,32}|#\w{1,8});",
    re.IGNORECASE,
)
"""What other programs write into SubRip to show something, and we never."""
NO_TIME = "{} is no time: an hour has 60 minutes, and a minute 60 seconds. Nothing was changed."
NO_CUES = "There are no subtitles in this file. Nothing was changed."
TOO_MANY = f"This file has more than {MOST_CUES} subtitles. Nothing was changed."


def read_srt(text: str, names: Names) -> Imported:
    """Return the cues of a SubRip file; those without text are left out. Raises BadTranscript."""
    cues = _cues(text)
    bodies = [cue.text for cue in cues]
    if any(map(STYLED.search, bodies)) or not are_ours(bodies, goes_on=True):
        return _spoken(cues, names, may_be_ours=True)
    named = [replace(cue, text=_named(cue.text)) for cue in cues]
    return told(named, names, goes_on=True, may_be_ours=True)


def read_vtt(text: str, names: Names) -> Imported:
    """Return the cues of a WebVTT file; those without text are left out. Raises BadTranscript."""
    return _spoken(_cues(text), names, may_be_ours=False)


def _cues(text: str) -> list[Passage]:
    """Return the cues in order of time, each with all that stands in its body. Raises BadTranscript."""
    cues: list[Passage] = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        place = next((number for number, line in enumerate(lines[:3]) if TIMES.search(line)), None)
        if place is None:
            continue
        cue = _cue(lines[place], "\n".join(lines[place + 1 :]))
        if _shown(cue.text).strip():
            cues.append(cue)
        if len(cues) > MOST_CUES:
            raise BadTranscript(TOO_MANY)
    if not cues:
        raise BadTranscript(NO_CUES)
    return sorted(cues, key=lambda each: each.start or 0.0)


def _spoken(cues: list[Passage], names: Names, *, may_be_ours: bool) -> Imported:
    """Return what is seen of cues with who speaks them: by their voices, else by names before their texts."""
    shown = [replace(cue, text=_shown(cue.text), speaker=_voice(cue.text)) for cue in cues]
    voices = dict.fromkeys(passage.speaker for passage in shown if passage.speaker)
    if not voices:
        return told(shown, names, goes_on=True, may_be_ours=may_be_ours)
    lines = (replace(passage, text=" ".join(passage.text.split())) for passage in shown)
    return Imported(tuple(lines), {name: name for name in voices})


def _cue(times: str, body: str) -> Passage:
    """Return a cue with its body as it is. Raises BadTranscript."""
    match = TIMES.search(times)
    assert match
    start, end = (_seconds(match.groups()[first : first + 4]) for first in (0, 4))
    return Passage(body.rstrip(), start, max(start, end))


def _voice(body: str) -> str:
    """Return the voice that speaks a cue, empty where it does not say so."""
    match = VOICE.search(body)
    return " ".join(unescape(match[1]).split())[:LONGEST] if match else ""


def _named(body: str) -> str:
    """Return what is seen of a text of ours; the name before it has no markup, whatever it looks like."""
    name, mark, said = body.partition(END)
    return f"{name}{mark}{_shown(said)}" if mark else _shown(body)


def _shown(body: str) -> str:
    """Return what is seen of a text."""
    return unescape(MARKUP.sub("", VOICE.sub("", body)))


def _seconds(parts: tuple[str | None, ...]) -> float:
    """Return a time in seconds. Raises BadTranscript."""
    hours, minutes, seconds, rest = parts
    if int(minutes or 0) > 59 or int(seconds or 0) > 59:
        raise BadTranscript(NO_TIME.format(":".join(part for part in parts[:3] if part)))
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + int(f"{rest:0<3}") / 1000
