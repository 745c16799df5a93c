"""The values that the speech library takes and gives.

Times are float seconds from the start of the recording. Audio is float32, mono, 16 kHz, shape (n_samples,), -1..1.
Everything here converts to and from plain JSON values, because it crosses the pipe between the worker and the engine process.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

SAMPLE_RATE = 16_000
MOST_SPEAKERS = 20
"""So many people are told apart at the most."""

NO_COUNT = f"Give a number of speakers from 1 to {MOST_SPEAKERS}, such as 3, or a range, such as 2-5."

Json = dict[str, Any]
OnProgress = Callable[[float, float], None]
"""Called with (seconds done, seconds in all)."""
ShouldStop = Callable[[], bool]


class EngineError(Exception):
    """An engine could not do what was asked. `permanent` is False where another try, or another engine, may succeed."""

    code = "engine_error"

    def __init__(self, message: str, *, permanent: bool, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        if code:
            self.code = code


class UnreadableMedia(EngineError):
    """The file cannot be transcribed, whatever the engine. The message is a sentence for the person."""

    code = "unreadable_media"

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Stopped(Exception):
    """The work was asked to stop and did, between two steps."""


@dataclass(frozen=True, slots=True)
class Media:
    """What a file holds. `duration` is in seconds and None where the container does not say.

    `seeks_exactly` says whether browsers play it and find each moment of it, see `speech.seeking`.
    """

    container: str
    audio_codec: str
    duration: float | None
    has_video: bool
    audio_tracks: int
    seeks_exactly: bool = True

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine to load. `weights` is a folder (faster-whisper) or a checkpoint file (whisper); 0 threads means all cores.

    `module` is where the `load` of an engine is that is not part of Selenite, as a dotted path.
    """

    engine: str
    model: str
    weights: str
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 0
    module: str = ""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Options:
    """How to transcribe. `language` is a Whisper code or None to detect it; `task` is transcribe or translate (into English).

    `extra` has further options by name, as `speech.options.check` returns them.
    """

    language: str | None = None
    task: str = "transcribe"
    prompt: str = ""
    beam_size: int = 5
    word_times: bool = True
    extra: Json = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its leading space or none, as the recogniser wrote it. `probability` is 0..1."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of recognised text, usually a sentence or a clause.

    `doubts` names the checks that it failed even after decoding again: compression, probability, repetition.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    mean_log_probability: float = 0.0
    no_speech_probability: float = 0.0
    compression_ratio: float = 0.0
    temperature: float = 0.0
    doubts: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Json) -> Self:
        fields = {**data, "words": tuple(Word(**word) for word in data["words"]), "doubts": tuple(data["doubts"])}
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one person speaks. Turns of several people may overlap. `speaker` counts from 1, by first appearance."""

    start: float
    end: float
    speaker: int

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SPEAKERS))):
        raise ValueError(text)
    return int(text)


@dataclass(frozen=True, slots=True)
class SpeakerCount:
    """How many people may be told apart: as many as are heard, between these bounds. Equal bounds: exactly so many."""

    least: int = 1
    most: int = MOST_SPEAKERS

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"

    @property
    def is_possible(self) -> bool:
        return 1 <= self.least <= self.most <= MOST_SPEAKERS

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return what a person means by 3, or 2-5; None for nothing, or auto. Raises ValueError with a sentence."""
        text = text.strip().lower()
        if text in ("", "auto"):
            return None
        least, dash, most = (part.strip() for part in text.replace("–", "-").partition("-"))
        try:
            count = cls(_whole_number(least), _whole_number(most if dash else least))
        except ValueError:
            raise ValueError(NO_COUNT) from None
        if not count.is_possible:
            raise ValueError(NO_COUNT)
        return count

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class DiarizerSpec:
    """Which diarizer to run. `weights` are paths of files or folders by the name of what they are; 0 threads means all cores.

    `module` is where the `load` of a diarizer is that is not part of Selenite, as a dotted path.
    """

    diarizer: str
    weights: dict[str, str] = field(default_factory=dict)
    device: str = "auto"
    threads: int = 0
    module: str = ""

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit of recognition: at most 30 s, cut in silence. `speech` are the (start, end) in it in which somebody speaks.

    `channel` counts the channels of the recording from 1; 0 are all of them together.
    """

    start: float
    end: float
    speech: tuple[tuple[float, float], ...]
    channel: int = 0

    @property
    def speech_seconds(self) -> float:
        return sum(end - start for start, end in self.speech)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        speech = tuple((start, end) for start, end in data["speech"])
        return cls(data["start"], data["end"], speech, data.get("channel", 0))


@dataclass(frozen=True, slots=True)
class PieceResult:
    """What was recognised in the piece with this index; no segments where nothing was said."""

    piece: int
    segments: tuple[Segment, ...]

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(data["piece"], tuple(Segment.from_json(segment) for segment in data["segments"]))


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be decoded, in which order, and all that decides the numbers. Stored once with the job.

    `language_probability` is None where the weights know one language only. `batches` are (first piece, one past the last
    piece). `pins` holds engine, engine_version, model, device, compute_type, instruction_set, threads, beam_size, extra_options
    and seed; the worker adds weights_sha256. Pieces are in order of their start; those of several channels overlap.
    """

    duration: float
    language: str
    language_probability: float | None
    pieces: tuple[Piece, ...]
    batches: tuple[tuple[int, int], ...]
    pins: Json = field(default_factory=dict)

    @property
    def speech_seconds(self) -> float:
        """Return the seconds of speech in all pieces."""
        return sum(piece.speech_seconds for piece in self.pieces)

    @property
    def is_by_channel(self) -> bool:
        """Return whether each channel of the recording is transcribed by itself."""
        return any(piece.channel for piece in self.pieces)

    def position_after(self, batches_done: int) -> float:
        """Return up to where the recording is transcribed once this many batches are done, in seconds."""
        if batches_done >= len(self.batches):
            return self.duration
        if batches_done == 0:
            return 0.0
        last = self.batches[batches_done - 1][1]
        reached = max(piece.end for piece in self.pieces[:last])
        return min([reached, *(piece.start for piece in self.pieces[last : last + 1])])

    @classmethod
    def from_json(cls, data: Json) -> Self:
        pieces = tuple(Piece.from_json(piece) for piece in data["pieces"])
        batches = tuple((first, last) for first, last in data["batches"])
        return cls(**{**data, "pieces": pieces, "batches": batches})


def to_json(value: Any) -> Json:
    """Return a dataclass of this module as plain JSON values."""
    return asdict(value)
