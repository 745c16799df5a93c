"""The run of a job with a real engine process and the recogniser for tests."""

import errno
import os
import subprocess
import sys
import time
import wave
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from speech import channels
from speech.asr.devices import NO_GPU
from speech.types import EngineError, Plan
from transcripts import drain, lease, workfile
from transcripts.engine import EngineHost
from transcripts.models import Job
from transcripts.worker import run, run_claimed

State, Wish = Job.State, Job.StopRequest
SECONDS = 12
"""Six pieces of the recogniser for tests."""


@pytest.fixture(autouse=True)
def fake_engine(settings):
    settings.FAKE_ENGINE = True


@pytest.fixture(scope="module")
def shared_engine():
    """Keep one engine for the tests that are content with its environment."""
    host = EngineHost()
    yield host
    host.close()


@pytest.fixture
def engine(request, shared_engine):
    host = EngineHost() if "monkeypatch" in request.fixturenames else shared_engine
    yield host
    if host is not shared_engine:
        host.close()


@pytest.fixture
def hum(tmp_path: Path) -> bytes:
    """Return a WAV file."""
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * (SECONDS * 32000 // 250))
    return (tmp_path / "hum.wav").read_bytes()


@pytest.fixture
def job(make_job, make_recording, hum):
    return make_job(make_recording(hum, duration_seconds=None), asked_engine="fake")


@pytest.fixture
def go(engine):
    """Return a function that takes a job and runs it here; the job's row is read again at the end."""

    def go(job, should_stop=lambda: "", on_progress=None):
        token = lease.start_directly(job)
        state = run(job.pk, token, engine=engine, should_stop=should_stop, on_progress=on_progress)
        job.refresh_from_db()
        assert job.state == state
        return state

    return go


@pytest.fixture
def slow(monkeypatch):
    """Have the recogniser take its time over a batch."""
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "0.15")


def _text(job):
    return "".join(job.segments.values_list("text", flat=True))


