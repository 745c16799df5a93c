"""What the benchmark of corrected words counts, without weights."""

import pytest

from transcripts.correcting import Word
from transcripts.correction_benchmarks import by_another_model, every_tenth


def said(text: str, *, shift: float = 0.0) -> list[Word]:
    return [Word(place + shift, place + shift + 0.8, f" {word}", 0.9) for place, word in enumerate(text.split())]


def test_every_tenth_word_moves_no_other():
    times = every_tenth(said(" ".join(f"word{chr(97 + place % 26)}{place}" for place in range(66))))
    assert (len(times.errors), times.moved) == (8, 0)
    assert times.median_seconds < 0.1


def test_errors_are_told_against_the_true_times():
    times = by_another_model(said("one too three"), said("one two three", shift=0.25))
    assert times.errors == (pytest.approx(0.25),)
    assert (times.unchanged, times.moved) == (2, 0)
    assert (times.share_within(0.15), times.share_within(0.3)) == (0.0, 1.0)


def test_nothing_recognised_is_nothing_wrong():
    assert by_another_model([], said("one")).errors == ()
