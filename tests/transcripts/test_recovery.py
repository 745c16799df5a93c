"""Recordings of minutes on real weights, with engines that die in the middle."""

import os
import signal
import wave
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from speech import audio, measuring
from speech.types import SAMPLE_RATE
from transcripts import lease, worker
from transcripts.engine import EngineHost
from transcripts.models import Job

pytestmark = [pytest.mark.weights, pytest.mark.django_db]
SECONDS = 125.0
"""More than four pieces, so that there is a second batch."""

Run = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def two_minutes(data: Path, tmp_path: Path) -> bytes:
    """Return a WAV file in which several people read."""
    clips = sorted([*(data / "librispeech").glob("*.flac"), *(data / "ljspeech").glob("*.flac"), data / "jfk.flac"])
    measuring.join(clips, tmp_path / "long.wav", seconds=SECONDS)
    return (tmp_path / "long.wav").read_bytes()


@pytest.fixture
def doubtful(two_minutes: bytes, data: Path, tmp_path: Path) -> bytes:
    """Return a WAV file that ends with speech played backwards, of which no decoding can be sure."""
    audio.decode(data / "jfk.flac", tmp_path / "jfk.pcm", on_progress=lambda done, total: None)
    backwards = array("h", (tmp_path / "jfk.pcm").read_bytes())[::-1]
    with wave.open(str(tmp_path / "long.wav")) as spoken, wave.open(str(tmp_path / "doubtful.wav"), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(spoken.readframes(spoken.getnframes()) + bytes(2 * SAMPLE_RATE) + backwards.tobytes() * 2)
    return (tmp_path / "doubtful.wav").read_bytes()


@pytest.fixture
def engine() -> Iterator[EngineHost]:
    engine = EngineHost()
    yield engine
    engine.close()


@pytest.fixture
def rows(engine: EngineHost) -> Run:
    """Return a function that runs a job to its end and returns its text with all numbers. It may be killed at a batch."""

    def run(job: Job, *, kill_at: int | None = None) -> list[tuple[object, ...]]:
        killed: list[int] = []

        def kill_once(job: Job) -> None:
            if job.batches_done == kill_at and not killed:
                assert engine._process is not None
                killed.append(engine._process.pid)
                os.kill(killed[0], signal.SIGKILL)

        token = lease.start_directly(job)
        assert worker.run(job.pk, token, engine=engine, should_stop=str, on_progress=kill_once) == Job.State.COMPLETED
        job.refresh_from_db()
        assert bool(killed) == (kill_at is not None)
        return list(job.segments.values_list(*COLUMNS))

    return run


COLUMNS = ("piece", "index", "start", "end", "text", "words", "mean_log_probability", "temperature", "doubts")


def test_text_is_the_same_after_the_engine_was_killed(make_job, make_recording, rows: Run, two_minutes: bytes):
    recording = make_recording(two_minutes)
    undisturbed, disturbed = make_job(recording), make_job(recording)
    expected, found = rows(undisturbed), rows(disturbed, kill_at=1)

    assert len(undisturbed.plan["batches"]) > 1
    assert len(disturbed.plan["batches"]) > len(undisturbed.plan["batches"])  # Killed is out of memory: it was halved.
    assert "ask not what your country can do for you" in "".join(row[4] for row in expected)
    assert found == expected


def test_doubtful_stretch_comes_out_the_same_after_a_resume(make_job, make_recording, rows: Run, doubtful: bytes):
    recording = make_recording(doubtful)
    undisturbed, disturbed = (make_job(recording, asked_model="tiny.en") for _ in range(2))
    expected, found = rows(undisturbed), rows(disturbed, kill_at=1)

    first_after_resume = undisturbed.plan["batches"][1][0]
    assert [row for row in expected if row[0] >= first_after_resume and row[7] > 0], "nothing was decoded again"
    assert found == expected
