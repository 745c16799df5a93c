"""Pieces that kill every engine: they become gaps, the rest is transcribed, and the gaps can be tried again."""

import os
import signal
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone

from speech.asr import fake
from speech.client import EngineDied
from speech.types import Piece, Plan
from speech.types import Segment as Spoken
from transcripts import lease
from transcripts.engine import EngineHost
from transcripts.models import Job, Recording, Segment
from transcripts.services import gaps
from transcripts.worker import run

State = Job.State
SECONDS = 12
"""Six pieces of the recogniser for tests, in batches of 1, 2, 2 and 1."""
BATCHES = [(0, 1), (1, 3), (3, 5), (5, 6)]
WARNING = "0:08 to 0:10 could not be transcribed: the engine crashed."
REASONS = {
    "kill": "he engine was killed, probably for want of memory.",
    "abort": "he engine crashed.",
    "memory": "he engine ran out of memory.",
    "hang": "he engine stopped answering.",
    "error": "he engine failed.",
}


@pytest.fixture(autouse=True)
def fake_engine(settings, tmp_path: Path):
    """Have one model and no other to fall back to; what falls to what is shown in `test_fallback`."""
    settings.FAKE_ENGINE, settings.DEFAULT_MODEL, settings.WEIGHTS_DIR = True, "fake", tmp_path / "none"


@pytest.fixture
def job(make_job, make_recording, tmp_path: Path) -> Job:
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * (SECONDS * 32000 // 250))
    content = (tmp_path / "hum.wav").read_bytes()
    return make_job(make_recording(content, duration_seconds=None), asked_engine="fake")


@pytest.fixture
def go() -> Iterator:
    """Return a function that runs a job as a worker with an engine of its own does."""
    hosts = []

    def go(job: Job, *, should_stop=lambda: "", on_progress=None) -> str:
        hosts.append(EngineHost())
        token = lease.start_directly(job)
        run(job.pk, token, engine=hosts[-1], should_stop=should_stop, on_progress=on_progress)
        job.refresh_from_db()
        return job.state

    yield go
    for host in hosts:
        host.close()


@pytest.fixture
def poison(monkeypatch):
    def poison(crash: str) -> None:
        monkeypatch.setenv("SELENITE_FAKE_CRASH", crash)

    return poison


def _text(job: Job) -> list[tuple]:
    return list(job.segments.filter(gap="").values_list("piece", "index", "start", "end", "text", "words"))


def _gaps(job: Job) -> list[tuple]:
    return list(job.segments.gaps().values_list("piece", "start", "end", "text", "gap"))


@pytest.fixture
def job_with_gap(job, undisturbed) -> Job:
    """Return a completed job whose fifth piece could not be transcribed."""
    pieces = [{"start": start, "end": start + 2.0, "speech": [(start, start + 2.0)]} for start in range(0, SECONDS, 2)]
    pins = {"engine": "fake", "model": "fake", "weights_sha256": "", "device": "cpu", "compute_type": "none"}
    plan = {"duration": SECONDS, "language": "en", "language_probability": 1, "pieces": pieces, "batches": BATCHES}
    job.plan, job.state = plan | {"pins": pins | {"threads": 1}}, State.COMPLETED
    gap = gaps.gap(job, 4, reason="the engine crashed.")
    gap.save()
    job.warnings = [WARNING, "Another warning."]
    job.save()
    Recording.objects.filter(pk=job.recording_id).update(shown_job=job)
    texts = [row for row in undisturbed if row[0] != 4]
    Segment.objects.bulk_create(_row(job, *row) for row in texts)
    return job


def _row(job: Job, piece: int, index: int, start: float, end: float, text: str, words: list[list]) -> Segment:
    numbers = {"mean_log_probability": -0.1, "no_speech_probability": 0, "compression_ratio": 0, "temperature": 0}
    return Segment(job=job, piece=piece, index=index, start=start, end=end, text=text, words=words, **numbers)


@pytest.fixture
def undisturbed() -> list[tuple]:
    """Return the text of an undisturbed run, by what the recogniser says of itself: its words depend on the piece alone."""
    pieces = [Piece(start, start + 2.0, ()) for start in range(0, SECONDS, 2)]
    segments = [(number, fake.recognise(number, piece).segments[0]) for number, piece in enumerate(pieces)]
    return [(number, 0, one.start, one.end, one.text, _words(one)) for number, one in segments]


def _words(segment: Spoken) -> list[list]:
    return [[word.start, word.end, word.text, word.probability] for word in segment.words]


@pytest.mark.django_db
@pytest.mark.parametrize("how", [how for how in REASONS if how != "hang"])
def test_poisoned_piece_becomes_a_gap_and_the_rest_is_transcribed(job, undisturbed, go, poison, how):
    poison(f"4:{how}:always")

    assert go(job) == State.COMPLETED

    assert _gaps(job) == [(4, 8.0, 10.0, "", f"T{REASONS[how]}")]
    assert job.warnings == [f"0:08 to 0:10 could not be transcribed: t{REASONS[how]}"]
    assert _text(job) == [row for row in undisturbed if row[0] != 4]
    assert 3 <= len(job.deaths) <= 5
    assert (job.claims, job.crashes, job.audio_seconds_done) == (1, 0, SECONDS)


@pytest.mark.django_db
def test_piece_that_hangs_becomes_a_gap(job, undisturbed, go, poison, settings):
    settings.ENGINE_STALL_SECONDS = 2
    poison("5:hang:always")

    assert go(job) == State.COMPLETED
    assert _gaps(job) == [(5, 10.0, 12.0, "", f"T{REASONS['hang']}")]
    assert _text(job) == undisturbed[:5]
    assert [death["cause"] for death in job.deaths] == ["stall", "stall"]


@pytest.mark.django_db
def test_piece_that_is_alone_in_its_batch_is_tried_twice(job, undisturbed, go, poison):
    poison("0:abort:always")

    assert go(job) == State.COMPLETED
    assert [row[0] for row in _gaps(job)] == [0]
    assert _text(job) == undisturbed[1:]
    assert len(job.deaths) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["kill", "abort", "memory", "error"])
