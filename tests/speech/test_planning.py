import random
from pathlib import Path

import numpy as np
import pytest

from speech import planning, vad
from speech.types import SAMPLE_RATE, Piece, Plan, to_json


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


def test_plan_position_of_channels_is_where_all_are_transcribed_and_never_goes_back():
    spans = ((0.0, 20.0, 1), (3.0, 5.0, 2), (21.0, 25.0, 2), (24.0, 40.0, 1), (26.0, 27.0, 2))
    pieces = tuple(Piece(start, end, ((start, end),), channel) for start, end, channel in spans)
    plan = Plan(60.0, "en", 0.9, pieces, tuple((index, index + 1) for index in range(5)))

    assert plan.is_by_channel
    assert [plan.position_after(done) for done in range(6)] == [0.0, 3.0, 20.0, 24.0, 26.0, 60.0]


def test_plan_made_before_there_were_channels_can_be_read():
    data = {
        **to_json(Plan(9.0, "en", 0.9, (), ((0, 1),))),
        "pieces": [{"start": 0.0, "end": 9.0, "speech": [[0.0, 9.0]]}],
    }

    plan = Plan.from_json(data)

    assert plan.pieces == (Piece(0.0, 9.0, ((0.0, 9.0),), 0),)
    assert not plan.is_by_channel


def test_plan_position_of_the_gaps_of_another_job():
    pieces = tuple(Piece(index * 10.0, index * 10.0 + 9.0, ()) for index in range(3))

    assert Plan(30.0, "en", 0.9, pieces, ((2, 3), (0, 1))).position_after(1) == 29.0


def test_plan_of_silence_is_done_at_once():
    assert Plan(60.0, "", 0.0, (), ()).position_after(0) == 60.0


def test_all_that_can_be_heard_is_speech_where_the_detector_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ten seconds of sound, five of silence and forty of sound that is quieter at 36 s than elsewhere."""
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 3000, 55 * SAMPLE_RATE)
    sound[10 * SAMPLE_RATE : 15 * SAMPLE_RATE] = 0
    sound[36 * SAMPLE_RATE : 37 * SAMPLE_RATE] /= 20
    (tmp_path / "work.pcm").write_bytes(sound.astype(np.int16).tobytes())
    monkeypatch.setattr(vad, "_model_path", lambda: None)

    spans = vad.find_speech(tmp_path / "work.pcm", on_progress=lambda done, total: None)

    assert vad.warnings() == [vad.WITHOUT_DETECTOR]
    assert spans[0] == (0.0, pytest.approx(10.3, abs=0.05))
    assert [round(end) for _, end in spans[1:]] == [37, 55]
