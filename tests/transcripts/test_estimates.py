"""How fast a job is expected to go, how far it is and how long it takes: never back, never nonsense."""

from datetime import timedelta

import pytest
from django.utils import timezone

from transcripts.estimates import expected_pace
from transcripts.models import Job
from transcripts.models.job import blended_pace

State, Stage = Job.State, Job.Stage


@pytest.fixture
def done(make_job, recording):
    """Return a function that makes a completed job of 100 s which took so many seconds, so many hours ago."""

    def make(seconds, *, hours=0, device="cpu", audio=100.0, **fields):
        facts = {"engine": "faster-whisper", "model": "base", "state": State.COMPLETED}
        ended = {"finished_at": timezone.now() - timedelta(hours=hours), "provenance": {"device": device}}
        return make_job(recording, **facts | ended | fields, transcribing_seconds=seconds, audio_seconds_done=audio)

    return make


def _pace(**fields):
    return expected_pace(**{"engine": "faster-whisper", "model": "base", "device": "cpu"} | fields)


def test_pace_is_unknown_without_history(done):
    done(10, model="small")
    done(10, state=State.FAILED)
    done(0, audio=0)
    assert _pace() is None


def test_pace_is_all_work_by_all_audio(done):
    done(10)
    done(90, audio=900)
    assert _pace() == pytest.approx(0.1)


def test_pace_is_of_the_same_device_where_it_is_known(done):
    done(10, hours=9)
    done(1, device="cuda")
    assert (_pace(), _pace(device="cuda")) == (0.1, 0.01)


def test_pace_is_of_any_device_where_there_is_no_other(done):
    done(20, device="cuda")
    assert (_pace(), _pace(device="")) == (0.2, 0.2)


def test_pace_is_of_the_latest_ten(done):
    for hours in range(10):
        done(30, hours=hours)
    done(1000, hours=11)
    assert _pace() == pytest.approx(0.3)


def test_gaps_tried_again_tell_nothing_of_the_pace(done):
    done(50, kind=Job.Kind.GAPS)
    assert _pace() is None


@pytest.mark.parametrize(
    ("seconds", "audio", "expected", "pace"),
    [(0, 0, None, None), (0, 0, 0.2, 0.2), (30, 60, None, 0.5), (150, 300, 0.1, 0.3), (5000, 10000, 0.1, 0.4884)],
)
def test_own_pace_counts_the_more_the_more_is_done(seconds, audio, expected, pace):
    blended = blended_pace(seconds, audio, expected)
    assert blended == (None if pace is None else pytest.approx(pace, rel=1e-3))


def _job(make_job, make_recording, total=1000.0, **fields):
    return make_job(make_recording(b"x", duration_seconds=total), **fields)


def test_time_left_is_told_before_the_first_batch(make_job, make_recording):
    job = _job(make_job, make_recording, expected_pace=0.1)
    assert (job.seconds_left, job.percent) == (pytest.approx(100), 0)


def test_time_left_is_unknown_without_pace_or_duration(make_job, make_recording):
    assert _job(make_job, make_recording).seconds_left is None
    assert _job(make_job, make_recording, total=None, expected_pace=0.1).seconds_left is None
    assert _job(make_job, make_recording, kind=Job.Kind.GAPS, expected_pace=0.1).seconds_left is None


def test_odd_first_batch_does_not_throw_the_time_left_about(make_job, make_recording):
    job = _job(make_job, make_recording, total=7200.0, expected_pace=0.1)
    before = job.seconds_left
    job.audio_seconds_done, job.transcribing_seconds = 240.0, 240.0  # Ten times slower than ever before
    assert before < job.seconds_left < 6 * before
    job.audio_seconds_done, job.transcribing_seconds = 7000.0, 700.0
    assert 0 < job.seconds_left < 30


def test_percent_never_goes_back_and_never_stands_at_100_while_it_works(make_job, make_recording):
    """A whole life: preparing, transcribing, given back, taken up again, finishing, finishing once more."""
    job = _job(make_job, make_recording, state=State.QUEUED)
    life = [
        (State.RUNNING, "", 0.0),
        (State.RUNNING, Stage.PREPARING, 0.0),
        (State.RUNNING, Stage.TRANSCRIBING, 0.0),
        (State.RUNNING, Stage.TRANSCRIBING, 400.0),
        (State.QUEUED, Stage.TRANSCRIBING, 400.0),
        (State.RUNNING, Stage.TRANSCRIBING, 400.0),
        (State.RUNNING, Stage.TRANSCRIBING, 1000.0),
        (State.RUNNING, Stage.FINISHING, 1000.0),
        (State.PAUSED, Stage.FINISHING, 1000.0),
        (State.RUNNING, Stage.TRANSCRIBING, 1000.0),
        (State.COMPLETED, Stage.FINISHING, 1000.0),
    ]
    seen = []
    for job.state, job.stage, job.audio_seconds_done in life:
        seen.append(job.percent)
    assert seen == sorted(seen)
    assert seen == [0, 0, 0, 40, 40, 40, 99, 99, 99, 99, 100]
