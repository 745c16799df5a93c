"""What a file with a transcript holds, before it is a row: plain values that were checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = tuple[Any, ...]
"""A word as a segment keeps it: (start, end, text, probability), with true after these where its times are estimated."""


class BadTranscript(ValueError):
    """A file that holds no transcript that can be taken. The message is a sentence for the person; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text. Times are in seconds, None where the file has none; it may tell the start alone, about.

    `speaker` and `also` are keys of the speakers.

    `columns` has what else is known of it, by the names that a segment's row has.
    """

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str = ""
    also: tuple[str, ...] = ()
    words: tuple[Row, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """A transcript. `speakers` are names by key. `job`, `recording` and `job_id` are empty where the file says nothing of them.

    `labels` are the names that stood before the text and were taken as speakers; with `is_ours` an export of ours put them there.
    """

    passages: tuple[Passage, ...]
    speakers: Mapping[str, str] = field(default_factory=dict)
    job: Mapping[str, Any] = field(default_factory=dict)
    job_id: str = ""
    recording: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    is_ours: bool = False
