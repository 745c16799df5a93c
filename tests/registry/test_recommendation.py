"""What is proposed for a machine: the best that is quick enough and fits."""

from dataclasses import replace

import pytest

from registry.recommendation import (
    LEAST_SPEED,
    Candidate,
    DiarizerCandidate,
    Machine,
    Recommendation,
    estimate,
    recommend,
)

GB = 1_000_000_000
LAPTOP = Machine(memory_bytes=8 * GB, threads=4)
TINY = Candidate("faster-whisper", "tiny", 20.0, GB)
BASE = Candidate("faster-whisper", "base", 9.0, GB)
SMALL = Candidate("faster-whisper", "small", 3.0, 2 * GB)
MEDIUM = Candidate("faster-whisper", "medium", 1.2, 4 * GB)
LARGE = Candidate("faster-whisper", "large-v3", None, 7 * GB, weights_bytes=3 * GB)
PYANNOTE, VAD = DiarizerCandidate("pyannote", 40.0, GB), DiarizerCandidate("vad", 200.0, GB // 2)


def _recommend(models, machine=LAPTOP, **options) -> Recommendation:
    found = recommend(models, (PYANNOTE, VAD), machine, **options)
    assert found is not None
    return found


def test_most_accurate_model_that_is_quick_enough_is_proposed():
    found = _recommend((TINY, BASE, SMALL, MEDIUM))
    assert found == Recommendation(
        "faster-whisper",
        "small",
        "pyannote",
        1,
        3.0,
        True,
        (
            "Of the installed models that are quick enough and fit, small makes the fewest mistakes.",
            "One job uses the whole processor: two at once would both take twice as long.",
        ),
    )


def test_engine_that_was_not_measured_is_not_taken_to_be_quicker_than_one_that_was():
    """Half of the models were measured on a slow machine when somebody looked."""
    slow, other = replace(BASE, speed=1.3), Candidate("whisper", "base", None, GB)
    assert _recommend((slow, other)).engine == "faster-whisper"
    assert estimate(other, (slow, other), LAPTOP) == pytest.approx(1.3 * 1.2 / 8.0)


@pytest.mark.parametrize(("speed", "model"), [(LEAST_SPEED, "medium"), (LEAST_SPEED - 0.01, "small")])
def test_twice_as_fast_as_speech_is_quick_enough(speed: float, model: str):
    assert _recommend((TINY, SMALL, replace(MEDIUM, speed=speed))).model == model


@pytest.mark.parametrize(
    ("memory", "model"), [(1.5, "tiny"), (2.2, "base"), (3.1, "base"), (3.2, "small"), (64.0, "small")]
)
def test_model_has_to_fit_beside_what_the_system_needs(memory: float, model: str):
    found = _recommend((TINY, replace(BASE, memory_bytes=GB), SMALL), Machine(int(memory * GB), 4))
    assert found.model == model


def test_smallest_is_proposed_where_none_fits_and_it_says_so():
    found = _recommend((replace(TINY, memory_bytes=GB - 1), BASE), Machine(GB, 1))
    assert (found.model, found.concurrency) == ("tiny", 1)
    assert found.reasons[0] == "No installed model fits into the memory for certain; tiny is the smallest."


def test_quickest_is_proposed_where_none_is_quick_enough_and_it_says_so():
    found = _recommend((replace(TINY, speed=1.1), replace(BASE, speed=0.5)))
    assert found.model == "tiny"
    assert found.reasons[0] == "No installed model takes half the length of a recording; tiny is the quickest."


def test_quicker_engine_is_proposed_for_the_same_model():
    assert _recommend((replace(BASE, engine="whisper", speed=2.5), BASE)).engine == "faster-whisper"
    assert _recommend((replace(BASE, engine="whisper", speed=9.5), BASE)).engine == "whisper"


def test_nothing_is_proposed_without_a_model():
    assert recommend((), (PYANNOTE,), LAPTOP) is None
    assert recommend((replace(BASE, is_installed=False),), (PYANNOTE,), LAPTOP) is None
    assert recommend((replace(BASE, model="by-hand"),), (PYANNOTE,), LAPTOP) is None


def test_model_for_english_only_is_proposed_where_english_is_expected():
    english = Candidate("faster-whisper", "small.en", 3.0, 2 * GB, english_only=True)
    assert _recommend((BASE, english)).model == "base"
    assert _recommend((BASE, english), language="de").model == "base"
    assert _recommend((BASE, english), language="en").model == "small.en"
    assert recommend((english,), (), LAPTOP) is None


@pytest.mark.parametrize(
    ("diarizers", "chosen"),
    [
        ((PYANNOTE, VAD), "pyannote"),
        ((replace(PYANNOTE, speed=None), VAD), "pyannote"),
        ((replace(PYANNOTE, speed=1.0), VAD), "vad"),
        ((replace(PYANNOTE, speed=1.0), replace(VAD, speed=1.5)), "vad"),
        ((), ""),
    ],
    ids=["best", "not measured", "slow", "all slow", "none"],
)
def test_best_diarizer_that_is_quick_enough_is_proposed(diarizers, chosen: str):
    found = recommend((BASE,), diarizers, LAPTOP)
    assert found is not None
    assert found.diarizer == chosen


@pytest.mark.parametrize(
    ("machine", "jobs"),
    [
        (Machine(8 * GB, 4), 1),
        (Machine(64 * GB, 16), 1),
        (Machine(64 * GB, 32), 2),
        (Machine(256 * GB, 128), 8),
        (Machine(3 * GB, 64), 1),
        (Machine(64 * GB, 16, card_bytes=24 * GB), 2),
        (Machine(64 * GB, 64, card_bytes=24 * GB), 2),
        (Machine(64 * GB, 16, card_bytes=3 * GB), 1),
    ],
)
def test_as_many_jobs_at_once_as_gain_from_it_and_fit(machine: Machine, jobs: int):
    assert _recommend((replace(BASE, weights_bytes=150_000_000),), machine).concurrency == jobs


def test_model_has_to_fit_on_the_card():
    fast = replace(LARGE, speed=30.0)
    assert _recommend((BASE, fast), Machine(64 * GB, 16, card_bytes=24 * GB)).model == "large-v3"
    assert _recommend((BASE, fast), Machine(64 * GB, 16, card_bytes=4 * GB)).model == "base"


def test_speed_is_estimated_by_the_nearest_model_that_was_measured():
    assert estimate(BASE, (), LAPTOP) == 9.0
    unmeasured = replace(MEDIUM, speed=None)
    assert estimate(unmeasured, (TINY, SMALL, unmeasured), LAPTOP) == pytest.approx(3.0 * 244 / 769)
    assert estimate(replace(BASE, model="base.en", speed=None), (BASE,), LAPTOP) == 9.0


def test_speed_of_another_engine_promises_nothing():
    other = replace(BASE, engine="whisper", speed=1000.0)
    assert estimate(replace(BASE, speed=None), (other,), LAPTOP) == 32.0


@pytest.mark.parametrize(
    ("machine", "speed"),
    [
        (Machine(GB, 2), 16.0),
        (Machine(GB, 0), 8.0),
        (Machine(GB, 64), 128.0),
        (Machine(GB, 2, card_bytes=GB), 128.0),
    ],
    ids=["two cores", "not known", "more than are of use", "a card"],
)
def test_speed_is_estimated_by_cores_where_nothing_was_measured(machine: Machine, speed: float):
    assert estimate(replace(BASE, speed=None), (), machine) == speed


def test_estimate_is_not_called_measured():
    found = _recommend((replace(BASE, speed=None),))
    assert (found.speed, found.is_measured) == (32.0, False)


def test_better_model_that_is_not_installed_is_named():
    missing = [replace(one, is_installed=False, speed=None) for one in (SMALL, MEDIUM, LARGE)]
    better = _recommend((BASE, *missing)).better
    assert better is not None
    assert better.model == "small"
    assert _recommend((BASE, *missing), Machine(64 * GB, 4)).better == better
    assert _recommend((BASE, *missing), Machine(3 * GB, 4)).better is None
    assert _recommend((SMALL, *missing[1:])).better is None


SLOW = Candidate("whisper", "base", 1.4, GB)
GONE = replace(BASE, is_installed=False)
TINY_EN = Candidate("faster-whisper", "tiny.en", 30.0, GB, english_only=True)


def test_default_that_is_missing_is_to_be_installed_first():
    found = _recommend((SLOW, GONE, TINY_EN), default=("faster-whisper", "base"))
    assert (found.engine, found.model, found.must_be_installed, found.better) == ("faster-whisper", "base", True, GONE)
    said = "base is the default, and its files are missing or damaged: install it again first."
    assert found.reasons[0] == said
    assert _recommend((TINY, GONE), default=("faster-whisper", "base")).must_be_installed
    assert _recommend((SMALL, GONE), default=("faster-whisper", "base")).model == "small"


def test_model_that_is_quick_enough_is_installed_before_a_slow_one_is_proposed():
    found = _recommend((SLOW, GONE, replace(TINY, is_installed=False)), default=("whisper", "base"))
    assert (found.engine, found.model, found.must_be_installed) == ("faster-whisper", "base", True)
    assert found.reasons[0] == (
        "No installed model takes half the length of a recording; base (faster-whisper) would: install it first."
    )
    beyond = replace(GONE, is_within_reach=False)
    assert not _recommend((SLOW, beyond), default=("faster-whisper", "base")).must_be_installed


def test_quick_model_for_english_only_is_said_to_be_left_out():
    assert _recommend((SLOW, TINY_EN)).reasons[0] == (
        "No installed model but tiny.en, which knows English only, takes half the length of a recording; "
        "base is the quickest of the others."
    )