def test_engine_that_dies_once_costs_no_text(job, undisturbed, go, poison, tmp_path, how):
    poison(f"4:{how}:once:{tmp_path / 'died'}")

    assert go(job) == State.COMPLETED
    assert (_text(job), _gaps(job), job.warnings) == (undisturbed, [], [])
    assert len(job.deaths) == 1


@pytest.mark.django_db
def test_plan_of_an_undisturbed_run_is_never_changed(job, go):
    plans = []

    assert go(job, on_progress=lambda job: plans.append(job.plan)) == State.COMPLETED
    assert list(Plan.from_json(job.plan).batches) == BATCHES
    assert all(plan in (None, job.plan) for plan in plans)


@pytest.mark.django_db
def test_finished_batches_stay_as_they_are_when_one_is_split(job, go, poison):
    poison("3:abort:always")

    go(job)

    assert Plan.from_json(job.plan).batches == ((0, 1), (1, 3), (3, 4), (4, 5), (5, 6))


@pytest.mark.django_db
def test_ladder_goes_on_where_it_was_after_the_death_of_a_worker(job, undisturbed, go, poison):
    poison("4:abort:always")
    runs = 0
    while job.state == State.QUEUED:
        runs += 1
        deaths = len(job.deaths)
        # The run ends after each death of an engine, as if the worker had been stopped then.
        go(job, should_stop=_is_longer(job, than=deaths))
        if runs > 10:
            break

    assert (job.state, runs) == (State.COMPLETED, 5)
    assert len(job.deaths) == 4
    assert _text(job) == [row for row in undisturbed if row[0] != 4]


def _is_longer(job: Job, *, than: int):
    return lambda: "drain" if len(Job.objects.get(pk=job.pk).deaths) > than else ""


@pytest.mark.django_db
def test_engine_that_is_killed_because_of_a_stop_is_not_counted(job, go, poison, monkeypatch):
    poison("3:kill:always")
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "0.3")

    def cancel(job: Job) -> None:
        if job.batches_done == 2:
            lease.request_stop(job.pk, Job.StopRequest.CANCEL)

    assert go(job, on_progress=cancel) == State.CANCELLED
    assert (job.deaths, job.crashes) == ([], 0)


@pytest.mark.django_db
def test_engine_that_dies_after_its_last_word_costs_nothing(job, undisturbed, go, monkeypatch):
    hosts = []
    original = EngineHost._running

    def keep(host):
        hosts.append(original(host))
        return hosts[-1]

    monkeypatch.setattr(EngineHost, "_running", keep)

    def kill(job: Job) -> None:
        if job.plan and job.batches_done == len(job.plan["batches"]) and hosts[-1].is_alive():
            os.kill(hosts[-1].pid, signal.SIGKILL)

    assert go(job, on_progress=kill) == State.COMPLETED
    assert (_text(job), job.deaths) == (undisturbed, [])


