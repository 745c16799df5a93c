"""Who is who among made-up voices."""

import numpy as np
import pytest

from speech.diarization.clustering import Heard, find_people
from speech.types import MOST_SPEAKERS, SpeakerCount

ANYBODY = SpeakerCount()


def make_heard(*times: int, spread: float = 0.02, length: float = 4.0, seed: int = 1) -> Heard:
    """Return so many voices of each of some people, each standing for a second. Voices of one person have a cosine of 0.9."""
    chance = np.random.default_rng(seed)
    people = np.repeat(np.eye(len(times), 256), times, axis=0)
    voices = people + chance.normal(size=people.shape) * spread
    voices /= np.linalg.norm(voices, axis=1, keepdims=True)
    count = len(voices)
    ones = np.ones(count, dtype=np.float32)
    return Heard(voices.astype(np.float32), ones * np.float32(length), ones, ones)


@pytest.mark.parametrize("times", [(20,), (10, 10), (30, 5), (8, 8, 8, 8, 8), (10,) * 8])
def test_finds_as_many_as_there_are(times: tuple[int, ...]):
    assert len(find_people(make_heard(*times), speakers=ANYBODY)) == len(times)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_finds_exactly_as_many_as_were_asked_for(count: int):
    assert len(find_people(make_heard(10, 10, 10), speakers=SpeakerCount(count, count))) == count


@pytest.mark.parametrize(("least", "most", "expected"), [(2, 8, 3), (4, 6, 4), (1, 2, 2), (3, 3, 3), (1, 20, 3)])
def test_stays_within_the_bounds(least: int, most: int, expected: int):
    assert len(find_people(make_heard(10, 10, 10), speakers=SpeakerCount(least, most))) == expected


def test_finds_no_more_than_there_are_voices():
    assert len(find_people(make_heard(2, 1), speakers=SpeakerCount(5, MOST_SPEAKERS))) == 3


def test_whoever_says_next_to_nothing_is_nobody():
    heard = make_heard(10, 10, 1)
    heard.seconds[-1] = 0.2

    assert len(find_people(heard, speakers=ANYBODY)) == 2


def test_short_and_mixed_voices_make_nobody():
    heard = make_heard(10, 10, 4, 4)
    heard.lengths[20:24] = 0.5
    heard.agreement[24:] = 0.3

    assert len(find_people(heard, speakers=ANYBODY)) == 2


def test_people_are_their_mean_voice():
    heard = make_heard(6, 9)

    people = find_people(heard, speakers=ANYBODY)

    likeness = heard.embeddings @ people.T
    assert np.allclose(np.linalg.norm(people, axis=1), 1.0, atol=1e-5)
    assert list(likeness.argmax(axis=1)) == [1] * 6 + [0] * 9


def test_nothing_heard_is_nobody():
    nothing = np.full((4, 256), np.nan, dtype=np.float32)
    ones = np.ones(4, dtype=np.float32)

    assert len(find_people(Heard(nothing, ones, ones, ones), speakers=ANYBODY)) == 0


def test_a_single_short_voice_is_somebody():
    assert len(find_people(make_heard(1, length=0.3), speakers=ANYBODY)) == 1


def test_very_many_voices_are_thinned_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("speech.diarization.clustering.MOST_VOICES", 50)

    assert len(find_people(make_heard(90, 60, 40), speakers=ANYBODY)) == 3
