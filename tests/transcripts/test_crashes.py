"""The ladder that a batch goes down when engines die in it."""

import signal
from collections.abc import Callable, Collection

import pytest

from speech.client import EngineDied
from speech.types import EngineError
from transcripts.crashes import Batch, Cause, Death, Phase, advice, cause_of, is_poisoned, is_survivable, split
from transcripts.engine import EngineStalled

CRASHES = [Cause.CRASH, Cause.STALL, Cause.ERROR]
SHORTAGES = [Cause.KILLED, Cause.MEMORY]
REPORTED = EngineError("There was not enough memory for this.", permanent=False, code="out_of_memory")
FAILED = EngineError("The speech engine failed.", permanent=False, code="engine_error")


def _transcribe(
    batches: list[Batch], is_deadly: Callable[[Batch], bool], cause: Cause
) -> tuple[list[Batch], list[int], int]:
    """Return the batches in the end, the pieces that were isolated, and how often an engine died."""
    deaths: list[Death] = []
    gaps: list[int] = []
    done = 0
    while done < len(batches):
        finished = batches[:done]
        if is_deadly(batches[done]):
            deaths.append(Death(batches[done], cause))
            if is_poisoned(batches[done], deaths):
                gaps.append(batches[done][0])
                done += 1
            else:
                batches = split(batches, done, deaths)
        else:
            done += 1
        assert batches[: len(finished)] == finished
    return batches, gaps, len(deaths)


def _holds(pieces: Collection[int]) -> Callable[[Batch], bool]:
    return lambda batch: any(batch[0] <= piece < batch[1] for piece in pieces)


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("size", [1, 2, 3, 8, 16])
def test_poisoned_piece_costs_at_most_five_engines_wherever_it_stands(size: int, cause: Cause):
    plan = [(0, size), (size, 2 * size), (2 * size, 2 * size + 1)]
    for poisoned in range(2 * size + 1):
        batches, gaps, deaths = _transcribe(plan, _holds([poisoned]), cause)
        assert gaps == [poisoned]
        assert deaths <= 4
        assert [piece for first, last in batches for piece in range(first, last)] == list(range(2 * size + 1))


@pytest.mark.parametrize("cause", Cause)
def test_batches_without_the_poisoned_piece_stay_as_they_are(cause: Cause):
    batches, _, _ = _transcribe([(0, 4), (4, 12), (12, 20)], _holds([5]), cause)
    assert (batches[0], batches[-1]) == ((0, 4), (12, 20))


def test_two_poisoned_pieces_of_a_batch_are_both_found():
    _, gaps, deaths = _transcribe([(0, 8)], _holds([1, 6]), Cause.CRASH)
    assert (gaps, deaths) == ([1, 6], 6)


@pytest.mark.parametrize("cause", CRASHES)
def test_batch_is_tried_once_more_as_it_is(cause: Cause):
    assert split([(0, 4), (4, 12)], 1, [Death((4, 12), cause)]) == [(0, 4), (4, 12)]


@pytest.mark.parametrize("cause", SHORTAGES)
def test_batch_that_takes_too_much_memory_is_halved(cause: Cause):
    batches, gaps, deaths = _transcribe([(0, 4), (4, 11)], lambda batch: batch[1] - batch[0] > 4, cause)
    assert (batches, gaps, deaths) == ([(0, 4), (4, 8), (8, 11)], [], 1)


def test_batch_that_takes_too_much_memory_in_halves_goes_piece_by_piece():
    batches, gaps, deaths = _transcribe([(0, 8)], lambda batch: batch[1] - batch[0] > 2, Cause.KILLED)
    assert (batches, gaps, deaths) == ([(piece, piece + 1) for piece in range(8)], [], 3)


def test_piece_is_not_given_up_for_one_death_alone():
    assert not is_poisoned((3, 4), [Death((0, 8), Cause.CRASH), Death((0, 8), Cause.CRASH), Death((3, 4), Cause.CRASH)])


def test_deaths_in_other_batches_do_not_count():
    deaths = [Death((0, 4), Cause.CRASH), Death((0, 4), Cause.CRASH), Death((4, 8), Cause.CRASH)]
    assert split([(0, 1), (1, 2), (2, 3), (3, 4), (4, 8)], 4, deaths)[4:] == [(4, 8)]


def test_death_is_the_same_after_the_database():
    death = Death((4, 8), Cause.STALL)
    assert Death.from_json(death.to_json()) == death


@pytest.mark.parametrize(
    ("err", "cause"),
    [
        (EngineDied(-signal.SIGKILL), Cause.KILLED),
        (EngineDied(-signal.SIGABRT), Cause.CRASH),
        (EngineDied(-signal.SIGSEGV), Cause.CRASH),
        (EngineDied(1), Cause.CRASH),
        (EngineStalled(), Cause.STALL),
        (REPORTED, Cause.MEMORY),
        (FAILED, Cause.ERROR),
        (EngineError("The disk is full.", permanent=False, code="disk_full"), None),
    ],
)
def test_cause_is_told_by_how_the_process_ended(err: EngineError, cause: Cause | None):
    assert cause_of(err) == cause


@pytest.mark.parametrize("phase", Phase)
def test_dead_engine_never_ends_a_job_by_itself(phase: Phase):
    assert is_survivable(EngineDied(-signal.SIGSEGV), phase)
    assert is_survivable(EngineStalled(), phase)


def test_error_counts_against_a_batch_only_while_one_is_decoded():
    assert [is_survivable(FAILED, phase) for phase in Phase] == [False, False, True, True]


def test_permanent_error_ends_the_job():
    assert not is_survivable(EngineError("No.", permanent=True, code="engine_error"), Phase.TRANSCRIBING)


def test_full_disk_is_no_fault_of_the_batch():
    full = EngineError("The disk is full.", permanent=False, code="disk_full")
    assert not is_survivable(full, Phase.TRANSCRIBING)


def test_advice_names_memory_only_where_it_ran_out():
    assert [("memory" in advice(cause)) for cause in (*CRASHES, *SHORTAGES, None)] == [False] * 3 + [True] * 2 + [False]
