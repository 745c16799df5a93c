"""Two texts word by word."""

import json
import re
import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transcripts.comparing import Comparison, Line


def _said(text: str, start: float = 0.0, *, step: float = 0.4, speaker: int | None = None) -> Line:
    words = re.findall(r"\s*\S+", text)
    rows = [[start + number * step, start + (number + 1) * step, word, 0.9] for number, word in enumerate(words)]
    return Line(start, start + len(words) * step, text, json.dumps(rows), speaker=speaker)


def _shown(found: Comparison, side: int) -> list[list[tuple[str, str, int]]]:
    return [[(run.kind, run.text, run.difference) for run in found.runs(row, side)] for row in found.rows]


def _text(found: Comparison, side: int) -> str:
    return " ".join("".join(run.space + run.text for row in found.rows for run in found.runs(row, side)).split())


def test_words_that_differ_are_told_on_both_sides():
    found = Comparison([_said("Ask not what your country")], [_said(" ask then what my own country does")])
    assert _shown(found, 0) == [
        [("same", "Ask", 0), ("gone", "not", 1), ("same", "what", 0), ("gone", "your", 2), ("same", "country", 0)]
    ]
    assert _shown(found, 1) == [
        [
            ("same", "ask", 0),
            ("new", "then", 1),
            ("same", "what", 0),
            ("new", "my own", 2),
            ("same", "country", 0),
            ("new", "does", 3),
        ]
    ]
    assert (found.differences, found.words(0, same=True), found.words(1, same=False)) == (3, 3, 4)


def test_capitals_and_punctuation_count_where_they_are_to():
    texts = [_said("Well, it is.")], [_said("well it is")]
    assert Comparison(*texts).differences == 0
    assert Comparison(*texts, exact=True).differences == 2


def test_scripts_without_spaces_are_compared_by_character():
    found = Comparison([Line(0, 2, "今天天气好")], [Line(0, 2, "今天气好")])
    assert (_text(found, 0), _text(found, 1), found.differences) == ("今天天气好", "今天气好", 1)


def test_row_is_a_paragraph_of_the_first_version():
    left = [_said("one two three", speaker=1), _said("four five six", 2, speaker=2)]
    found = Comparison(left, [_said("one two three four fife six")])
    assert [(found.start(row), row.differences) for row in found.rows] == [(0, 0), (2 / 5 * 3, 1)]
    assert [[found.speaker(row, side) for side in (0, 1)] for row in found.rows] == [[1, None], [2, None]]


def test_what_only_one_has_stands_alone():
    some = [_said("something was said here"), _said("and there", 100)]
    assert _shown(Comparison(some, some[:1]), 1)[-1] == []
    found = Comparison(some[1:], some)
    assert (_shown(found, 0), found.start(found.rows[0])) == ([[], [("same", "and there", 0)]], 0)
    assert (Comparison([], []).rows, Comparison([], some).differences) == ([], 1)


def test_same_words_at_another_time_are_another_place():
    """A refrain is compared with itself where it is sung."""
    refrain = "we shall overcome some day"
    left = [_said(f"{refrain} verse{number} is sung by all of us here", 60.0 * number) for number in range(30)]
    found = Comparison(left, [each for number, each in enumerate(left) if number != 7])
    assert [found.start(row) for row in found.rows if row.differences] == [420.0]


def test_long_insertion_has_rows_of_its_own():
    some = [_said(f"sentence {number} goes on and on like this", 10.0 * number) for number in range(100)]
    found = Comparison([some[0]], some)
    assert len(found.rows) > 50
    assert _text(found, 1) == " ".join(each.text for each in some)


WORDS = st.lists(st.sampled_from(["a", "b", "c", "Ask", "ask,", "天", "-"]), min_size=1, max_size=12).map(" ".join)
TEXTS = st.lists(st.tuples(WORDS, st.floats(0, 5), st.sampled_from([None, 1, 2])), max_size=30)


@given(TEXTS, TEXTS, st.booleans())
def test_nothing_is_lost_and_numbers_rise(left, right, exact):
    found = Comparison(_some(left), _some(right), exact=exact)
    for side, texts in enumerate((left, right)):
        assert _text(found, side).replace(" ", "") == "".join(text for text, *_ in texts).replace(" ", "")
    numbers = [run.difference for row in found.rows for side in (0, 1) for run in found.runs(row, side)]
    assert set(numbers) - {0} == set(range(1, found.differences + 1))
    assert all(one.first <= other.first for one, other in pairwise(found.rows))


def _some(texts) -> list[Line]:
    found, at = [], 0.0
    for text, pause, speaker in texts:
        found.append(_said(text, at + pause, speaker=speaker))
        at = found[-1].end
    return found


def test_three_hours_take_a_moment():
    """25,000 words of which every tenth differs: 0.2 s of processor time on a slow machine (2026-11-28)."""
    left = [_said(" ".join(_word(at * 17 + place) for place in range(17)), at * 7.2) for at in range(1500)]
    right = [_said(each.text.replace("7", "x"), each.start + 0.2) for each in left]
    began = time.process_time()
    found = Comparison(left, right)
    assert found.differences > 1000
    assert time.process_time() - began < 2


def test_words_that_share_a_moment_take_no_longer():
    """As in a file that somebody brought: all of it within a second."""
    left, right = ([Line(at / 6000, at / 6000, f" w{at * factor % 4001}") for at in range(6000)] for factor in (17, 19))
    began = time.process_time()
    Comparison(left, right)
    assert time.process_time() - began < 2


def _word(number: int) -> str:
    return f"w{number * 7919 % 30 if number % 3 else number * 104729 % 5000}"
