"""Subtitles: what stands together on the screen, and when."""

import pytest

from tests.transcripts.exports.samples import random_segments, segment, spoken
from transcripts.correcting import Word
from transcripts.exports.options import ExportOptions
from transcripts.exports.subtitles.breaks import width
from transcripts.exports.subtitles.cues import Cue, cut_cues
from transcripts.exports.subtitles.tokens import tokens
from transcripts.paragraphs import join_texts

OPTIONS = ExportOptions()
SEEDS = range(6)
CHOICES = (OPTIONS, ExportOptions(line_length=12, lines_per_cue=1), ExportOptions(line_length=120, lines_per_cue=5))


def texts(cues: list[Cue]) -> list[str]:
    return ["\n".join(cue.lines) for cue in cues]


@pytest.mark.parametrize("options", CHOICES)
@pytest.mark.parametrize("seed", SEEDS)
def test_cut_cues_keeps_every_character(seed: int, options: ExportOptions):
    segments = random_segments(seed)
    shown = "".join(line for cue in cut_cues(segments, options) for line in cue.lines)
    said = join_texts(segment.text for segment in segments)
    assert shown.replace(" ", "") == said.replace(" ", "")


@pytest.mark.parametrize("seed", SEEDS)
def test_cut_cues_keeps_every_space(seed: int):
    """Cues of one endless line have the spaces of the text inside, and begin and end where the text may be broken."""
    segments = [each for each in random_segments(seed) if each.text.isascii()]
    shown = " ".join(line for cue in cut_cues(segments, OPTIONS) for line in cue.lines)
    assert shown == join_texts(segment.text for segment in segments)


@pytest.mark.parametrize("options", CHOICES)
@pytest.mark.parametrize("seed", SEEDS)
def test_cut_cues_stays_within_the_limits_of_lines(seed: int, options: ExportOptions):
    segments = random_segments(seed)
    longest = {token.text for token in tokens(segments) if token.width > options.line_length}
    for cue in cut_cues(segments, options):
        assert 1 <= len(cue.lines) <= options.lines_per_cue
        assert all(line.strip() == line != "" for line in cue.lines)
        assert all(width(line) <= options.line_length or line in longest for line in cue.lines)


@pytest.mark.parametrize("options", CHOICES)
@pytest.mark.parametrize("seed", SEEDS)
def test_cut_cues_is_in_order_and_within_the_limits_of_time(seed: int, options: ExportOptions):
    cues = cut_cues(random_segments(seed), options)
    followers = [cue.start for cue in cues[1:]]
    assert all(0 < cue.end - cue.start <= 7000 for cue in cues)
    assert all(cue.end <= follower for cue, follower in zip(cues[:-1], followers, strict=True))
    short = [follower - cue.end for cue, follower in zip(cues, followers, strict=False) if cue.end - cue.start < 1000]
    assert not any(short), "a cue of less than a second ends because the next one begins"


def test_cut_cues_of_nothing_is_nothing():
    assert cut_cues([], OPTIONS) == []


def test_cue_has_the_times_of_its_words():
    (cue,) = cut_cues([spoken("One two three four five.", start=3.0)], OPTIONS)
    assert cue == Cue(3000, 5000, ("One two three four five.",), None)


def test_short_cue_stays_for_a_second():
    (cue,) = cut_cues([spoken("Yes.", start=3.0)], OPTIONS)
    assert (cue.start, cue.end) == (3000, 4000)


def test_hasty_cue_stays_until_it_can_be_read():
    (cue,) = cut_cues([spoken("Seventeen letters and seventeen more", seconds_per_word=0.1)], OPTIONS)
    assert cue.end == round(1000 * len("Seventeen letters and seventeen more") / 17)


def test_endless_word_is_shown_for_seven_seconds():
    (cue,) = cut_cues([segment(1.0, 31.0, "Ah", (Word(1.0, 31.0, "Ah", 0.5),))], OPTIONS)
    assert (cue.start, cue.end) == (1000, 8000)


def test_small_gap_between_cues_is_closed_and_a_large_one_stays():
    said = [spoken(f"{'word ' * 9}end{mark}", start=start) for start, mark in ((0.0, "."), (4.3, "."), (20.0, "."))]
    first, second, third = cut_cues(said, OPTIONS)
    assert first.end == second.start == 4300
    assert second.end == 8300 < third.start


