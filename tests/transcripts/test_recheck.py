"""What waiting jobs say for want of a model, while they wait behind others."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from preferences.models import Settings
from registry.decisions import disable, enable, remove
from registry.models import SpeechModel
from registry.resolver import NO_MODEL, NONE_FITS
from tests.conftest import MakeJob, PutWeights
from transcripts import alarms, recheck
from transcripts.models import Job

NONE = "No speech model is installed. Run: .venv/bin/python manage.py weights install base"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def base_is_default(settings, weights_folder) -> None:
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = False, "faster-whisper", "base"


def _said(job: Job) -> str:
    recheck.look_again()
    job.refresh_from_db()
    return job.blocked_reason


def test_job_behind_others_says_what_is_so_now(make_job: MakeJob, put_weights: PutWeights):
    job = make_job(state=Job.State.QUEUED)
    assert _said(job).startswith("No speech model is installed.")
    put_weights("faster-whisper", "base")
    assert _said(job) == ""


def test_what_an_administrator_decides_is_said_at_once(
    make_job: MakeJob, put_weights: PutWeights, django_capture_on_commit_callbacks
):
    put_weights("faster-whisper", "base")
    base = SpeechModel.objects.filter(store="faster-whisper", key="base")
    job = make_job(state=Job.State.QUEUED)
    decisions = (
        (lambda: disable(base, reason="being tried out"), NONE_FITS),
        (lambda: enable(base), ""),
        (lambda: remove(base.get()), NO_MODEL),
    )
    for decide, reason in decisions:
        alarms.current()
        with django_capture_on_commit_callbacks(execute=True):
            decide()
        job.refresh_from_db()
        assert job.blocked_reason.startswith(reason)
        assert bool(job.blocked_reason) == bool(reason)
        assert [alarm.sentence[: len(reason)] for alarm in alarms.current() if alarm.name == "weights"] == [reason][
            : len(reason)
        ]


def test_job_with_another_reason_keeps_it(make_job: MakeJob, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    job = make_job(state=Job.State.QUEUED, blocked_reason="The disk is full.")
    assert _said(job) == "The disk is full."


def test_job_that_is_tried_again_by_itself_is_left_alone(make_job: MakeJob, put_weights: PutWeights):
    put_weights("faster-whisper", "base")
    job = make_job(state=Job.State.QUEUED, blocked_reason=NONE)
    Job.objects.filter(pk=job.pk).update(available_at=Now() + timedelta(minutes=1))
    assert _said(job) == NONE


def test_missing_model_that_will_be_fetched_blocks_nobody(make_job: MakeJob):
    Settings.load()
    Settings.objects.update(fetch_weights=True)
    assert _said(make_job(state=Job.State.QUEUED)) == ""


def test_a_hundred_jobs_that_are_alike_are_looked_at_once(make_job: MakeJob, django_assert_num_queries):
    for _ in range(3):
        make_job(state=Job.State.QUEUED)
    recheck.look_again()
    with django_assert_num_queries(4):
        recheck.look_again()
