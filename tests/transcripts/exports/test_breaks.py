"""Where lines may be broken, and how wide text is."""

import pytest

from transcripts.exports.subtitles.breaks import chunks, width


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in chunks(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  Well, it's  fine. ", ["Well,", "it's", "fine."]),
        ("https://example.org/a-b?c=d", ["https://example.org/a-b?c=d"]),
        ("今日は、青い。", ["今", "日", "は、", "青", "い。"]),
        ("「光」と", ["「光」", "と"]),
        ("ちょっとコーヒー", ["ちょっ", "と", "コー", "ヒー"]),
        ("Whisperは良い", ["Whisper", "は", "良", "い"]),
        ("เก้าอี้ ดี", ["เก้", "า", "อี้", "ดี"]),
        ("مرحبا بكم", ["مرحبا", "بكم"]),
        ("안녕하세요 여러분", ["안녕하세요", "여러분"]),
        ("👨‍👩‍👧 👍🏽", ["👨‍👩‍👧", "👍🏽"]),
    ],
)
def test_chunks_are_what_stays_on_one_line(text: str, expected: list[str]):
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("abc", 3), ("日本", 4), ("ｶﾅ", 2), ("é", 1), ("e\u0301", 1), ("ก้", 1), ("한국", 4)]
)
def test_width_counts_columns(text: str, columns: int):
    assert width(text) == columns
