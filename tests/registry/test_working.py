"""Long work done for real: a process of its own, a publisher on the loopback that behaves well or badly."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings as project
from pytest_django import Settings

from registry import scan, working, works
from registry.models import SpeechModel, Work
from speech.weights import COMMUNITY, ENCODER, known
from tests.speech.weights.conftest import Publisher, serving

pytestmark = pytest.mark.django_db

FILE = known(engine="diarization", model=ENCODER).files[0]
ADDRESS = FILE.url.partition("://")[2]
REAL = project.BASE_DIR / "models" / "diarization" / ENCODER / FILE.name
ZEROS = bytes(FILE.size_bytes)


@pytest.fixture
def mirror(settings: Settings, weights_folder: Path) -> Iterator[Publisher]:
    """Return a mirror of the speaker encoder's publisher. What it has is of the right size, and wrong."""
    settings.WEIGHTS_SOURCES = ["publisher"]
    with serving(Publisher(files={ADDRESS: ZEROS})) as host:
        settings.WEIGHTS_MIRROR = host.url
        yield host
        host.pause_seconds = 0.0


@pytest.fixture
def encoder(db: None) -> SpeechModel:
    return SpeechModel.objects.get(store="diarization", key=ENCODER)


def do(
    model: SpeechModel, kind: Work.Kind = Work.Kind.INSTALL, *, should_stop: Callable[[], bool] = lambda: False
) -> Work:
    """Ask for work, do it, and return how it ended."""
    work, _ = works.ask(model, kind)
    working.do(works.claim(holder="a test"), should_stop=should_stop)
    work.refresh_from_db()
    model.refresh_from_db()
    return work


def part_of(folder: Path) -> Path:
    return folder / ".incoming" / "diarization" / ENCODER / f"{FILE.name}.part"


def helper() -> psutil.Process:
    [process] = helpers()
    return process


def helpers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if _is_helper(child)]


def _is_helper(child: psutil.Process) -> bool:
    try:
        return "--network" in child.cmdline()
    except psutil.NoSuchProcess:  # Killed, and perhaps not collected yet.
        return False


@pytest.mark.parametrize(
    ("misdeed", "sentence"),
    [
        ({}, "pretrained.pt was delivered with other content than it must have"),
        ({"status": 404}, "it answered 404 Not Found"),
        ({"status": 500}, "it answered 500 Internal Server Error"),
        ({"told_bytes": 999}, "has another pretrained.pt: it is 999 bytes long and must be 17,090,379"),
        ({"told_bytes": 99_999_999}, "has another pretrained.pt: it is 99,999,999 bytes long and must be 17,090,379"),
        ({"files": {ADDRESS: ZEROS[:-1]}}, "it is 17,090,378 bytes long and must be"),
        ({"files": {ADDRESS: ZEROS + b"!"}}, "it is 17,090,380 bytes long and must be"),
        ({"files": {ADDRESS: ZEROS + b"!"}, "told_bytes": -1}, "was delivered with other content"),
    ],
)
def test_publisher_that_lies_or_fails_leaves_a_sentence_and_no_half_model(
    mirror: Publisher, encoder: SpeechModel, weights_folder: Path, misdeed: dict[str, object], sentence: str
):
    for name, value in misdeed.items():
        setattr(mirror, name, value)

    work = do(encoder)

    assert work.state == Work.State.FAILED
    assert work.message.startswith("diarization/ge2e could not be installed.")
    assert sentence in work.message
    assert encoder.status == SpeechModel.Status.ABSENT
    assert not (weights_folder / "diarization").exists()


def test_gated_weights_without_a_token_say_what_to_do(mirror: Publisher, settings: Settings, monkeypatch):
    settings.WEIGHTS_MIRROR = ""
    monkeypatch.delenv("HF_TOKEN", raising=False)

    work = do(SpeechModel.objects.get(store="diarization", key=COMMUNITY))

    assert work.state == Work.State.FAILED
    assert "Make a token there and put it into the environment of the command, or of the worker, as HF_TOKEN" in (
        work.message
    )


@pytest.mark.parametrize("address", ["file:///etc/hidden", "http://user:hidden@mirror.example/", "http://[hidden"])
def test_mirror_that_is_no_web_address_or_has_a_password_is_refused_and_not_told(
    mirror: Publisher, settings: Settings, encoder: SpeechModel, address: str
):
    settings.WEIGHTS_MIRROR = address

    message = do(encoder).message

    assert "SELENITE_WEIGHTS_MIRROR must be an address" in message
    assert "hidden" not in message


