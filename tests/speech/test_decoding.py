import numpy as np

from speech.asr.decoding import Decoded, Window, best, left_out, split_at_timestamps
from speech.types import SAMPLE_RATE, Piece, Segment

FIRST = 1000


def _stamp(seconds: float) -> int:
    return FIRST + round(seconds / 0.02)


def _window(start: float, end: float) -> Window:
    return Window(0, start, np.zeros(int((end - start) * SAMPLE_RATE), dtype=np.float32))


def _decoded(text: str, *, mean: float = -0.2, temperature: float = 0.0) -> Decoded:
    return Decoded((1,), text, mean, 0.0, temperature)


def test_split_at_timestamps_gives_each_stretch_its_times():
    tokens = [_stamp(0.0), 5, 6, _stamp(2.5), _stamp(3.0), 7, _stamp(4.0)]

    assert split_at_timestamps(tokens, first_timestamp=FIRST, seconds=5.0) == [(0.0, 2.5, [5, 6]), (3.0, 4.0, [7])]


def test_split_at_timestamps_closes_an_open_stretch_with_the_window():
    tokens = [_stamp(0.0), 5, _stamp(2.0), _stamp(2.0), 6, 7]

    assert split_at_timestamps(tokens, first_timestamp=FIRST, seconds=5.0) == [(0.0, 2.0, [5]), (2.0, 5.0, [6, 7])]


def test_split_at_timestamps_never_passes_the_end_of_the_window():
    assert split_at_timestamps([_stamp(0.0), 5, _stamp(9.0)], first_timestamp=FIRST, seconds=5.0) == [(0.0, 5.0, [5])]


def test_split_at_timestamps_of_no_tokens_is_empty():
    assert split_at_timestamps([], first_timestamp=FIRST, seconds=5.0) == []


def test_left_out_is_speech_without_text():
    piece = Piece(100.0, 120.0, ((100.0, 108.0), (109.0, 120.0)))
    segments = [Segment(100.0, 104.0, "a"), Segment(110.0, 116.0, "b")]

    windows = left_out(piece, _window(100.0, 120.0), segments)

    assert [(window.start, window.end) for window in windows] == [(104.0, 108.0), (116.0, 120.0)]


def test_left_out_is_empty_where_all_speech_has_text():
    piece = Piece(0.0, 20.0, ((0.0, 8.0), (15.0, 20.0)))

    assert left_out(piece, _window(0.0, 20.0), [Segment(0.0, 8.5, "a"), Segment(14.9, 19.0, "b")]) == []


def test_best_takes_the_first_without_doubts():
    assert (
        best([_decoded("x " * 60), _decoded("fine", temperature=0.2), _decoded("fine too", mean=-0.1)]).temperature
        == 0.2
    )


def test_best_prefers_low_probability_to_a_loop():
    assert best([_decoded("loop " * 60, mean=-0.1), _decoded("a calm moon", mean=-1.5)]).text == "a calm moon"
