"""How well words are given to speakers: errors against a reference that says who says what.

WDER (Shafey, Soltau and Shafran, Interspeech 2019): of the words of the reference that were recognised, rightly or as another word,
the share that is given to the wrong speaker, or to nobody. The speakers are matched so that it is least. cpWER (Watanabe et al.,
CHiME 2020): the word error rate of what each speaker says, with the speakers matched so that it is least. It counts wrong words too.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache

from speech import speakers
from speech.diarization import whisperx
from speech.scoring import edit_distance, normaliser
from speech.types import Json, Turn

SECONDS_FOR_A_WORD = 5.0
"""Two words so far apart are as hard to take for the same as two different ones: who talks at once is told apart by time."""

Normalise = Callable[[str], str]
Speaker = int | str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A word, or several, and who says it: None where nobody knows. `time` is that of its middle."""

    time: float
    text: str
    speaker: Speaker


@dataclass(frozen=True, slots=True)
class Attribution:
    """What is wrong: `misgiven` of the `aligned` words have the wrong speaker; `errors` are those of cpWER in `words`."""

    misgiven: int
    aligned: int
    errors: int
    words: int

    def __add__(self, other: "Attribution") -> "Attribution":
        return Attribution(
            self.misgiven + other.misgiven,
            self.aligned + other.aligned,
            self.errors + other.errors,
            self.words + other.words,
        )


@dataclass(frozen=True, slots=True)
class Recognised:
    """A segment as `speech.speakers` takes it: `words` are (start, end, text, probability)."""

    start: float
    end: float
    text: str
    words: tuple[tuple[float, float, str, float], ...]

    @classmethod
    def from_json(cls, data: Json) -> "Recognised":
        words = tuple((word["start"], word["end"], word["text"], word["probability"]) for word in data["words"])
        return cls(data["start"], data["end"], data["text"], words)


def compare(
    segments: Sequence[Recognised], turns: Sequence[Turn], reference: Sequence[Said], *, language: str
) -> dict[str, Json]:
    """Return the errors of each way to give the same words to the same turns; WhisperX's where it is installed."""
    normalise = normaliser(language)
    ways = {"selenite": by_selenite(segments, turns), "whisperx": whisperx.assign_words(segments, turns)}
    return {
        name: asdict(score(reference, _said(segments, speakers), normalise=normalise))
        for name, speakers in ways.items()
        if speakers is not None
    }


def by_selenite(segments: Sequence[Recognised], turns: Sequence[Turn]) -> list[int | None]:
    """Return the speaker of each word of all segments."""
    return [
        part.speaker
        for parts in speakers.label(segments, turns)
        for part in parts
        for _ in range(part.first, part.last)
    ]


def _said(segments: Sequence[Recognised], speakers: Sequence[int | None]) -> list[Said]:
    words = [word for segment in segments for word in segment.words]
    pairs = zip(words, speakers, strict=True)
    return [Said((start + end) / 2, text, speaker) for (start, end, text, _), speaker in pairs]


def score(reference: Sequence[Said], heard: Sequence[Said], *, normalise: Normalise) -> Attribution:
    """Compare words with those of a reference. Both are put in order of time; takes a second for 500 words each."""
    wanted, found = _tokens(reference, normalise), _tokens(heard, normalise)
    pairs = [(found[second].speaker, wanted[first].speaker) for first, second in _aligned(wanted, found)]
    counts = Counter(pair for pair in pairs if pair[0] is not None)
    right = sum(counts[pair] for pair in _best_pairs(counts))
    return Attribution(len(pairs) - right, len(pairs), _errors_by_speaker(wanted, found), len(wanted))


def _tokens(words: Sequence[Said], normalise: Normalise) -> list[Said]:
    """Return single words as they are compared, in order of time."""
    tokens = [Said(word.time, token, word.speaker) for word in words for token in normalise(word.text).split()]
    return sorted(tokens, key=lambda token: token.time)


def _cost(one: Said, other: Said) -> float:
    return (one.text != other.text) + abs(one.time - other.time) / SECONDS_FOR_A_WORD


def _aligned(wanted: Sequence[Said], found: Sequence[Said]) -> list[tuple[int, int]]:
    """Return which words are each other's, right or wrong, by their indexes: the cheapest alignment."""
    table = [[float(column) for column in range(len(found) + 1)]]
    for row, word in enumerate(wanted, 1):
        above, line = table[-1], [float(row)]
        for column, other in enumerate(found):
            line.append(min(above[column] + _cost(word, other), above[column + 1] + 1, line[column] + 1))
        table.append(line)
    pairs = []
    row, column = len(wanted), len(found)
    while row and column:
        if table[row][column] == table[row - 1][column] + 1:
            row -= 1
        elif table[row][column] == table[row][column - 1] + 1:
            column -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]


def _errors_by_speaker(wanted: Sequence[Said], found: Sequence[Said]) -> int:
    """Return the least sum of word errors where each speaker is matched with one at the most."""
    theirs, ours = _by_speaker(wanted), _by_speaker(found)
    spared: dict[tuple[Speaker, Speaker], int] = {
        (one, other): len(heard) + len(said) - edit_distance(said, heard)
        for one, heard in ours.items()
        for other, said in theirs.items()
        if one is not None
    }
    return len(wanted) + len(found) - sum(spared[pair] for pair in _best_pairs(spared))


def _by_speaker(words: Sequence[Said]) -> dict[Speaker, list[str]]:
    said: dict[Speaker, list[str]] = {}
    for word in words:
        said.setdefault(word.speaker, []).append(word.text)
    return said


def _best_pairs(gains: Mapping[tuple[Speaker, Speaker], int]) -> tuple[tuple[Speaker, Speaker], ...]:
    """Return pairs with the largest sum, in which each first and each second one is at most once. Exact; for a dozen of them."""
    firsts = list(dict.fromkeys(first for first, _ in gains))

    @cache
    def best(index: int, taken: frozenset[Speaker]) -> tuple[int, tuple[tuple[Speaker, Speaker], ...]]:
        if index == len(firsts):
            return 0, ()
        options = [best(index + 1, taken)]
        for first, second in gains:
            if first == firsts[index] and second not in taken:
                gain, pairs = best(index + 1, taken | {second})
                options.append((gain + gains[first, second], ((first, second), *pairs)))
        return max(options, key=lambda option: option[0])

    return best(0, frozenset())[1]
