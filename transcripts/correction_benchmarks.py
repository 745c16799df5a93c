"""Benchmarks of the times that corrected words get, against those of a recognition of the corrected text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle
from pathlib import Path
from statistics import median

from registry.benchmarks import MEDIA_SUFFIXES, SILENCE_SECONDS
from speech.client import EngineProcess
from speech.types import EngineSpec, Json, Options, to_json
from transcripts.correcting import Word, correct, text_of

EVERY = 10


@dataclass(frozen=True, slots=True)
class Times:
    """How far the corrected words of some recordings are from when they are said. `moved` are unchanged words that were moved.

    `apart` is how far apart the unchanged ones are: no corrected word can be known better than that.
    """

    errors: tuple[float, ...]
    apart: tuple[float, ...]
    unchanged: int
    moved: int

    def __add__(self, other: "Times") -> "Times":
        errors, apart = (*self.errors, *other.errors), (*self.apart, *other.apart)
        return Times(errors, apart, self.unchanged + other.unchanged, self.moved + other.moved)

    @property
    def median_seconds(self) -> float:
        return median(self.errors) if self.errors else 0.0

    @property
    def median_apart(self) -> float:
        return median(self.apart) if self.apart else 0.0

    def share_within(self, seconds: float) -> float:
        return sum(error <= seconds for error in self.errors) / max(1, len(self.errors))


NOTHING = Times((), (), 0, 0)


def recordings(path: Path) -> list[Path]:
    """Return the recordings below a folder, sorted, or the one file."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return [file for file in files if file.suffix.lower() in MEDIA_SUFFIXES]


def recognise(media: Path, engine: EngineSpec, *, work: Path) -> list[Word]:
    """Return the words of a recording. Raises EngineError."""
    process = EngineProcess()
    asked = {"media": str(media.resolve()), "work": str(work / engine.model), "track": 0, "engine": to_json(engine)}
    asked["options"] = to_json(Options(language="en"))
    try:
        *_, planned = process.replies(process.send("plan", **asked), timeout_seconds=SILENCE_SECONDS)
        sent = process.send("transcribe", **asked, plan=planned["plan"], first_batch=0)
        replies = list(process.replies(sent, timeout_seconds=SILENCE_SECONDS))
    finally:
        process.close()
    return [word for reply in replies if reply["type"] == "batch" for word in _words(reply)]


def _words(batch: Json) -> Iterator[Word]:
    for result in batch["results"]:
        for segment in result["segments"]:
            yield from (Word(one["start"], one["end"], one["text"], one["probability"]) for one in segment["words"])


def every_tenth(words: Sequence[Word]) -> Times:
    """Put a mistake into every tenth word, correct it, and compare with the words as they were recognised.

    In turns it is another word, runs together with the next one, or falls apart into two.
    """
    wrong: list[Word] = []
    mistakes = cycle(("other", "together", "apart"))
    rest = list(words)
    while rest:
        wrong += rest[: EVERY - 1]
        mistaken, rest = rest[EVERY - 1 : EVERY + 1], rest[EVERY + 1 :]
        wrong += _mistaken(mistaken, next(mistakes))
    return _compared(wrong, words)


def _mistaken(words: Sequence[Word], mistake: str) -> list[Word]:
    """Return up to two words with a mistake in the first of them."""
    if not words:
        return []
    first, *others = words
    if mistake == "together":
        return [Word(first.start, words[-1].end, " xxxxxxxx", 0.5)]
    if mistake == "apart":
        middle = (first.start + first.end) / 2
        return [Word(first.start, middle, " xxx", 0.5), Word(middle, first.end, " yyyy", 0.5), *others]
    return [Word(first.start, first.end, " xxxx", 0.5), *others]


def by_another_model(words: Sequence[Word], true: Sequence[Word]) -> Times:
    """Correct what a model recognised to what a better one did, and compare with when that one has these words."""
    return _compared(words, true)


def _compared(words: Sequence[Word], true: Sequence[Word]) -> Times:
    """Correct words to a true text. Errors are of the starts of the words, where the text is cut alike."""
    if not words or not true:
        return NOTHING
    [found] = correct(words, [text_of(true)], start=words[0].start, end=words[-1].end)
    starts = dict(zip(_places(true), (word.start for word in true), strict=True))
    errors, apart = (
        tuple(
            abs(word.start - starts[place])
            for place, word in zip(_places(found), found, strict=True)
            if word.is_estimated == is_changed and place in starts
        )
        for is_changed in (True, False)
    )
    kept = [(word.start, word.end) for word in found if not word.is_estimated]
    before = {(word.start, word.end) for word in words}
    return Times(errors, apart, len(kept), sum(times not in before for times in kept))


def _places(words: Sequence[Word]) -> list[int]:
    """Return where in the text each word starts, spaces left out."""
    lengths = [len("".join(word.text.split())) for word in words]
    return [end - length for end, length in zip(accumulate(lengths), lengths, strict=True)]
