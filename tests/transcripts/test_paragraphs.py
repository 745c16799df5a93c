"""Segments grouped into paragraphs."""

from dataclasses import dataclass

import pytest

from transcripts.paragraphs import Paragraph, count_words, ends_sentence, join_texts, paragraphs


@dataclass(frozen=True)
class Part:
    start: float
    end: float
    text: str
    gap: str = ""
    speaker: str | None = None


def spoken(*texts: str, seconds: float = 1.0) -> list[Part]:
    """Return segments that follow each other without a pause."""
    return [Part(index * seconds, (index + 1) * seconds, text) for index, text in enumerate(texts)]


def sizes(segments: list[Part]) -> list[int]:
    return [len(paragraph.segments) for paragraph in paragraphs(segments)]


def words(count: int, end: str = "") -> str:
    return " word" * count + end


def test_paragraphs_of_nothing_are_none():
    assert list(paragraphs([])) == []


def test_paragraph_knows_its_times_and_text():
    (paragraph,) = paragraphs([Part(0.5, 1.0, " Good"), Part(1.2, 2.0, " morning.")])
    assert (paragraph.start, paragraph.end, paragraph.text) == (0.5, 2.0, "Good morning.")


def test_pause_begins_a_paragraph():
    first, second, third = Part(0, 1, "a"), Part(2.5, 3, "b"), Part(4.51, 5, "c")
    assert list(paragraphs([first, second, third])) == [Paragraph((first, second)), Paragraph((third,))]


def test_long_paragraph_ends_with_its_sentence():
    assert sizes(spoken(words(40), words(30), words(10, "."), words(5, "."))) == [3, 1]


def test_short_paragraph_goes_on_after_a_sentence():
    assert sizes(spoken(words(30, "."), words(39, "."), words(5))) == [3]


def test_paragraph_without_a_sentence_end_does_not_go_on_forever():
    assert sizes(spoken(*[words(20)] * 30)) == [7, 7, 7, 7, 2]


def test_paragraphs_of_chinese_are_as_long_as_others():
    assert max(sizes(spoken(*["今天我们来看光和物质。"] * 100))) == 18


def test_gaps_stand_apart():
    crashed = [Part(start, start + 1, "", "The engine crashed.") for start in (1, 2, 3)]
    killed = Part(4, 5, "", "The engine was killed.")
    found = list(paragraphs([Part(0, 1, "a"), *crashed, killed, Part(5, 6, "b")]))
    assert [len(paragraph.segments) for paragraph in found] == [1, 3, 1, 1]
    assert [paragraph.gap for paragraph in found] == ["", "The engine crashed.", "The engine was killed.", ""]
    assert (found[1].start, found[1].end, found[1].text) == (1, 4, "")


def test_speaker_begins_a_paragraph():
    said = [
        Part(0, 1, "a", speaker="Ann"),
        Part(1, 2, "b", speaker="Ann"),
        Part(2, 3, "c"),
        Part(3, 4, "d", speaker="Ben"),
    ]
    assert sizes(said) == [2, 1, 1]


def test_paragraph_ends_with_the_last_of_those_who_overlap():
    (paragraph,) = paragraphs([Part(0, 5, "a"), Part(3, 4, "b")])
    assert paragraph.end == 5


def test_segments_that_overlap_stay_together():
    assert sizes([Part(0, 5, "a"), Part(3, 4, "b"), Part(4, 6, "c")]) == [3]


@pytest.mark.parametrize("text", ["One.", "One!", "One? ", 'He said "one."', "一。", "一！」", "एक।", "واحد؟", "One…"])
def test_ends_sentence_knows_the_marks_of_many_scripts(text: str):
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", "one", "one,", "3.5 kg", "(one)", "一、"])
def test_ends_sentence_is_not_fooled(text: str):
    assert not ends_sentence(text)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("two words", 2), ("今天天气很好吗", 3), ("สวัสดีครับ", 4)])
def test_count_words_counts_scripts_without_spaces_by_length(text: str, count: int):
    assert count_words(text) == count


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["a", "b"], "a b"),
        ([" a ", "\n", " b  c"], "a b c"),
        (["今天。", "明天。"], "今天。明天。"),
        (["今天", "OK", "吗"], "今天 OK 吗"),
        (["สวัสดี", "ครับ"], "สวัสดี ครับ"),
        ([], ""),
    ],
)
def test_join_texts_puts_spaces_where_the_script_has_them(texts: list[str], joined: str):
    assert join_texts(texts) == joined
