"""Benchmarks of who says what: recognised words with their speakers, on recordings that have a `.stm` beside them.

A line of it is one person's: name, channel, speaker, start, end, text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.benchmarks import MEDIA_SUFFIXES, SILENCE_SECONDS
from speech.attribution import Attribution, Said
from speech.client import EngineProcess
from speech.types import DiarizerSpec, EngineSpec, Json, Options, SpeakerCount, to_json


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording and who says what in it; `turns` are (start, end, speaker), with the speakers counted from 1."""

    media: Path
    reference: tuple[Said, ...]
    turns: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well the words of one recording were given to its speakers, by each way to do it."""

    name: str
    people: int
    found: int
    ways: dict[str, Attribution]


def conversations(path: Path) -> list[Conversation]:
    """Return the recordings below a folder that have a `.stm` beside them, sorted, or the one file."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return [_conversation(file) for file in files if _has_words(file)]


def _has_words(file: Path) -> bool:
    return file.suffix.lower() in MEDIA_SUFFIXES and file.with_suffix(".stm").is_file()


def _conversation(media: Path) -> Conversation:
    lines = media.with_suffix(".stm").read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=5) for line in lines if line.strip() and not line.startswith(";;")]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(row[2] for row in rows), 1)}
    spans = [(float(row[3]), float(row[4]), numbers[row[2]]) for row in rows]
    said = [one for row, span in zip(rows, spans, strict=True) for one in _words(row[5], *span)]
    return Conversation(media, tuple(said), tuple(spans))


def _words(text: str, start: float, end: float, speaker: int) -> Iterator[Said]:
    """Yield the words of a line, each at the time at which somebody who reads evenly says it."""
    words = text.split()
    letters, position = sum(len(word) + 1 for word in words), 0
    for word in words:
        yield Said(start + (end - start) * (position + len(word) / 2) / letters, word, speaker)
        position += len(word) + 1


def measure(
    one: Conversation, engine: EngineSpec, options: Options, diarizer: DiarizerSpec | None, *, work: Path
) -> Figures:
    """Transcribe a recording, find out who speaks, and count the words that got the wrong speaker.

    Without a diarizer the turns are those of the reference. Raises EngineError.
    """
    process = EngineProcess()
    media = {"media": str(one.media.resolve()), "work": str(work), "track": 0}
    try:
        asked = {**media, "engine": to_json(engine), "options": to_json(options)}
        plan = _last(process, "plan", **asked)["plan"]
        segments = _segments(process, plan=plan, first_batch=0, **asked)
        turns: Sequence[Sequence[float]] = one.turns
        if diarizer:
            count = to_json(SpeakerCount())
            turns = _last(process, "diarize", **media, diarizer=to_json(diarizer), speakers=count)["turns"]
        reference = [(said.time, said.text, said.speaker) for said in one.reference]
        ways = _last(
            process, "attribute", segments=segments, turns=turns, reference=reference, language=plan["language"]
        )["ways"]
    finally:
        process.close()
    people, found = (len({turn[2] for turn in some}) for some in (one.turns, turns))
    return Figures(one.media.stem, people, found, {name: Attribution(**errors) for name, errors in ways.items()})


def _segments(process: EngineProcess, **fields: object) -> list[Json]:
    replies = process.replies(process.send("transcribe", **fields), timeout_seconds=SILENCE_SECONDS)
    batches = [reply for reply in replies if reply["type"] == "batch"]
    return [segment for batch in batches for result in batch["results"] for segment in result["segments"]]


def _last(process: EngineProcess, kind: str, **fields: object) -> Json:
    *_, last = process.replies(process.send(kind, **fields), timeout_seconds=SILENCE_SECONDS)
    return last


def pooled(rows: Sequence[Figures]) -> Figures:
    """Return the figures of all recordings together."""
    ways = {name: [row.ways[name] for row in rows] for name in rows[0].ways}
    sums = {name: sum(some[1:], start=some[0]) for name, some in ways.items()}
    return Figures("all", sum(row.people for row in rows), sum(row.found for row in rows), sums)