@pytest.mark.django_db
def test_job_whose_every_piece_fails_ends_with_a_sentence_that_helps(job, go, poison, monkeypatch):
    monkeypatch.setattr("transcripts.settling.MOST_FIRST_GAPS", 2)
    poison("*:abort:always")

    assert go(job) == State.FAILED
    assert job.error_code == "nothing_transcribed"
    assert job.error == (
        "No part of this recording could be transcribed: the engine crashed. "
        "Choose another model or engine, and transcribe it again; the log of the worker has the details."
    )
    assert [row[0] for row in _gaps(job)] == [0, 1]  # Then it is plain that no piece will do.


@pytest.mark.django_db
def test_job_whose_every_piece_needs_too_much_memory_waits_and_begins_anew(job, undisturbed, go, poison, monkeypatch):
    monkeypatch.setattr("transcripts.settling.MOST_FIRST_GAPS", 2)
    poison("*:memory:always")

    assert go(job) == State.QUEUED
    reason = (
        "No part of this recording could be transcribed: the engine ran out of memory. "
        "Free some memory or choose a smaller model, and transcribe it again."
    )
    assert (job.blocked_reason, job.error, job.warnings, job.segments.count()) == (reason, "", [], 0)
    assert (job.plan, job.batches_done, job.deaths, job.percent) == (None, 0, [], 0)

    assert (go(job), job.blocked_reason) == (State.QUEUED, reason)  # It is not tried again that soon.
    poison("")
    cache.clear()
    assert (go(job), _text(job), job.blocked_reason) == (State.COMPLETED, undisturbed, "")


@pytest.mark.django_db
def test_job_of_gaps_only_does_not_complete_where_its_worker_died_at_the_last_one(job_with_gap, go):
    job = job_with_gap
    job.segments.filter(gap="").delete()
    job.plan["batches"] = [(4, 5)]
    job.state, job.batches_done, job.deaths = State.QUEUED, 1, [{"batch": [4, 5], "cause": "crash"}] * 2
    job.save()

    assert go(job) == State.FAILED
    assert job.error.startswith("No part of this recording could be transcribed: the engine crashed. ")


def _kill_while(phase: str, monkeypatch, *, times: int = 100) -> None:
    """Have engines killed as soon as they say that they are at this."""
    converse, killed = EngineHost._converse, []

    def watched(host, process, request_id, on_message, stop_wish):
        def hear(message):
            on_message(message)
            if message.get("stage") == phase and len(killed) < times:
                killed.append(process.pid)
                raise EngineDied(-signal.SIGKILL)

        if phase == "starting":
            hear({"type": "progress", "stage": phase})
        return converse(host, process, request_id, hear, stop_wish)

    monkeypatch.setattr(EngineHost, "_converse", watched)


@pytest.mark.django_db
def test_death_while_the_recording_is_read_is_tried_again_then_fails(job, go, monkeypatch):
    _kill_while("starting", monkeypatch)

    assert go(job) == State.FAILED
    assert job.error == (
        "The engine process was killed, probably for want of memory. This happened 3 times in a row. "
        "Free some memory or choose a smaller model, and transcribe it again."
    )
    assert (job.plan, job.deaths, job.crashes) == (None, [], 3)


@pytest.mark.django_db
def test_model_that_kills_its_engine_once_is_loaded_again(job, undisturbed, go, monkeypatch):
    _kill_while("loading", monkeypatch, times=1)

    assert go(job) == State.COMPLETED
    assert (job.model, job.warnings, job.deaths, _text(job)) == ("fake", [], [], undisturbed)


@pytest.mark.django_db
def test_model_that_cannot_be_loaded_is_replaced_by_another(job, undisturbed, go, monkeypatch, settings):
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "fake", "base"
    _kill_while("loading", monkeypatch, times=2)

    assert go(job) == State.COMPLETED
    reason = "Model fake could not be loaded (fake): the engine was killed, probably for want of memory"
    assert job.warnings == [f"{reason}; base (fake) was used instead."]
    assert (job.engine, job.model, job.deaths, _text(job)) == ("fake", "base", [], undisturbed)


