"""A look never raises, never takes longer than its limit, and is not repeated while it hangs."""

import threading
import time

import pytest

from sysinfo import programs
from sysinfo.probing import Finding, Look, NotKnown, find
from tests.sysinfo.conftest import PutProgram


def test_found_value_has_no_reason():
    assert find(lambda: 42) == Finding(42)
    assert Look("a number", lambda: 42).finding() == Finding(42)


def test_what_is_not_known_has_its_reason():
    def probe() -> int:
        raise NotKnown("The firmware does not tell.")

    assert find(probe) == Look("the firmware", probe).finding() == Finding(None, "The firmware does not tell.")


def test_error_becomes_a_reason_and_is_logged(caplog: pytest.LogCaptureFixture):
    assert find(lambda: 1 // 0) == Finding(None, "This could not be found out (ZeroDivisionError).")
    assert "division" in caplog.text


def test_look_that_hangs_ends_at_its_limit_and_is_not_repeated():
    release, looks = threading.Event(), []

    def probe() -> None:
        looks.append(1)
        release.wait(10)

    began = time.monotonic()
    findings = [Look("a disk that is away", probe, limit_seconds=0.2).finding() for _ in range(3)]
    assert time.monotonic() - began < 2
    release.set()
    assert findings == [Finding(None, "This machine did not tell within 0.2 s.")] * 3
    assert looks == [1]


def test_program_that_is_missing_fails_or_hangs_gives_a_sentence(put_program: PutProgram):
    put_program("tells", says="all is well")
    put_program("fails", says="no\n  driver", status=9)
    put_program("hangs", seconds=20)
    assert programs.ask("tells") == "all is well"
    with pytest.raises(programs.NotInstalled, match="is-not-there is not installed."):
        programs.ask("is-not-there")
    with pytest.raises(NotKnown, match="fails failed: no driver"):
        programs.ask("fails")
    with pytest.raises(NotKnown, match="hangs did not answer within 0.3 s."):
        programs.ask("hangs", limit_seconds=0.3)
