"""A recording of two minutes on real weights, with the engine killed in the middle."""

import os
import signal
from pathlib import Path

import pytest

from speech import measuring
from transcripts import lease, worker
from transcripts.engine import EngineHost
from transcripts.models import Job

pytestmark = [pytest.mark.weights, pytest.mark.django_db]
SECONDS = 125.0
"""More than four pieces, so that there is a second batch."""


@pytest.fixture
def two_minutes(data: Path, tmp_path: Path) -> bytes:
    """Return a WAV file in which several people read."""
    clips = sorted([*(data / "librispeech").glob("*.flac"), *(data / "ljspeech").glob("*.flac"), data / "jfk.flac"])
    measuring.join(clips, tmp_path / "long.wav", seconds=SECONDS)
    return (tmp_path / "long.wav").read_bytes()


def _rows(job: Job) -> list[tuple[object, ...]]:
    return list(job.segments.values_list("piece", "index", "start", "end", "text", "words", "temperature"))


def test_text_is_the_same_after_the_engine_was_killed(make_job, make_recording, two_minutes: bytes):
    recording = make_recording(two_minutes)
    undisturbed, disturbed = make_job(recording), make_job(recording)
    killed: list[int] = []

    def kill_once(job: Job) -> None:
        if job.batches_done == 1 and not killed:
            assert engine._process is not None
            killed.append(engine._process.pid)
            os.kill(killed[0], signal.SIGKILL)

    engine = EngineHost()
    for job, on_progress in ((undisturbed, None), (disturbed, kill_once)):
        state = worker.run(
            job.pk, lease.start_directly(job), engine=engine, should_stop=lambda: "", on_progress=on_progress
        )
        assert state == Job.State.COMPLETED
    engine.close()

    undisturbed.refresh_from_db()
    assert killed
    assert len(undisturbed.plan["batches"]) > 1
    assert "ask not what your country can do for you" in "".join(row[4] for row in _rows(undisturbed))
    assert _rows(disturbed) == _rows(undisturbed)
