"""Benchmarks of diarization on recordings that have an `.rttm` beside them, which says who speaks when."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.benchmarks import MEDIA_SUFFIXES, SILENCE_SECONDS
from speech import client
from speech.der import Errors, Span
from speech.types import DiarizerSpec, Json, SpeakerCount, to_json

COLLARS = (0.25, 0.0)
"""Seconds around each edge that are not scored, half of them on either side."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A recording and who speaks when in it."""

    media: Path
    reference: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How one diarizer did on one recording. `seconds` is its work without decoding and loading weights."""

    name: str
    duration: float
    seconds: float
    people: int
    found: int
    errors: dict[float, Errors]
    peak_memory_bytes: int


def meetings(path: Path) -> list[Meeting]:
    """Return the recordings below a folder that have an `.rttm` beside them, sorted, or the one file."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return [
        Meeting(file, read_rttm(file.with_suffix(".rttm")))
        for file in files
        if file.suffix.lower() in MEDIA_SUFFIXES and file.with_suffix(".rttm").is_file()
    ]


def read_rttm(path: Path) -> tuple[Span, ...]:
    """Return the turns of an RTTM file of one recording."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple((float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows if row and row[0] == "SPEAKER")


def measure(
    process: client.EngineProcess, meeting: Meeting, diarizer: DiarizerSpec, speakers: SpeakerCount, *, work: Path
) -> Figures:
    """Tell apart who speaks in one recording and score it. Raises EngineError.

    Memory is the most that the process has ever held, so recordings before count too.
    """
    sent = process.send(
        "diarize",
        media=str(meeting.media.resolve()),
        work=str(work),
        track=0,
        diarizer=to_json(diarizer),
        speakers=to_json(speakers),
    )
    began, duration, last = 0.0, 0.0, Json()
    for last in process.replies(sent, timeout_seconds=SILENCE_SECONDS):
        if not began and last.get("stage") == "identifying":
            began, duration = time.monotonic(), last["total"]
    seconds = time.monotonic() - began
    heard = [(start, end, str(number)) for start, end, number in last["turns"]]
    return Figures(
        meeting.media.stem,
        duration,
        seconds,
        len({name for *_, name in meeting.reference}),
        len({name for *_, name in heard}),
        _score(process, meeting.reference, heard, duration),
        last["peak_memory_bytes"],
    )


def _score(
    process: client.EngineProcess, reference: Sequence[Span], heard: Sequence[Span], duration: float
) -> dict[float, Errors]:
    sent = process.send("compare", reference=reference, heard=heard, duration=duration, collars=COLLARS)
    *_, last = process.replies(sent, timeout_seconds=SILENCE_SECONDS)
    return {collar: Errors(**errors) for collar, errors in zip(COLLARS, last["errors"], strict=True)}


def pooled(rows: Sequence[Figures]) -> Figures:
    """Return the figures of all recordings together: errors by the second, not by the recording."""
    return Figures(
        "all",
        sum(row.duration for row in rows),
        sum(row.seconds for row in rows),
        sum(row.people for row in rows),
        sum(row.found for row in rows),
        {collar: sum((row.errors[collar] for row in rows), Errors()) for collar in COLLARS},
        max(row.peak_memory_bytes for row in rows),
    )