def _is_text_of_undisturbed_run(job):
    """Say whether all pieces are there, once and in order; the recogniser's words depend on the piece alone."""
    pieces = list(job.segments.values_list("piece", "start", "end"))
    return pieces == [(number, number * 2.0, number * 2.0 + 2.0) for number in range(SECONDS // 2)]


def _at_batch(number, action):
    """Return an `on_progress` that does something once, when so many batches are done."""
    done = []

    def on_progress(job):
        if job.batches_done == number and not done:
            done.append(True)
            action(job)

    return on_progress


@pytest.mark.django_db
def test_run_obeys_the_extra_options_also_after_a_pause(job, go, slow):
    job.extra_options = {"hotwords": "Selenite", "temperature": 0.5, "beam_size": 2, "device": "cuda"}
    job.save()
    wishes = []
    go(job, should_stop=lambda: "".join(wishes), on_progress=_at_batch(2, lambda job: wishes.append("pause")))
    lease.resume(job.pk)
    assert go(job) == State.COMPLETED

    assert {text.strip(" .") for text in _text(job).split()} == {"Selenite"}
    assert set(job.segments.values_list("temperature", flat=True)) == {0.5}
    pins = job.plan["pins"]
    assert (pins["extra_options"], pins["beam_size"], pins["device"]) == (job.extra_options, 2, "cpu")
    assert job.warnings == [NO_GPU]
    asked = job.provenance["options"]
    assert (asked["extra"], asked["beam_size"], "extra_options" in job.provenance) == (job.extra_options, 2, False)


@pytest.mark.django_db
def test_run_leaves_out_what_another_engine_does_not_know(job, go):
    job.extra_options = {"beam_size": 2, "no_repeat_ngram_size": 3}
    job.save()
    assert go(job) == State.COMPLETED

    assert job.warnings == ["The option no_repeat_ngram_size was left out: the engine fake does not have it so."]
    assert job.plan["pins"]["extra_options"] == {"beam_size": 2}


@pytest.mark.django_db
def test_video_keeps_its_length_and_progress_counts_to_the_end_of_its_sound(make_job, make_recording, go, data):
    video = make_recording((data / "jfk_video.mp4").read_bytes(), has_video=True, duration_seconds=None)
    job = make_job(video, asked_engine="fake")
    percents = []

    assert go(job, on_progress=lambda job: percents.append(job.percent)) == State.COMPLETED

    video.refresh_from_db()
    assert video.duration_seconds == pytest.approx(12.67, abs=0.01)
    assert (job.audio_seconds, job.audio_seconds_done) == (job.plan["duration"], job.plan["duration"])
    assert job.plan["duration"] == pytest.approx(11.0, abs=0.1)
    assert max(percents) == 99


@pytest.mark.django_db
def test_progress_of_a_video_reaches_the_end_with_its_sound(make_job, make_recording):
    video = make_recording(duration_seconds=100.0, has_video=True)
    half = {"state": State.QUEUED, "prepared_seconds": 50.0, "audio_seconds_done": 49.0, "batches_done": 3}
    job = make_job(video, stage=Job.Stage.TRANSCRIBING, transcribing_seconds=98.0, **half)
    assert (job.percent, job.seconds_left) == (98, 2.0)
    job.stage = Job.Stage.PREPARING
    assert job.audio_seconds == 100.0


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["", "en"])
def test_language_that_was_guessed_is_told(job, go, asked: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("transcripts.run.SURE_OF_LANGUAGE", 0.95)
    Job.objects.filter(pk=job.pk).update(asked_language=asked)
    go(job)
    said = "The language was taken for English, but that is not sure (90 %). If it is another one, transcribe again and choose it."
    assert job.warnings == ([] if asked else [said])


@pytest.mark.django_db
def test_run_completes_a_job(job, go):
    assert go(job) == State.COMPLETED

    plan = Plan.from_json(job.plan)
    assert _is_text_of_undisturbed_run(job)
    assert (job.engine, job.model, job.language, job.language_probability) == ("fake", "fake", "en", 0.9)
    assert (job.batches_done, job.audio_seconds_done) == (len(plan.batches), SECONDS)
    assert (job.stage, job.warnings, job.lease_token) == (Job.Stage.FINISHING, [], None)
    assert job.started_at < job.finished_at
    job.recording.refresh_from_db()
    assert job.recording.shown_job == job
    assert job.recording.duration_seconds == SECONDS
    assert job.recording.peaks
    assert not workfile.work_file(job.recording.sha256).exists()


@pytest.mark.django_db
def test_run_notes_what_produced_the_text(job, go, settings):
    job.prompt, job.asked_language = "Selenite", "de"
    job.save()

    go(job)

    assert job.provenance["program_version"] == settings.VERSION
    assert job.provenance["engine"] == "fake"
    assert "weights_sha256" in job.provenance
    options = {
        "language": "de",
        "task": "transcribe",
        "prompt": "Selenite",
        "beam_size": 5,
        "word_times": True,
        "extra": {},
    }
    assert job.provenance["options"] == options


@pytest.mark.django_db
def test_run_tells_of_its_progress(job, go):
    seen = []

    go(job, on_progress=lambda job: seen.append((job.stage, job.audio_seconds_done)))

    stages = list(dict.fromkeys(stage for stage, _ in seen))
    assert stages[-3:] == ["preparing", "transcribing", "finishing"]
    positions = [position for _, position in seen]
    assert positions == sorted(positions)
    assert positions[-1] == SECONDS


@pytest.mark.django_db
def test_run_keeps_the_work_file_for_another_job(job, go, make_job):
    make_job(job.recording)

    go(job)

    assert workfile.work_file(job.recording.sha256).exists()


@pytest.mark.django_db
def test_run_goes_on_after_a_crash_of_the_engine(job, go, monkeypatch, tmp_path):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"5:once:{tmp_path / 'crashed'}")

    assert go(job) == State.COMPLETED

    assert (tmp_path / "crashed").exists()
    assert _is_text_of_undisturbed_run(job)
    assert (job.claims, job.crashes) == (1, 0)


@pytest.mark.django_db
def test_run_replaces_an_engine_that_does_not_answer(job, go, engine, settings, slow):
    settings.ENGINE_STALL_SECONDS = 1

    def freeze(job):
        psutil.Process(engine._process.pid).suspend()

    assert go(job, on_progress=_at_batch(2, freeze)) == State.COMPLETED
    assert _is_text_of_undisturbed_run(job)
    assert (job.claims, job.crashes) == (1, 0)


@pytest.mark.django_db
def test_run_pauses_and_goes_on_with_the_same_text(job, go, slow):
    wishes = []
    state = go(job, should_stop=lambda: "".join(wishes), on_progress=_at_batch(2, lambda job: wishes.append("pause")))
    plan, done = job.plan, job.batches_done

    assert (state, job.lease_token) == (State.PAUSED, None)
    assert 2 <= done < len(plan["batches"])
    lease.resume(job.pk)
    assert go(job) == State.COMPLETED
    assert job.plan == plan
    assert _is_text_of_undisturbed_run(job)


@pytest.mark.django_db
def test_run_makes_a_missing_work_file_again(job, go, slow):
    wishes = []
    go(job, should_stop=lambda: "".join(wishes), on_progress=_at_batch(2, lambda job: wishes.append("pause")))
    workfile.work_file(job.recording.sha256).unlink()
    lease.resume(job.pk)

    assert go(job) == State.COMPLETED
    assert _is_text_of_undisturbed_run(job)


@pytest.fixture
def two_voices(tmp_path: Path) -> bytes:
    """Return a WAV file with another hum on each channel."""
    with wave.open(str(tmp_path / "two.wav"), "wb") as file:
        file.setparams((2, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"".join(bytes([0, number % 97, 0, number % 71]) for number in range(SECONDS * 16000)))
    return (tmp_path / "two.wav").read_bytes()


@pytest.mark.django_db
def test_run_by_channel_goes_on_after_a_pause_with_the_same_text(make_job, make_recording, go, slow, two_voices):
    wishes = []
    recording = make_recording(two_voices, duration_seconds=None)
    whole, paused = (make_job(recording, asked_engine="fake", by_channel=True) for _ in range(2))
    go(whole)
    go(paused, should_stop=lambda: "".join(wishes), on_progress=_at_batch(2, lambda job: wishes.append("pause")))
    work = workfile.work_file(recording.sha256)
    channels.work_file(work, 2).unlink()
    lease.resume(paused.pk)

    assert go(paused) == State.COMPLETED
    segments = list(paused.segments.values_list("piece", "start", "text"))
    assert segments == list(whole.segments.values_list("piece", "start", "text"))
    plan = Plan.from_json(paused.plan)
    assert [(start, plan.pieces[piece].channel) for piece, start, _ in segments] == [
        (number * 2.0, channel) for number in range(SECONDS // 2) for channel in (1, 2)
    ]
    assert list(work.parent.glob(f"{work.stem}*")) == []


@pytest.mark.django_db
def test_run_by_channel_of_one_channel_is_as_usual_with_a_warning(make_job, make_recording, go, hum):
    job = make_job(make_recording(hum, duration_seconds=None), asked_engine="fake", by_channel=True)

    assert go(job) == State.COMPLETED
    assert _is_text_of_undisturbed_run(job)
    assert job.warnings == ["There is only one channel, so the recording was transcribed as usual, not by channel."]


@pytest.mark.django_db
@pytest.mark.parametrize(("wish", "state"), [(Wish.PAUSE, State.PAUSED), (Wish.CANCEL, State.CANCELLED)])
def test_run_obeys_a_request_on_the_row(job, go, monkeypatch, wish, state):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "60")
    asked = []

    def ask(job):
        if job.stage == Job.Stage.TRANSCRIBING and not asked:
            asked.append(time.monotonic())
            lease.request_stop(job.pk, wish)

    assert go(job, on_progress=ask) == state
    assert time.monotonic() - asked[0] < 3
    assert job.stop_request == ""
    assert workfile.work_file(job.recording.sha256).exists() == (state == State.PAUSED)


@pytest.mark.django_db
def test_run_goes_on_where_a_pause_is_taken_back_while_it_is_obeyed(job, go, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "60")
    asked = []

    def ask(job):
        if job.stage == Job.Stage.TRANSCRIBING and not asked:
            asked.append(lease.request_stop(job.pk, Wish.PAUSE))

    release = lease.release

    def take_back(job_id, *arguments, **fields):
        assert lease.resume(job_id)
        release(job_id, *arguments, **fields)

    monkeypatch.setattr(lease, "release", take_back)

    assert go(job, on_progress=ask) == State.QUEUED
    assert (job.stop_request, job.crashes, job.blocked_reason) == ("", 0, "")


@pytest.mark.django_db
def test_run_gives_the_job_back_at_once_when_the_cluster_stops(job, go, engine, monkeypatch):
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "1")
    stopped, pids = [], []

    def stop(job):
        pids.append(engine._process.pid)
        stopped.append(time.monotonic())

    assert go(job, should_stop=lambda: "drain" if stopped else "", on_progress=_at_batch(1, stop)) == State.QUEUED
    assert time.monotonic() - stopped[0] < 1.5
    assert (job.batches_done, job.crashes, job.blocked_reason) == (1, 0, "")
    assert not psutil.pid_exists(pids[0])


@pytest.mark.django_db
def test_run_waits_where_nothing_can_run_and_starts_by_itself(job, go, settings, tmp_path):
    settings.FAKE_ENGINE, settings.WEIGHTS_DIR = False, tmp_path / "none"

    assert go(job) == State.QUEUED
    assert job.blocked_reason
    assert 10 < (job.available_at - timezone.now()).total_seconds() <= 15
    assert (job.started_at, job.crashes) == (None, 0)

    settings.FAKE_ENGINE = True
    assert go(job) == State.COMPLETED
    assert job.blocked_reason == ""


@pytest.mark.django_db
def test_run_fails_at_once_on_a_file_that_cannot_be_read(make_job, make_recording, go):
    job = make_job(make_recording(b"not a recording"), asked_engine="fake")

    assert go(job) == State.FAILED
    assert (job.error_code, job.claims) == ("unreadable_media", 1)
    assert job.error.endswith(".")
    assert job.finished_at is not None


@pytest.mark.django_db
def test_run_tries_again_later_then_fails(job, go):
    workfile.work_file(job.recording.sha256).mkdir(parents=True)  # The engine cannot write its work file here.

    waits = []
    for _ in range(2):
        assert go(job) == State.QUEUED
        waits.append(round((job.available_at - timezone.now()).total_seconds()))
        assert job.blocked_reason
    assert waits == [10, 20]
    assert go(job) == State.FAILED
    assert job.error_code == "engine_error"


@pytest.mark.django_db
def test_run_waits_for_room_on_the_disk_however_long_it_takes(job, go, engine, monkeypatch):
    def fill_disk(*arguments, **fields):
        raise EngineError("The disk is full.", permanent=False, code="disk_full")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "request", fill_disk)
        for _ in range(4):
            assert go(job) == State.QUEUED
            assert (job.blocked_reason, job.crashes, job.error) == ("The disk is full.", 0, "")
            assert 10 < (job.available_at - timezone.now()).total_seconds() <= 15

    assert go(job) == State.COMPLETED
    assert job.blocked_reason == ""