def test_cues_with_one_and_the_same_time_follow_each_other():
    words = tuple(Word(5.0, 5.0, f" word{number}", 0.5) for number in range(40))
    cues = cut_cues([segment(5.0, 5.0, "".join(word.text for word in words), words)], OPTIONS)
    assert [cue.start for cue in cues] == [5000 + 100 * number for number in range(len(cues))]
    assert len(cues) > 3


def test_cue_never_spans_a_silence():
    cues = cut_cues([spoken("Before the pause", start=0.0), spoken("after it.", start=3.0)], OPTIONS)
    assert texts(cues) == ["Before the pause", "after it."]


def test_sentences_are_kept_apart_where_each_can_be_read():
    said = [spoken("We went to the market in the morning. It was closed, and so we went home again.")]
    assert texts(cut_cues(said, OPTIONS)) == [
        "We went to the market in the morning.",
        "It was closed, and so we went home again.",
    ]


def test_tiny_sentences_share_a_cue():
    said = [spoken("Yes. No. Why not?", seconds_per_word=0.3)]
    assert texts(cut_cues(said, OPTIONS)) == ["Yes. No. Why not?"]


def test_long_sentence_is_cut_at_a_comma():
    said = [
        spoken(
            "When the light of the sun falls into the air of the early morning, "
            "it is scattered by all that it meets on its way."
        )
    ]
    assert texts(cut_cues(said, OPTIONS)) == [
        "When the light of the sun falls\ninto the air of the early morning,",
        "it is scattered by all\nthat it meets on its way.",
    ]


def test_sentence_over_two_segments_is_one_cue():
    said = [spoken("the quick brown fox", start=0.0), spoken("jumps over the dog.", start=1.6)]
    assert texts(cut_cues(said, OPTIONS)) == ["the quick brown fox jumps over the dog."]


def test_lines_of_a_cue_are_even():
    said = [spoken("one two three four five six seven eight nine ten eleven", seconds_per_word=0.2)]
    (cue,) = cut_cues(said, OPTIONS)
    assert cue.lines == ("one two three four five six", "seven eight nine ten eleven")


def test_new_speaker_begins_a_new_cue():
    said = [spoken("Are you there?", speaker="Ann"), spoken("I am.", start=1.3, speaker="Ben")]
    assert [(cue.speaker.name, *cue.lines) for cue in cut_cues(said, OPTIONS)] == [
        ("Ann", "Are you there?"),
        ("Ben", "I am."),
    ]


def test_address_longer_than_a_line_is_kept_whole():
    address = "https://example.org/" + "a" * 60
    lines = [line for cue in cut_cues([spoken(f"See {address} for more.")], OPTIONS) for line in cue.lines]
    assert lines == ["See", address, "for more."]


def test_word_in_parts_is_not_broken():
    """The recogniser gives "well-known" as two words, the second one without a space."""
    words = (
        Word(0.0, 0.4, " A", 1),
        Word(0.4, 0.8, " well", 1),
        Word(0.8, 1.2, "-known", 1),
        Word(1.2, 1.6, " fact", 1),
    )
    found = list(tokens([segment(0.0, 1.6, " A well-known fact", words)]))
    assert [(token.text, token.start, token.end) for token in found] == [
        ("A", 0.0, 0.4),
        ("well-known", 0.4, 1.2),
        ("fact", 1.2, 1.6),
    ]


def test_segment_without_words_has_times_by_length():
    found = list(tokens([segment(10.0, 20.0, "abcd efghi")]))
    assert [(token.start, token.end) for token in found] == [(10.0, 14.0), (15.0, 20.0)]


def test_words_that_are_not_the_text_are_passed_over():
    """A corrected text counts, and its words get times by their length."""
    found = list(
        tokens([segment(10.0, 20.0, "abcd efghi", (Word(10.0, 11.0, "abcd", 1), Word(11.0, 20.0, " other", 1)))])
    )
    assert [(token.text, token.start) for token in found] == [("abcd", 10.0), ("efghi", 15.0)]


def test_times_that_go_back_are_straightened():
    found = list(tokens([spoken("one two", start=5.0), spoken("three", start=4.0)]))
    assert [token.start for token in found] == [5.0, 5.4, 5.4]
    assert all(token.start <= token.end for token in found)
