from speech.diarization.turns import number
from speech.types import Turn


def test_people_are_numbered_by_their_first_turn():
    stretches = [(4.0, 5.0, "b"), (0.0, 2.0, "c"), (1.5, 3.0, "a"), (6.0, 7.0, "c")]

    assert number(stretches, duration=10.0) == (
        Turn(0.0, 2.0, 1),
        Turn(1.5, 3.0, 2),
        Turn(4.0, 5.0, 3),
        Turn(6.0, 7.0, 1),
    )


def test_turns_stay_within_the_recording():
    stretches = [(-0.2, 1.0, 0), (9.5, 11.0, 1), (10.5, 12.0, 2)]

    assert number(stretches, duration=10.0) == (Turn(0.0, 1.0, 1), Turn(9.5, 10.0, 2))