def test_work_is_cancelled_within_two_seconds_and_keeps_what_came(
    mirror: Publisher, encoder: SpeechModel, weights_folder: Path
):
    mirror.pause_seconds = 0.1
    asked_at = 0.0

    def cancel_soon() -> bool:
        nonlocal asked_at
        work = Work.objects.get()
        if work.done_bytes and not asked_at:
            assert work.step == "Downloading from 127.0.0.1"
            asked_at = time.monotonic()
            works.cancel(work.pk)
        return False

    work = do(encoder, should_stop=cancel_soon)

    assert time.monotonic() - asked_at < 2
    assert (work.state, work.message) == (Work.State.CANCELLED, works.CANCELLED[work.kind])
    assert 0 < part_of(weights_folder).stat().st_size < FILE.size_bytes
    assert psutil.Process().children() == []


def test_work_goes_back_into_the_queue_when_the_service_stops(mirror: Publisher, encoder: SpeechModel):
    mirror.pause_seconds = 0.1
    began = time.monotonic()

    work = do(encoder, should_stop=lambda: time.monotonic() - began > 2)

    assert (work.state, work.lease_token, work.message) == (Work.State.QUEUED, None, "")
    assert psutil.Process().children() == []


def test_work_that_was_taken_away_leaves_nothing_running(mirror: Publisher, encoder: SpeechModel):
    mirror.pause_seconds = 0.1

    def lose() -> bool:
        if Work.objects.get().done_bytes:
            works.rescue(lambda holder: True)
        return False

    work = do(encoder, should_stop=lose)

    assert work.state == Work.State.QUEUED
    assert psutil.Process().children() == []


def test_process_that_is_killed_again_and_again_is_given_up(mirror: Publisher, encoder: SpeechModel):
    mirror.pause_seconds = 0.05
    killed: set[int] = set()

    def kill() -> bool:
        for process in helpers():
            if process.pid not in killed and Work.objects.get().done_bytes:
                killed.add(process.pid)
                process.kill()
        return False

    work = do(encoder, should_stop=kill)

    assert work.state == Work.State.FAILED
    assert work.message == working.GIVEN_UP
    assert len(killed) == working.TRIES


def test_unknown_kind_of_work_is_said(encoder: SpeechModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(working.WAYS, Work.Kind.VERIFY)

    assert "does not know this kind of work" in do(encoder, Work.Kind.VERIFY).message


@pytest.mark.weights
def test_install_survives_a_kill_of_its_process_and_fetches_nothing_twice(
    mirror: Publisher, encoder: SpeechModel, weights_folder: Path
):
    mirror.files, mirror.pause_seconds = {ADDRESS: REAL.read_bytes()}, 0.05
    killed: list[int] = []

    def kill() -> bool:
        if not killed and Work.objects.get().done_bytes:
            killed.append(helper().pid)
            os.kill(killed[0], signal.SIGKILL)
        return False

    work = do(encoder, should_stop=kill)

    assert (work.state, work.message) == (Work.State.DONE, "diarization/ge2e is installed and verified.")
    assert encoder.status == SpeechModel.Status.VERIFIED
    assert encoder.verified_at is not None
    assert [asked != "" for _, asked in mirror.requests] == [False, True]


@pytest.mark.weights
def test_cut_connection_is_taken_up_and_the_model_verified_and_found_broken(
    mirror: Publisher, encoder: SpeechModel, weights_folder: Path
):
    mirror.files, mirror.cuts = {ADDRESS: REAL.read_bytes()}, [FILE.size_bytes // 2]
    assert do(encoder).state == Work.State.DONE
    assert do(encoder, Work.Kind.VERIFY).message == "diarization/ge2e is as it must be."

    with (weights_folder / "diarization" / ENCODER / FILE.name).open("r+b") as file:
        file.seek(FILE.size_bytes // 2)
        file.write(b"!")
    scan.refresh()
    encoder.refresh_from_db()
    assert (encoder.status, encoder.status_detail) == (SpeechModel.Status.INSTALLED, scan.CHANGED)
    work = do(encoder, Work.Kind.VERIFY)

    assert work.state == Work.State.FAILED
    assert encoder.status == SpeechModel.Status.BROKEN
    assert encoder.status_detail == work.message
    assert "is damaged: pretrained.pt is not what was installed" in work.message
    assert do(encoder).state == Work.State.DONE
    assert (encoder.status, encoder.status_detail) == (SpeechModel.Status.VERIFIED, "")