@pytest.mark.django_db
def test_run_waits_for_media_that_cannot_be_read_now(job, go):
    folder = Path(job.recording.media.path).parent
    folder.rename(folder.with_name("elsewhere"))  # As a disk that is not mounted.
    for _ in range(4):
        assert go(job) == State.QUEUED
        assert "cannot be read now" in job.blocked_reason
        assert (job.crashes, job.error) == (0, "")

    folder.with_name("elsewhere").rename(folder)
    assert go(job) == State.COMPLETED
    assert (job.blocked_reason, job.warnings) == ("", [])


@pytest.mark.django_db
def test_run_fails_where_the_media_is_gone(job, go):
    Path(job.recording.media.path).unlink()
    assert go(job) == State.FAILED
    assert (job.error_code, job.claims) == ("media_missing", 1)
    assert "gone" in job.error


@pytest.mark.django_db
def test_run_waits_where_a_folder_cannot_be_used(job, go, settings, monkeypatch):
    def refuse(*arguments, **fields):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        for _ in range(4):
            assert go(job) == State.QUEUED
            assert "Read-only file system" in job.blocked_reason
    assert job.crashes == 0
    assert go(job) == State.COMPLETED


@pytest.mark.django_db(transaction=True)
def test_run_waits_for_room_in_the_database_longer_than_its_lease(job, go, settings, monkeypatch):
    """SQLite raises the same where a database may not grow."""
    settings.JOB_LEASE_SECONDS = 0  # Over at once. There is nobody else to take the job.
    monkeypatch.setattr("transcripts.held.DATABASE_SECONDS", 0.01)
    refused = []

    def is_full(execute, sql, *arguments):
        if sql.startswith('INSERT INTO "transcripts_segment') and len(refused) < 5:
            refused.append(sql)
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA max_page_count = 1")
            return execute("INSERT INTO django_session VALUES ('key', zeroblob(10000000), 0)", None, *arguments[1:])
        return execute(sql, *arguments)

    def fill(job):
        connection.execute_wrappers.append(is_full)

    try:
        assert go(job, on_progress=_at_batch(2, fill)) == State.COMPLETED
    finally:
        connection.execute_wrappers.clear()
    assert len(refused) == 5
    assert job.claims == 1
    assert _is_text_of_undisturbed_run(job)


