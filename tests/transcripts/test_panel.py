"""Shares of speaking time, and which change undoing takes back."""

import pytest

from transcripts.services.history import latest_change
from transcripts.views.panel import percents


@pytest.mark.parametrize(
    ("amounts", "shares"),
    [([], []), ([0.0], [0]), ([5.0], [100]), ([1.0, 1.0, 1.0], [34, 33, 33]), ([0.4, 99.4, 0.2], [1, 99, 0])],
)
def test_percents_add_up(amounts: list[float], shares: list[int]):
    assert percents(amounts) == shares


@pytest.mark.parametrize(
    ("edits", "change"),
    [
        ([], None),
        ([(1, None, None)], None),
        ([(1, None, 7), (2, None, 7)], 2),
        ([(1, None, 7), (2, None, 7), (3, 2, 7)], 1),
        ([(1, None, 7), (2, 1, 7)], None),
        ([(1, None, 7), (2, 1, 7), (3, 2, 7)], 3),
        ([(1, None, 7), (2, 1, 7), (3, 2, 7), (4, 3, 7)], None),
        ([(1, None, 7), (2, None, None)], 1),
    ],
)
def test_latest_change_is_the_newest_by_a_person_that_is_in_effect(
    edits: list[tuple[int, int | None, int | None]], change: int | None
):
    assert latest_change(edits) == change
