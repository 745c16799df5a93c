"""What transcribed which pieces."""

from speech.types import Piece
from transcripts.makers import MADE_BY, note

PIECES = tuple(Piece(float(start), float(start + 2), ()) for start in range(0, 12, 2))
BASE = {"engine": "faster-whisper", "model": "base", "device": "cuda", "weights_sha256": "b"}
TINY = BASE | {"model": "tiny", "weights_sha256": "t"}


def _made_by(provenance: dict) -> list[tuple]:
    return [
        (one["model"], one["first_piece"], one["last_piece"], one["start"], one["end"]) for one in provenance[MADE_BY]
    ]


def test_job_of_one_maker_has_no_list():
    assert note(BASE | {"seed": 0}, PIECES, (0, 2), BASE, is_whole=True) == BASE | {"seed": 0}


def test_what_is_not_known_of_both_makes_no_difference():
    provenance = BASE | {"seed": 0}
    assert note(provenance, PIECES, (0, 2), BASE | {"engine_version": "1"}, is_whole=True) == provenance


def test_maker_of_a_batch_is_expected_to_make_the_rest():
    first = note(BASE, PIECES, (2, 4), TINY, is_whole=True)
    assert _made_by(first) == [("base", 0, 1, 0.0, 4.0), ("tiny", 2, 5, 4.0, 12.0)]
    assert note(first, PIECES, (4, 6), TINY, is_whole=True) == first
    assert first["model"] == "tiny"


def test_third_maker_takes_what_is_left():
    first = note(BASE, PIECES, (1, 2), TINY, is_whole=True)
    again = note(first, PIECES, (4, 6), TINY | {"device": "cpu"}, is_whole=True)
    assert [(one["device"], one["first_piece"]) for one in again[MADE_BY]] == [("cuda", 0), ("cuda", 1), ("cpu", 4)]


def test_another_maker_of_the_first_batch_made_all():
    assert note(BASE, PIECES, (0, 2), TINY, is_whole=True) == TINY


def test_filled_gap_leaves_the_others_to_their_makers():
    filled = note(BASE, PIECES, (3, 4), TINY, is_whole=False)
    assert _made_by(filled) == [("base", 0, 2, 0.0, 6.0), ("tiny", 3, 3, 6.0, 8.0), ("base", 4, 5, 8.0, 12.0)]


def test_pieces_of_several_channels_may_overlap():
    pieces = (Piece(0.0, 9.0, (), 1), Piece(1.0, 3.0, (), 2), Piece(10.0, 12.0, (), 1))
    assert _made_by(note(BASE, pieces, (2, 3), TINY, is_whole=True))[0] == ("base", 0, 1, 0.0, 9.0)