@pytest.mark.django_db
def test_run_writes_nothing_once_the_job_was_taken_away(job, go, engine, slow):
    other, pids = uuid4(), []

    def take_away(job):
        pids.append(engine._process.pid)
        Job.objects.filter(pk=job.pk).update(lease_token=other)

    assert go(job, on_progress=_at_batch(2, take_away)) == State.RUNNING

    assert (job.batches_done, job.lease_token) == (2, other)
    assert job.segments.count() == Plan.from_json(job.plan).batches[1][1]
    assert not psutil.pid_exists(pids[0])


@pytest.mark.django_db
def test_run_ends_quietly_when_the_recording_is_deleted(job, engine, slow):
    token = lease.start_directly(job)
    delete = _at_batch(2, lambda job: Job.objects.get(pk=job.pk).recording.delete())

    assert run(job.pk, token, engine=engine, should_stop=lambda: "", on_progress=delete) == State.CANCELLED
    assert not workfile.work_file(job.recording.sha256).exists()


@pytest.mark.django_db(transaction=True)
def test_run_outlives_an_outage_of_the_database(job, go):
    failures = []

    def fail_twice(execute, *arguments):
        if len(failures) < 2:
            failures.append(True)
            raise OperationalError("away")
        return execute(*arguments)

    def begin_outage(job):
        connection.execute_wrappers.append(fail_twice)

    try:
        assert go(job, on_progress=_at_batch(2, begin_outage)) == State.COMPLETED
    finally:
        connection.execute_wrappers.clear()
    assert len(failures) == 2
    assert _is_text_of_undisturbed_run(job)


