"""What a job says that goes on in other circumstances."""

import pytest

from transcripts.pins import differences, other_batches

PLANNED = {
    "engine": "faster-whisper",
    "engine_version": "1.2.1",
    "model": "base",
    "device": "cuda",
    "compute_type": "float16",
    "instruction_set": "",
    "threads": 8,
    "beam_size": 5,
}


@pytest.mark.parametrize("now", [{}, {name: PLANNED[name] for name in PLANNED if name != "beam_size"}])
def test_differences_are_none_where_nothing_changed_or_nothing_is_known(now):
    assert differences(now, PLANNED) == []


@pytest.mark.parametrize("change", [{"engine": "whisper"}, {"model": "small"}])
def test_differences_are_left_to_the_warning_of_another_engine(change):
    assert differences(PLANNED | change | {"engine_version": "20250625"}, PLANNED) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"engine_version": "1.3.0"}, "another engine version (1.3.0 instead of 1.2.1)"),
        ({"device": "cpu"}, "another device (cpu instead of cuda)"),
        ({"compute_type": "int8"}, "another compute type (int8 instead of float16)"),
        ({"instruction_set": "AVX2"}, "another instruction set (AVX2 instead of none)"),
        ({"threads": 4}, "another number of threads (4 instead of 8)"),
    ],
)
def test_differences_are_named(change, named):
    warning = f"This job went on with {named}, so its text may differ slightly from an undisturbed run."
    assert differences(PLANNED | change, PLANNED) == [warning]


def test_smaller_batches_are_told_of_on_a_graphics_card_only():
    warning = "This job went on with smaller batches, so its text may differ slightly from an undisturbed run."
    assert (other_batches(PLANNED), other_batches(PLANNED | {"device": "cpu"})) == ([warning], [])
