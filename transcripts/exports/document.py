"""What an export is made of: plain values, read once. The formats know nothing else, least of all the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from speech.languages import LANGUAGES
from transcripts.correcting import Word
from transcripts.exports.options import ExportOptions
from transcripts.makers import IMPORTED
from transcripts.paragraphs import Paragraph, paragraphs
from transcripts.times import stretch

TRANSLATE = "translate"

NO_SPEECH = "No speech was found in this recording."


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who speaks. The id stays the same when the name changes."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one person speaks, as it was heard. Those of several people may overlap."""

    start: float
    end: float
    speaker: Speaker


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text on one line; empty where `gap` says in a sentence why it could not be transcribed, and only there.

    `speaker` is None where nobody was identified; `also` are others who talk at the same time.
    """

    start: float
    end: float
    speaker: Speaker | None
    text: str
    words: tuple[Word, ...]
    mean_log_probability: float | None
    no_speech_probability: float | None
    compression_ratio: float | None
    temperature: float | None
    doubts: tuple[str, ...]
    gap: str = ""
    also: tuple[Speaker, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The recording. `duration` is in seconds, `sha256` the hex digest of the uploaded file."""

    title: str
    original_filename: str
    duration: float | None
    sha256: str
    clipped_share: float | None = None
    """How much of the sound was too loud for what recorded it, 0..1; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Run:
    """What produced the text. `seconds` is wall time from start to end, None where the job has not ended."""

    id: str
    engine: str
    model: str
    language: str
    task: str
    created_at: datetime
    seconds: float | None
    warnings: tuple[str, ...]
    provenance: dict[str, Any]
    language_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A transcript, ready to be written in any format. No text in it holds control characters or line breaks.

    `turns` are what the labelling in use heard, in order of time.
    """

    source: Source
    run: Run
    segments: tuple[Segment, ...]
    turns: tuple[Turn, ...] = ()

    @property
    def spoken(self) -> tuple[Segment, ...]:
        """Return the segments that have text."""
        return tuple(segment for segment in self.segments if not segment.gap)

    @property
    def gaps(self) -> tuple[Segment, ...]:
        """Return the stretches that could not be transcribed."""
        return tuple(segment for segment in self.segments if segment.gap)

    @property
    def speakers(self) -> list[Speaker]:
        """Return those who speak, in order of appearance."""
        return list(dict.fromkeys(segment.speaker for segment in self.segments if segment.speaker is not None))

    @property
    def language(self) -> str:
        """Return the code of the language that the text is in, which is not the spoken one after a translation."""
        return "en" if self.run.task == TRANSLATE else self.run.language

    def paragraphs(self) -> Iterator[Paragraph[Segment]]:
        """Yield the text in paragraphs; a new speaker begins a new one."""
        return paragraphs(self.segments)


def name_of(paragraph: Paragraph[Segment], options: ExportOptions) -> str:
    """Return the name of who speaks in a paragraph; empty where it is not known, or not wanted."""
    speaker = paragraph.segments[0].speaker
    return speaker.name if speaker and options.names else ""


def not_transcribed(paragraph: Paragraph[Segment]) -> str:
    """Return the line that stands in the text for a paragraph of gaps."""
    return f"[Not transcribed: {stretch(paragraph.start, paragraph.end)}]"


def facts(document: Document) -> str:
    """Return what the transcript is of and what produced it, in one line."""
    source, run = document.source, document.run
    spoken = LANGUAGES.get(run.language, run.language)
    return " · ".join(
        fact
        for fact in (
            "" if source.duration is None else clock(source.duration),
            f"{spoken}, translated into English" if run.task == TRANSLATE else spoken,
            f"{_verb(run)} {_program(run)}",
            f"{run.created_at.day} {run.created_at:%B %Y}",
        )
        if fact
    )


def _verb(run: Run) -> str:
    return "imported into" if run.provenance.get(IMPORTED) else "transcribed by"


def _program(run: Run) -> str:
    program = f"Selenite {run.provenance.get('program_version', '')}".strip()
    return f"{program} with {run.engine} {run.model}".strip() if run.engine else program


def clock(seconds: float) -> str:
    """Return a time for people, such as 0:01:02."""
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
