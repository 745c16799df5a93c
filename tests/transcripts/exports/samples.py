"""Texts to export, in the scripts that differ in how lines are broken; and random ones."""

import random
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from transcripts.correcting import Word
from transcripts.exports.document import Document, Run, Segment, Source, Speaker

Line = tuple[float, tuple[str, ...], float]
"""Start, words with the space in front of them, seconds for each word."""


@dataclass(frozen=True, slots=True)
class Sample:
    title: str
    language: str
    lines: tuple[Line, ...]


def _line(start: float, text: str, seconds_per_word: float = 0.35) -> Line:
    return start, tuple(re.findall(r"\s*\S+", text)), seconds_per_word


def _characters(start: float, text: str) -> Line:
    return start, tuple(text), 0.18


LECTURE = Sample(
    title="Lecture 3: light & <matter>",
    language="en",
    lines=(
        _line(0.4, " Good morning, everyone."),
        _line(
            2.0,
            " Today we look at what happens when light meets matter, and why the sky is blue while a cloud is white.",
        ),
        _line(10.4, " Is it the water, the dust, or something else?"),
        _line(62.0, " See https://example.org/lectures/2026/optics/scattering-of-light-in-air.html for the notes."),
        _line(65.2, " 1. Small particles scatter blue light *more* than red --> that is Rayleigh's law."),
        _line(71.0, " Well-known, isn't it?"),
    ),
)
JAPANESE = Sample(
    title="講義：光と物質",
    language="ja",
    lines=(
        _characters(
            0.5,
            "おはようございます。今日は、光が物質に当たるとき何が起こるのか、そしてなぜ空は青く雲は白いのかを考えます。",
        ),
        _characters(12.5, "「レイリー散乱」という言葉を聞いたことがありますか？"),
    ),
)
ARABIC = Sample(
    title="محاضرة: الضوء والمادة",
    language="ar",
    lines=(_line(0.0, "صباح الخير جميعاً. اليوم ننظر إلى ما يحدث عندما يلتقي الضوء بالمادة، ولماذا السماء زرقاء؟"),),
)
EMPTY = Sample(title="Silence", language="", lines=())

ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzäöüß'-",
    "日本語中文字漢あいうえおカキクケコー",
    "กขคงจฉชซะาิีุูเแโใไ่้",
    "אבגדהוזחטיכלמנ",
    "😀👍🏽é&<>*_#",
)
MARKS = ("", "", "", "", ",", ".", "?", "。", "、", "…")


def document(segments: list[Segment], *, title: str = "Title", language: str = "en") -> Document:
    """Return a document with these segments and plain facts."""
    created = datetime(2026, 11, 22, 12, tzinfo=UTC)
    run = Run("id", "faster-whisper", "base", language, "transcribe", created, 1.0, (), {})
    return Document(Source(title, "file.opus", 60.0, "5e" * 32), run, tuple(segments))


def voice(name: str) -> Speaker:
    """Return somebody of this name: the same for the same name."""
    return Speaker(sum(name.encode()), name)


def segment(
    start: float, end: float, text: str, words: tuple[Word, ...] = (), *, speaker: str | None = None
) -> Segment:
    """Return a segment with plain values."""
    return Segment(start, end, voice(speaker) if speaker else None, text.strip(), words, -0.2, 0.01, 1.2, 0.0, ())


def spoken(text: str, *, start: float = 0.0, seconds_per_word: float = 0.4, speaker: str | None = None) -> Segment:
    """Return a segment whose words follow each other evenly."""
    parts = re.findall(r"\s*\S+", text)
    times = [start + position * seconds_per_word for position in range(len(parts) + 1)]
    words = tuple(Word(times[i], times[i + 1], part, 0.9) for i, part in enumerate(parts))
    return segment(start, times[-1], text, words, speaker=speaker)


def gap(start: float, end: float, reason: str = "The engine crashed.") -> Segment:
    """Return a stretch that could not be transcribed."""
    return replace(segment(start, end, ""), gap=reason)


def random_segments(seed: int, *, words: int = 200) -> list[Segment]:
    """Return segments of random words in random scripts at a wild pace: pauses, no time at all, times that go back."""
    choose = random.Random(seed)
    segments: list[Segment] = []
    now = 0.0
    while words > 0:
        alphabet = choose.choice(ALPHABETS)
        parts = [_random_word(choose, alphabet) for _ in range(choose.randint(1, 30))]
        timed: list[Word] = []
        for text in parts:
            length = choose.choice([0.0, 0.05, 0.2, 0.4, 0.4, 0.9, 9.0])
            timed.append(Word(now, now + length, text, 0.5))
            now += length + choose.choice([0.0, 0.0, 0.0, 0.35, 1.2])
        keeps_words = choose.random() < 0.8
        text = "".join(parts)
        segments.append(segment(timed[0].start, timed[-1].end, text, tuple(timed) if keeps_words else ()))
        now += choose.choice([-0.3, 0.0, 0.0, 0.6, 3.0])
        words -= len(parts)
    return segments


def _random_word(choose: random.Random, alphabet: str) -> str:
    letters = "".join(choose.choices(alphabet, k=choose.choice([1, 2, 4, 6, 9, 14, 60])))
    space = choose.choice([" ", " ", " ", ""])
    return space + letters + choose.choice(MARKS)
