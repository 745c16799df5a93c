import random
import warnings

import pytest

from speech.der import Errors, Span, score


def test_score_of_the_same_turns_under_other_names_is_perfect():
    reference = [(0.0, 2.0, "ann"), (1.5, 4.0, "ben")]
    heard = [(0.0, 2.0, "2"), (1.5, 4.0, "1")]

    assert score(reference, heard, duration=5.0, collar=0.0) == Errors(0.0, 0.0, 0.0, 4.5)


def test_score_tells_missed_invented_and_confused_apart():
    reference = [(0.0, 4.0, "ann"), (4.0, 8.0, "ben")]
    heard = [(1.0, 4.0, "1"), (4.0, 7.0, "2"), (7.0, 8.0, "1"), (8.0, 9.0, "2")]

    found = score(reference, heard, duration=10.0, collar=0.0)

    assert found == Errors(missed=1.0, invented=1.0, confused=1.0, total=8.0)
    assert found.rate == pytest.approx(3 / 8)


def test_score_leaves_out_the_collar_half_on_either_side():
    reference = [(2.0, 4.0, "ann")]

    assert score(reference, [], duration=10.0, collar=0.5) == Errors(missed=1.5, total=1.5)


def test_score_of_nothing_is_no_error():
    assert score([], [], duration=3.0, collar=0.25).rate == 0.0


def test_score_agrees_with_pyannote():
    chance = random.Random(7)
    for _ in range(20):
        reference, heard = _turns(chance, "abc"), _turns(chance, "1234")
        for collar in (0.0, 0.25):
            found = score(reference, heard, duration=30.0, collar=collar)
            assert found.rate == pytest.approx(_by_pyannote(reference, heard, collar), abs=1e-6)


def _turns(chance: random.Random, names: str) -> list[Span]:
    """Return turns of each person that do not overlap with that person's others."""
    turns = []
    for name in names:
        time = chance.uniform(0, 3)
        while time < 28:
            end = min(30.0, time + chance.uniform(0.5, 4))
            turns.append((time, end, name))
            time = end + chance.uniform(0.5, 6)
    return turns


def _by_pyannote(reference: list[Span], heard: list[Span], collar: float) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyannote.core import Annotation, Segment, Timeline
        from pyannote.metrics.diarization import DiarizationErrorRate

        annotations = []
        for turns in (reference, heard):
            annotation = Annotation()
            for index, (start, end, name) in enumerate(turns):
                annotation[Segment(start, end), index] = name
            annotations.append(annotation)
        metric = DiarizationErrorRate(collar=collar)
        return metric(*annotations, uem=Timeline([Segment(0, 30)]))