def _interrupt(go, job):
    """Run a job up to its second batch, and let it be queued again."""
    wishes = []
    go(job, should_stop=lambda: "".join(wishes), on_progress=_at_batch(2, lambda job: wishes.append("pause")))
    lease.resume(job.pk)


@pytest.mark.django_db
def test_run_says_so_where_the_rest_is_made_with_something_else(job, go, slow):
    _interrupt(go, job)
    plan = job.plan | {"pins": job.plan["pins"] | {"weights_sha256": "of weights that were replaced"}}
    Job.objects.filter(pk=job.pk).update(plan=plan)

    assert go(job) == State.COMPLETED
    assert job.warnings == [
        "The weights of fake fake were replaced, so the text from 0:06 on was made with other ones."
    ]
    assert _is_text_of_undisturbed_run(job)


def _change_pins(job, **changes):
    Job.objects.filter(pk=job.pk).update(plan=job.plan | {"pins": job.plan["pins"] | changes})


@pytest.mark.django_db
def test_run_says_so_once_where_it_goes_on_in_other_circumstances(job, go, slow):
    _interrupt(go, job)
    _change_pins(job, engine_version="0", threads=8)

    assert go(job) == State.COMPLETED
    changes = "another engine version (1 instead of 0) and another number of threads (1 instead of 8)"
    assert job.warnings == [
        f"This job went on with {changes}, so its text may differ slightly from an undisturbed run."
    ]
    assert _is_text_of_undisturbed_run(job)


