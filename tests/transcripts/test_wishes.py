"""How the pages reach the supervisor: by a pipe, and by nothing that only looks like it."""

import os

import pytest

from transcripts import wishes
from transcripts.wishes import Ear, Wish


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    ear = Ear()
    for name, value in ear.environment.items():
        monkeypatch.setenv(name, value)
    return ear


def test_wish_is_heard_once(ear: Ear):
    assert wishes.can_ask()
    assert ear.heard() is None
    assert wishes.ask(Wish.RESTART)
    assert ear.heard() == Wish.RESTART
    assert ear.heard() is None


def test_last_wish_counts(ear: Ear):
    for wish in (Wish.RESTART, Wish.STOP):
        wishes.ask(wish)
    assert ear.heard() == Wish.STOP


def test_what_is_no_wish_is_not_heard(ear: Ear):
    os.write(ear.descriptor, b"\xff\x00 please rest art\n")
    assert ear.heard() is None


@pytest.mark.parametrize("value", ["", "x", "1", "-1:2", "99999:1", ":", "{descriptor}:1", "1:{inode}"])
def test_process_outside_of_a_supervisor_reaches_none(ear: Ear, monkeypatch: pytest.MonkeyPatch, value: str):
    inode = os.fstat(ear.descriptor).st_ino
    monkeypatch.setenv(wishes.VARIABLE, value.format(descriptor=ear.descriptor, inode=inode))
    assert not wishes.can_ask()
    assert not wishes.ask(Wish.STOP)
    assert ear.heard() is None


def test_program_that_does_not_inherit_the_pipe_reaches_none(ear: Ear, tmp_path):
    """A file has the number that the variable names, as in a program that the pages start."""
    with (tmp_path / "other").open("w") as other:
        os.dup2(other.fileno(), ear.descriptor)
        assert not wishes.can_ask()
        os.close(ear.descriptor)
    assert not wishes.can_ask()
