"""The words of a segment after a person wrote its text anew."""

from itertools import pairwise

import pytest

from transcripts.correcting import Word, correct, retime, text_of


def said(text: str, *, start: float = 0.0, step: float = 0.5, pause: float = 0.0) -> list[Word]:
    """Return words of half a second each, a pause after each of them."""
    return [
        Word(start + number * (step + pause), start + number * (step + pause) + step, f" {word}", 0.9)
        for number, word in enumerate(text.split())
    ]


def again(words: list[Word], text: str, *, end: float | None = None) -> list[Word]:
    [found] = correct(words, [text], start=words[0].start, end=words[-1].end if end is None else end)
    return found


def times(words: list[Word]) -> list[tuple[str, float, float]]:
    return [(word.text.strip(), word.start, word.end) for word in words]


def test_word_that_replaces_another_takes_its_time_and_is_marked():
    found = again(said("ask not what your"), "ask knot what your")
    assert found == [
        Word(0.0, 0.5, " ask", 0.9),
        Word(0.5, 1.0, " knot", None, True),
        *said("what your", start=1.0),
    ]


def test_comma_or_capital_changes_no_time():
    found = again(said("and so my fellow"), "And so, my… fellow!")
    assert times(found) == [("And", 0.0, 0.5), ("so,", 0.5, 1.0), ("my…", 1.0, 1.5), ("fellow!", 1.5, 2.0)]
    assert not any(word.is_estimated or word.probability is None for word in found)


def test_two_words_for_one_share_its_time_by_length():
    found = again(said("I am gonna go"), "I am going to go")
    assert times(found)[2:4] == [("going", 1.0, 1.357), ("to", 1.357, 1.5)]


def test_one_word_for_two_lasts_from_the_first_to_the_last():
    assert times(again(said("a b c d"), "a bc d"))[1] == ("bc", 0.5, 1.5)


def test_three_words_for_two_leave_out_the_pause():
    found = again(said("a lot more d", pause=1.0), "a xx yy zzz d")
    assert times(found)[1:4] == [("xx", 1.5, 1.833), ("yy", 1.833, 3.125), ("zzz", 3.125, 3.5)]


def test_word_that_is_added_lies_in_the_pause_before_the_next():
    found = again(said("one two", pause=2.0), "one and two")
    assert times(found)[1] == ("and", 0.5, 0.86)


def test_word_that_is_added_without_a_pause_takes_no_time_of_others():
    assert times(again(said("one two"), "one and two")) == [("one", 0, 0.5), ("and", 0.5, 0.5), ("two", 0.5, 1)]


def test_words_at_the_edges_lie_within_the_segment():
    [found] = correct(said("two", start=5.0), ["one two three"], start=4.0, end=6.0)
    assert times(found) == [("one", 4.64, 5.0), ("two", 5.0, 5.5), ("three", 5.5, 6.0)]


def test_many_words_in_place_of_a_short_one_get_what_is_free_around_it():
    found = again(said("a b c", step=0.1, pause=1.0), "a longwinded explanation c")
    assert (found[1].start, found[2].end) == (pytest.approx(0.73), pytest.approx(1.57))


def test_word_of_two_parts_is_kept_as_it_is():
    words = [Word(0, 1, " well", 0.9), Word(1, 2, "-known", 0.8), Word(2, 3, " fact", 0.7)]
    assert again(words, "well-known facts")[:2] == words[:2]
    assert [word.is_estimated for word in again(words, "Well-known fact")] == [True, False]


def test_text_without_spaces_is_compared_by_character():
    words = [Word(0, 1, "今天", 0.9), Word(1, 2, "天気", 0.9), Word(2, 3, "です。", 0.9)]
    found = again(words, "今日天気です。")
    assert times(found) == [("今", 0.0, 0.5), ("日", 0.5, 1.0), ("天気", 1, 2), ("です。", 2, 3)]
    assert text_of(found) == "今日天気です。"


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا أيها العالم الجديد",
        "cafe\u0301 nai\u0308ve",
        "👩\u200d👩\u200d👧 👍🏽 ok",
        "<script>alert(1)</script> & “x”",
        "हिन्दी की बात",
        "a" * 5000,
        "語" * 3000,
        "x " * 2500,
    ],
)
def test_any_text_comes_back_as_it_was_written(text: str):
    found = again(said("one two three"), text)
    assert text_of(found).split() == text.split()
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_marks_of_letters_tell_words_apart():
    words = said("की बात")
    assert [word.is_estimated for word in again(words, "का बात")] == [True, False]


def test_lines_cut_between_words():
    words = said("ask not what your country")
    first, second = correct(words, ["ask not", "what our country"], start=0.0, end=2.5)
    assert (first, times(second)) == (words[:2], [("what", 1.0, 1.5), ("our", 1.5, 2.0), ("country", 2.0, 2.5)])


def test_line_that_ends_within_a_word_makes_two_of_it():
    first, second = correct(said("together now"), ["to", "gether now"], start=0.0, end=1.0)
    assert times(first + second) == [("to", 0, 0.125), ("gether", 0.125, 0.5), ("now", 0.5, 1.0)]


def test_text_without_known_times_stays_so():
    assert correct([], ["one", "two"], start=0, end=1) == [[], []]


def test_empty_text_has_no_words():
    assert again(said("one two"), "") == []


def test_retime_moves_all_words_where_the_length_is_the_same():
    assert times(retime(said("a b"), (0.0, 1.0), (0.25, 1.25))) == [("a", 0.25, 0.75), ("b", 0.75, 1.25)]


def test_retime_moves_the_edges_of_the_words_at_the_edges():
    found = retime(said("a b c"), (0.0, 1.5), (0.2, 1.8))
    assert times(found) == [("a", 0.2, 0.5), ("b", 0.5, 1.0), ("c", 1.0, 1.8)]
    assert not any(word.is_estimated for word in found)


def test_retime_leaves_words_that_lie_inside():
    words = said("a b c", start=2.0)
    assert retime(words, (1.0, 5.0), (1.5, 4.0)) == words


def test_retime_that_passes_words_stretches_all():
    found = retime(said("a b c d"), (0.0, 2.0), (1.0, 2.0))
    assert times(found) == [("a", 1.0, 1.25), ("b", 1.25, 1.5), ("c", 1.5, 1.75), ("d", 1.75, 2.0)]
    assert all(word.is_estimated for word in found)
