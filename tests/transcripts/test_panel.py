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
        ([(1, None, False)], None),
        ([(1, None, True), (2, None, True)], 2),
        ([(1, None, True), (2, None, True), (3, 2, True)], 1),
        ([(1, None, True), (2, 1, True)], None),
        ([(1, None, True), (2, 1, True), (3, 2, True)], 3),
        ([(1, None, True), (2, 1, True), (3, 2, True), (4, 3, True)], None),
        ([(1, None, True), (2, None, False)], 1),
    ],
)
def test_latest_change_is_the_newest_that_is_in_effect_and_can_go(
    edits: list[tuple[int, int | None, bool]], change: int | None
):
    assert latest_change(edits) == change