@pytest.mark.django_db
def test_job_waits_for_memory_where_no_model_can_be_loaded(job, go, monkeypatch):
    with monkeypatch.context() as patch:
        _kill_while("loading", patch)
        assert go(job) == State.QUEUED
    reason = (
        "Model fake could not be loaded (fake): the engine was killed, probably for want of memory. "
        "No other model that is installed can do this. "
        "Free some memory or choose a smaller model, and transcribe it again."
    )
    assert (job.blocked_reason, job.deaths, job.crashes, job.error) == (reason, [], 0, "")
    assert 10 < (job.available_at - timezone.now()).total_seconds() <= 15

    assert (go(job), job.blocked_reason) == (State.QUEUED, reason)  # It is not loaded again that soon.
    cache.clear()
    assert go(job) == State.COMPLETED


@pytest.mark.django_db
def test_gaps_are_tried_again_and_filled(job_with_gap, undisturbed, go):
    job = job_with_gap
    again = gaps.retry(job.pk)
    assert (again.kind, again.source, again.owner, again.state) == (Job.Kind.GAPS, job, job.owner, State.QUEUED)
    assert go(again) == State.COMPLETED

    job.refresh_from_db()
    assert (_text(job), _gaps(job), job.warnings) == (undisturbed, [], ["Another warning."])
    assert (again.segments.count(), again.batches_done) == (0, 1)
    job.recording.refresh_from_db()
    assert job.recording.shown_job == job


@pytest.mark.django_db
def test_gap_that_fails_again_stays_with_its_reason(job_with_gap, go, poison):
    before = _gaps(job_with_gap), job_with_gap.warnings
    poison("4:kill:always")

    again = gaps.retry(job_with_gap.pk)
    assert go(again) == State.FAILED
    assert again.error.startswith("The missing stretches could not be transcribed this time either: the engine was ")

    job_with_gap.refresh_from_db()
    assert (_gaps(job_with_gap), job_with_gap.warnings) == before
    assert job_with_gap.state == State.COMPLETED
    assert gaps.retry(job_with_gap.pk) != again


@pytest.mark.django_db
def test_one_gap_of_two_is_filled(job_with_gap, undisturbed, go, poison):
    job = job_with_gap
    job.segments.filter(piece=1).delete()
    gap = gaps.gap(job, 1, reason="the engine crashed.")
    gap.save()
    job.warnings = [gaps.warning(gap), *job.warnings]
    job.save()
    poison("4:kill:always")

    assert go(gaps.retry(job.pk)) == State.COMPLETED

    job.refresh_from_db()
    assert [row[0] for row in _gaps(job)] == [4]
    assert job.warnings == [WARNING, "Another warning."]
    assert _text(job) == [row for row in undisturbed if row[0] != 4]


@pytest.mark.django_db
def test_gap_in_which_nobody_speaks_goes_away(job_with_gap, go, monkeypatch):
    """The recogniser for tests always hears something: its result is emptied on the way."""
    monkeypatch.setattr("transcripts.run.rows_of", lambda job, result: [])

    assert go(gaps.retry(job_with_gap.pk)) == State.COMPLETED
    job_with_gap.refresh_from_db()
    assert (_gaps(job_with_gap), job_with_gap.warnings) == ([], ["Another warning."])


@pytest.mark.django_db
def test_filling_says_so_where_it_was_done_by_other_weights(job_with_gap, go):
    again = gaps.retry(job_with_gap.pk)
    again.plan["pins"]["weights_sha256"] = "of weights that were replaced"
    again.save()

    assert go(again) == State.COMPLETED

    job_with_gap.refresh_from_db()
    assert job_with_gap.warnings == [
        "Another warning.",
        "The weights of fake fake were replaced, so what was missing in the text was made with other ones.",
    ]


@pytest.mark.django_db
def test_retry_gives_the_same_job_to_two_clicks(job_with_gap):
    assert gaps.retry(job_with_gap.pk) == gaps.retry(job_with_gap.pk)
    assert job_with_gap.retries.count() == 1


@pytest.mark.django_db
def test_retry_of_a_text_without_gaps_is_none(job_with_gap):
    job_with_gap.segments.gaps().delete()
    assert gaps.retry(job_with_gap.pk) is None


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"state": State.FAILED}, {"kind": Job.Kind.GAPS}])
def test_retry_is_for_completed_jobs_on_a_whole_recording(job_with_gap, change):
    Job.objects.filter(pk=job_with_gap.pk).update(**change)
    assert gaps.retry(job_with_gap.pk) is None


@pytest.mark.django_db
def test_deleted_job_takes_its_retries_along(job_with_gap):
    gaps.retry(job_with_gap.pk)
    job_with_gap.delete()
    assert Job.objects.count() == 0