@pytest.mark.django_db
def test_run_plans_anew_where_no_text_was_made(job, go, slow):
    _interrupt(go, job)
    job.segments.all().delete()
    plan = job.plan | {"pins": job.plan["pins"] | {"weights_sha256": "of weights that were replaced"}}
    Job.objects.filter(pk=job.pk).update(plan=plan, batches_done=0)

    assert go(job) == State.COMPLETED
    assert job.plan["pins"]["weights_sha256"] != "of weights that were replaced"
    assert job.warnings == []


@pytest.mark.django_db
def test_claimed_run_ignores_a_claim_that_does_not_hold(job):
    run_claimed(str(job.pk), str(uuid4()))

    job.refresh_from_db()
    assert (job.state, job.batches_done) == (State.QUEUED, 0)


@pytest.mark.django_db
def test_claimed_run_gives_the_job_back_where_the_cluster_stops_already(job):
    token = lease.start_directly(job)
    drain.start()
    try:
        run_claimed(str(job.pk), str(token))
    finally:
        drain._flag.value = 0

    job.refresh_from_db()
    assert (job.state, job.claims) == (State.QUEUED, 1)


@pytest.mark.django_db
def test_sweep_deletes_work_files_that_nobody_needs(job, settings):
    settings.WORK_DIR.mkdir()
    needed, stale = workfile.work_file(job.recording.sha256), workfile.work_file("0" * 64)
    for path in (needed, stale):
        path.touch()

    workfile.sweep()

    assert list(settings.WORK_DIR.iterdir()) == [needed]


def _part(job, pid: int, *, age_seconds: int) -> Path:
    """Write what an engine leaves that is killed while it decodes."""
    whole = workfile.work_file(job.recording.sha256)
    whole.parent.mkdir(exist_ok=True)
    path = whole.with_name(f"{whole.name}.{pid}.part")
    path.touch()
    os.utime(path, (time.time() - age_seconds,) * 2)
    return path


@pytest.fixture
def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.django_db
def test_sweep_deletes_what_a_dead_engine_left_half_written(job, dead_pid):
    dead = _part(job, dead_pid, age_seconds=100)
    alive = _part(job, os.getpid(), age_seconds=100)

    workfile.sweep()

    assert (dead.exists(), alive.exists()) == (False, True)


@pytest.mark.django_db
def test_sweep_keeps_what_another_container_may_be_writing(job, dead_pid):
    new = _part(job, dead_pid, age_seconds=0)

    workfile.sweep()

    assert new.exists()


@pytest.mark.django_db
def test_run_leaves_nothing_half_written_at_its_end(job, go, settings, dead_pid):
    _part(job, dead_pid, age_seconds=0)

    assert go(job) == State.COMPLETED
    assert list(settings.WORK_DIR.iterdir()) == []


def test_each_audio_track_has_a_work_file_of_its_own(go, make_job, make_recording, data):
    recording = make_recording((data / "jfk_two_tracks.mka").read_bytes(), audio_tracks=2)
    first, second = (make_job(recording, asked_engine="fake", audio_track=track) for track in (0, 1))
    seen = []
    assert (
        go(first, on_progress=_at_batch(1, lambda job: seen.extend(workfile.settings.WORK_DIR.glob("*.pcm"))))
        == "completed"
    )
    assert (
        go(second, on_progress=_at_batch(1, lambda job: seen.extend(workfile.settings.WORK_DIR.glob("*.pcm"))))
        == "completed"
    )

    sha256 = recording.sha256
    assert [path.name for path in seen] == [f"{sha256}.pcm", f"{sha256}-1.pcm"]
    assert not list(workfile.settings.WORK_DIR.glob("*.pcm"))
    assert (first.provenance["audio_track"], second.provenance["audio_track"]) == (1, 2)


def test_track_that_is_not_there_fails_with_a_sentence(go, make_job, make_recording, data):
    job = make_job(make_recording((data / "jfk_two_tracks.mka").read_bytes()), asked_engine="fake", audio_track=4)

    assert go(job) == State.FAILED
    assert job.error == "This file has 2 audio tracks, so there is no track 5."
