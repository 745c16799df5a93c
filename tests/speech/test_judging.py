"""How well doubt tells which words are wrong."""

import re

import pytest

from speech.judging import judge, verdicts
from speech.types import EngineError, Segment, Word


def plain(text: str) -> str:
    """Return a text as the English normaliser would, as far as these tests go."""
    text = re.sub(r"[^\w ]|\buh\b", "", text.lower())
    return (
        text.replace("nineteen sixty one", "1961").replace("nineteen", "19").replace("sixty", "60").replace("one", "1")
    )


def by_character(text: str) -> str:
    return " ".join(text)


def said(*words: tuple[str, float]) -> Segment:
    found = tuple(Word(place, place + 1, f" {text}", chance) for place, (text, chance) in enumerate(words))
    return Segment(0.0, len(found), "".join(word.text for word in found), found, mean_log_probability=-0.2)


def test_verdicts_tell_wrong_words_and_those_too_many():
    words = [" So,", " ask", " no", " what", " your", " your", " country"]
    assert verdicts(words, "so ask not what your country", normalise=plain) == [
        False, False, True, False, True, False, False,
    ]  # fmt: skip


def test_verdicts_leave_out_what_is_not_compared():
    assert verdicts([" Well", " uh", " —", " yes"], "well yes", normalise=plain) == [False, None, None, False]


def test_verdicts_of_numbers_go_by_all_of_them():
    words = [" In", " nineteen", " sixty", " one", " it", " rained"]
    assert verdicts(words, "in 1961 it rained", normalise=plain) == [False] * 6
    assert verdicts(words, "in 1962 it rained", normalise=plain) == [False, True, True, True, False, False]


def test_verdicts_of_scripts_without_spaces_go_by_characters():
    assert verdicts(["你", "好", "吗"], "你坏吗", normalise=by_character) == [False, True, False]
    assert verdicts(["你好", "吗"], "你坏吗", normalise=by_character) == [True, False]


def test_judge_finds_the_wrong_words_by_a_fit_to_the_other_recordings():
    text = [(f"word{place}", 0.95) for place in range(18)]
    spoken = " ".join(word for word, _ in text)
    files = [([said(*text, ("bad", 0.2), ("worse", 0.3))], f"{spoken} good better") for _ in range(3)]
    found = judge(files, normalise=plain)
    assert found["all"]["words"] == 60
    assert found["all"]["wrong"] == found["all"]["most_doubtful"] == found["all"]["in_most_doubtful"] == 6
    assert found["all"]["error_after"] < found["all"]["error_before"]
    assert [row["words"] for row in found["files"]] == [20, 20, 20]
    assert found["fit"]["own"] > 0


def test_judge_has_nothing_to_say_where_all_is_right():
    with pytest.raises(EngineError, match="nothing to tell apart"):
        judge([([said(("yes", 0.9))], "yes"), ([], "")], normalise=plain)
