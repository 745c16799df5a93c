"""How likely a recognised word is wrong."""

from dataclasses import replace

import pytest

from speech.doubt import CALIBRATIONS, DOUBTFUL, Doubt, doubtful, signs
from speech.types import Segment

CALM = Segment(0.0, 4.0, "", mean_log_probability=-0.2, no_speech_probability=0.01)


def rows(*probabilities: float | None, text: str = "word") -> list[list[object]]:
    return [[place, place + 1, f" {text}{place}", probability] for place, probability in enumerate(probabilities)]


def places(found: list[Doubt]) -> list[int]:
    return [doubt.place for doubt in found]


def test_words_of_low_probability_are_doubtful():
    found = doubtful(CALM, rows(0.98, 0.2, 0.97), engine="faster-whisper")
    assert places(found) == [1]
    assert DOUBTFUL <= found[0].chance < 1
    assert found[0].reasons == ("it was hard to make out",)


def test_words_beside_doubtful_ones_are_more_doubtful():
    alone, among = (doubtful(CALM, rows(beside, 0.3, beside), engine="faster-whisper") for beside in (0.6, 0.3))
    chance = next(doubt.chance for doubt in among if doubt.place == 1)
    assert all(doubt.chance < chance for doubt in alone)


@pytest.mark.parametrize("engine", [*CALIBRATIONS, "fake", ""])
def test_less_probable_words_are_never_less_doubtful(engine: str):
    chances = [doubtful(CALM, rows(0.9, step / 20, 0.9), engine=engine) for step in range(21)]
    shown = [found[0].chance if found else 0.0 for found in chances]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] > 0.5
    assert shown[-1] == 0.0


def test_the_bound_leaves_no_doubtful_word_out(monkeypatch: pytest.MonkeyPatch):
    words = rows(0.99, 0.45, 0.5, 0.3, 0.95, 0.62, 0.01, 0.7)
    segment = replace(CALM, mean_log_probability=-0.9)
    found = doubtful(segment, words, engine="whisper")
    monkeypatch.setattr("speech.doubt._bound", lambda *_: 1.0)
    assert doubtful(segment, words, engine="whisper") == found


def test_what_a_person_wrote_or_heard_is_not_doubtful():
    words = [[0, 1, " one", None, True], [1, 2, " two", 0.1, False, True], [2, 3, " three", 0.1]]
    assert places(doubtful(CALM, words, engine="whisper")) == [2]


def test_phrase_that_stands_in_a_row_is_doubtful_however_probable():
    words = [
        [0, 1, f" {word}", 0.99] for word in ("So", "thank", "you.", "Thank", "you,", "thank", "you", "thank", "you")
    ]
    found = doubtful(replace(CALM, doubts=("repetition",)), words, engine="faster-whisper")
    assert places(found) == list(range(1, 9))
    assert found[0].chance == 0.75
    assert found[0].reasons == ("the text repeats here",)


def test_segment_that_stands_in_a_row_is_doubtful():
    assert places(doubtful(CALM, rows(0.99, 0.99), engine="whisper", times_said=4)) == [0, 1]
    assert doubtful(CALM, rows(0.99, 0.99), engine="whisper", times_said=3) == []


def test_silence_and_estimated_times_add_to_doubt():
    words = rows(0.97, 0.45, 0.97)
    assert doubtful(CALM, words, engine="faster-whisper") == []
    silent = doubtful(replace(CALM, no_speech_probability=0.8), words, engine="faster-whisper")
    assert silent[0].reasons == ("perhaps nobody speaks here", "it was hard to make out")
    words[1] = [*words[1], True]
    [doubt] = doubtful(replace(CALM, mean_log_probability=-0.5), words, engine="faster-whisper")
    assert doubt.reasons == ("it was hard to make out", "its time is estimated")


def test_word_of_which_nothing_in_particular_is_wrong_was_not_quite_clear():
    [doubt] = doubtful(replace(CALM, mean_log_probability=-0.6), rows(0.9, 0.52, 0.9), engine="faster-whisper")
    assert doubt.reasons == ("it was not quite clear",)


@pytest.mark.parametrize("figure", [float("inf"), float("-inf"), 1e300, -1e300, 0.0])
def test_figures_that_are_not_known_or_cannot_be_do_no_harm(figure: float):
    strange = replace(CALM, mean_log_probability=figure, no_speech_probability=figure)
    found = doubtful(strange, rows(0.99, 0.02, 0.99), engine="faster-whisper")
    assert places(found)[:1] in ([0], [1])
    assert all(0 <= doubt.chance <= 1 for doubt in found)
    assert places(doubtful(CALM, rows(0.99, -1e300, 1e300), engine="whisper")) == [1]


def test_no_words_have_no_doubts():
    assert doubtful(CALM, [], engine="whisper") == []
    assert doubtful(CALM, rows(None, None), engine="whisper") == []


def test_signs_of_a_word_that_stands_alone_are_its_own():
    [[own, beside, mean]] = signs(CALM, rows(0.5))
    assert (own, beside, mean) == (0.0, 0.0, 0.2)
