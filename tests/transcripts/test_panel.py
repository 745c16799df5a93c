"""Shares of speaking time, and which change undoing takes back."""

import pytest

from transcripts.services.history import Entry, latest_change, latest_undone
from transcripts.views.panel import percents


@pytest.mark.parametrize(
    ("amounts", "shares"),
    [([], []), ([0.0], [0]), ([5.0], [100]), ([1.0, 1.0, 1.0], [34, 33, 33]), ([0.4, 99.4, 0.2], [1, 99, 0])],
)
def test_percents_add_up(amounts: list[float], shares: list[int]):
    assert percents(amounts) == shares


ME, YOU = 1, 2


@pytest.mark.parametrize(
    ("edits", "change"),
    [
        ([], None),
        ([(1, None, False, None)], None),
        ([(1, None, True, ME), (2, None, True, ME)], 2),
        ([(1, None, True, ME), (2, None, True, ME), (3, 2, True, ME)], 1),
        ([(1, None, True, ME), (2, 1, True, ME)], None),
        ([(1, None, True, ME), (2, 1, True, ME), (3, 2, True, ME)], 3),
        ([(1, None, True, ME), (2, 1, True, ME), (3, 2, True, ME), (4, 3, True, ME)], None),
        ([(1, None, True, ME), (2, None, False, None)], 1),
        ([(1, None, True, None), (2, None, True, YOU)], 1),
        ([(1, None, True, ME), (2, None, True, YOU)], 1),
        ([(1, None, True, YOU), (2, 1, True, YOU), (3, 2, True, YOU)], None),
        ([(1, None, True, ME), (2, 1, True, YOU)], None),
    ],
)
def test_latest_change_is_ones_newest_that_is_in_effect_and_can_go(edits: list[Entry], change: int | None):
    assert latest_change(edits, ME) == change


@pytest.mark.parametrize(
    ("edits", "undone"),
    [
        ([(1, None, True, ME), (2, 1, True, ME)], 2),
        ([(1, None, True, ME), (2, 1, True, ME), (3, None, True, YOU)], 2),
        ([(1, None, True, ME), (2, 1, True, ME), (3, None, True, ME)], None),
        ([(1, None, True, YOU), (2, 1, True, YOU)], None),
    ],
)
def test_latest_undone_is_ones_newest_after_which_one_did_nothing(edits: list[Entry], undone: int | None):
    assert latest_undone(edits, ME) == undone
