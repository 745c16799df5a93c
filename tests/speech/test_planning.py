import random

import pytest

from speech import planning
from speech.types import Piece, Plan


def _spans(seed: int) -> list[tuple[float, float]]:
    chance, time, spans = random.Random(seed), 0.0, []
    for _ in range(chance.randint(1, 120)):
        start = time + chance.choice([0.0, 0.05, 0.4, 1.2, 3.0, 9.0])
        time = start + chance.uniform(0.1, 24.5)
        spans.append((start, time))
    return spans


def test_cut_pieces_of_silence_is_empty():
    assert planning.cut_pieces([]) == []


@pytest.mark.parametrize("seed", range(30))
def test_cut_pieces_keeps_every_span_once_in_order(seed: int):
    spans = _spans(seed)

    pieces = planning.cut_pieces(spans)

    assert [span for piece in pieces for span in piece.speech] == spans
    assert all(piece.end - piece.start <= planning.LONGEST_PIECE for piece in pieces)
    assert all((piece.start, piece.end) == (piece.speech[0][0], piece.speech[-1][1]) for piece in pieces)


@pytest.mark.parametrize("seed", range(30))
def test_cut_pieces_never_bridges_a_long_silence(seed: int):
    for piece in planning.cut_pieces(_spans(seed)):
        for (_, end), (start, _) in zip(piece.speech, piece.speech[1:], strict=False):
            assert start - end <= planning.LONGEST_GAP


def test_cut_pieces_cuts_in_the_longest_silence():
    spans = [(0.0, 9.0), (9.1, 14.0), (16.0, 22.0), (22.1, 36.0)]

    assert [piece.start for piece in planning.cut_pieces(spans)] == [0.0, 16.0]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 12, 25])
def test_group_batches_covers_all_pieces_once(count: int):
    pieces = [Piece(index, index + 1.0, ((index, index + 1.0),)) for index in range(count)]

    batches = planning.group_batches(pieces, size=8)

    assert [index for first, last in batches for index in range(first, last)] == list(range(count))
    assert all(last - first <= 8 for first, last in batches)


def test_plan_position_ends_with_the_recording():
    pieces = (Piece(2.0, 20.0, ((2.0, 20.0),)), Piece(30.0, 50.0, ((30.0, 50.0),)))
    plan = Plan(60.0, "en", 0.9, pieces, ((0, 1), (1, 2)))

    assert [plan.position_after(done) for done in range(3)] == [0.0, 20.0, 60.0]
    assert plan.speech_seconds == 38.0


def test_plan_of_silence_is_done_at_once():
    assert Plan(60.0, "", 0.0, (), ()).position_after(0) == 60.0
