"""Speakers in the run of a job, with a real engine process, the recogniser and the diarizer for tests."""

import wave
from pathlib import Path
from types import SimpleNamespace

import pytest

from registry import diarizers
from registry.viability import Hindrance
from speech.types import EngineError, SpeakerCount, Turn
from transcripts import identifying, lease, workfile
from transcripts.engine import EngineHost
from transcripts.models import Edit, Job, Labelling
from transcripts.models.job import time_left
from transcripts.services import identify
from transcripts.services.edits import undo
from transcripts.services.gaps import retry
from transcripts.services.identify import NotIdentifiable, identify_again
from transcripts.services.speakers import apply_labelling, restore
from transcripts.worker import run

pytestmark = pytest.mark.django_db

State, Wish, Stage = Job.State, Job.StopRequest, Job.Stage
SECONDS = 12
"""Six pieces of the recogniser for tests, four turns of the diarizer."""
BATCHES = 4
SPEAKERS = [1, 1, 2, 2, 1, 1, 2, 2]
"""Whose the parts of the text are: the second and the fifth piece are cut in two."""


@pytest.fixture(autouse=True)
def fake_engine(settings):
    settings.FAKE_ENGINE = True
    settings.DEFAULT_ENGINE = "fake"


@pytest.fixture(scope="module")
def shared_engine():
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
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * (SECONDS * 32000 // 250))
    return (tmp_path / "hum.wav").read_bytes()


@pytest.fixture
def job(make_job, make_recording, hum):
    return make_job(make_recording(hum, duration_seconds=None), asked_engine="fake", diarize=True)


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
    """Have the diarizer take its time, and the row looked at often."""
    monkeypatch.setenv("SELENITE_FAKE_SECONDS", "0.3")
    monkeypatch.setattr("transcripts.held.LOOK_SECONDS", 0.05)


@pytest.fixture
def only_fake(monkeypatch):
    """Have no other diarizer to go on with."""
    monkeypatch.setattr(diarizers, "_order", lambda known: ["fake"])


def _speakers(job):
    return [segment.speaker and segment.speaker.number for segment in job.segments.select_related("speaker")]


def _is_whole(job):
    """Say whether all that was recognised is there, once and in order."""
    rows = job.segments.order_by("piece", "part")
    assert all("".join(word[2] for word in row.words) == row.text for row in rows)
    return [row.piece for row in rows if row.part == 0] == list(range(SECONDS // 2))


def _when(condition, action):
    """Return an `on_progress` that does something once, when a condition holds."""
    done = []

    def on_progress(job):
        if condition(job) and not done:
            done.append(True)
            action(job)

    return on_progress


def _identifying(job):
    return job.stage == Stage.IDENTIFYING


def _ask(wish):
    return lambda job: lease.request_stop(job.pk, wish)


@pytest.fixture
def two_voices(tmp_path: Path) -> bytes:
    """Return a WAV file with another hum on each channel."""
    with wave.open(str(tmp_path / "two.wav"), "wb") as file:
        file.setparams((2, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"".join(bytes([0, number % 97, 0, number % 71]) for number in range(SECONDS * 16000)))
    return (tmp_path / "two.wav").read_bytes()


def test_run_by_channel_gives_each_word_to_the_speaker_of_its_channel(make_job, make_recording, go, two_voices):
    recording = make_recording(two_voices, duration_seconds=None)
    job = make_job(recording, asked_engine="fake", diarize=True, by_channel=True)

    assert go(job) == State.COMPLETED

    pieces = job.plan["pieces"]
    rows = job.segments.select_related("speaker")
    assert [row.speaker.number for row in rows] == [pieces[row.piece]["channel"] for row in rows] == [1, 2] * 6
    assert {tuple(row.also) for row in rows} == {(row.speaker_id,) for row in rows}
    assert (job.identified, job.diarizer, job.warnings) == (Job.Identified.DONE, "channels", [])


def test_labelling_by_channel_can_be_used_again_after_another_one(make_job, make_recording, go, two_voices):
    recording = make_recording(two_voices, duration_seconds=None)
    job = make_job(recording, asked_engine="fake", diarize=True, by_channel=True)
    go(job)
    by_channel = job.labelling
    apply_labelling(job, [Turn(0.0, 12.0, 1)], provenance={"diarizer": "fake"})
    assert set(_speakers(job)) == {1}

    restore(by_channel, author=None)

    assert _speakers(job) == [1, 2] * 6


def test_run_by_channel_of_one_channel_has_a_diarizer_tell_who_speaks(make_job, make_recording, go, hum):
    job = make_job(make_recording(hum, duration_seconds=None), asked_engine="fake", diarize=True, by_channel=True)

    assert go(job) == State.COMPLETED

    assert (_speakers(job), job.diarizer) == (SPEAKERS, "fake")
    assert job.warnings == ["There is only one channel, so the recording was transcribed as usual, not by channel."]


def test_run_identifies_speakers_after_the_text(job, go):
    seen = []

    assert go(job, on_progress=lambda job: seen.append((job.stage, job.batches_done, job.percent))) == State.COMPLETED

    assert (_is_whole(job), _speakers(job)) == (True, SPEAKERS)
    assert (job.identified, job.diarizer, job.warnings, job.crashes) == (Job.Identified.DONE, "fake", [], 0)
    assert job.labelling.provenance.items() >= {"diarizer": "fake", "audio_seconds": 12.0, "warnings": []}.items()
    assert (job.identified_seconds, job.identifying_seconds > 0) == (SECONDS, True)
    assert {done for stage, done, _ in seen if stage == Stage.IDENTIFYING} == {BATCHES}
    percents = [percent for *_, percent in seen]
    assert percents == sorted(percents)
    assert (job.percent, max(percents)) == (100, 99)
    at_identifying = next(percent for stage, _, percent in seen if stage == Stage.IDENTIFYING)
    assert at_identifying == 80


def test_run_leaves_speakers_alone_where_nobody_asked(make_job, make_recording, hum, go):
    job = make_job(make_recording(hum), asked_engine="fake")
    assert go(job) == State.COMPLETED
    assert (set(_speakers(job)), job.identified, Labelling.objects.count()) == ({None}, "", 0)


def test_number_of_speakers_is_what_was_asked(job, go):
    Job.objects.update(least_speakers=3, most_speakers=4)
    assert go(job) == State.COMPLETED
    assert _speakers(job) == [1, 1, 2, 2, 3, 3, 1, 1]
    assert job.labelling.provenance["speakers"] == {"least": 3, "most": 4}


def test_recording_without_words_has_nobody_to_identify(job, go, make_segments):
    plan = {"duration": 12.0, "language": "", "language_probability": 0.0, "pieces": [], "batches": [], "pins": {}}
    Job.objects.update(plan=plan)
    assert go(job) == State.COMPLETED
    assert (job.identified, job.warnings, Labelling.objects.count()) == ("", [], 0)


@pytest.mark.parametrize("how", ["kill", "abort", "error", "memory"])
def test_diarizer_that_dies_once_is_tried_again(job, go, monkeypatch, tmp_path, how):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"speakers:{how}:once:{tmp_path / 'marker'}")
    assert go(job) == State.COMPLETED
    assert (_speakers(job), job.warnings, job.deaths, job.crashes) == (SPEAKERS, [], [], 0)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("kill", "The engine process was killed, probably for want of memory"),
        ("abort", "The engine process crashed (SIGABRT)"),
        ("error", "The speech engine failed: ValueError: poisoned"),
        ("memory", "There was not enough memory for this"),
    ],
)
def test_diarizer_that_always_dies_costs_the_labels_only(job, go, only_fake, monkeypatch, how, reason):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", f"speakers:{how}:always")

    assert go(job) == State.COMPLETED

    assert (_is_whole(job), set(_speakers(job)), job.identified) == (True, {None}, Job.Identified.FAILED)
    [warning] = job.warnings
    assert warning == f"The speakers could not be identified. fake failed ({reason}). {identifying.WITHOUT}"
    assert (job.deaths, job.crashes, job.percent) == ([], 0, 100)
    job.recording.refresh_from_db()
    assert job.recording.shown_job == job
    monkeypatch.delenv("SELENITE_FAKE_CRASH")
    assert go(identify_again(job.pk)) == State.COMPLETED
    job.refresh_from_db()
    assert (_speakers(job), job.warnings, job.identified) == (SPEAKERS, [], Job.Identified.DONE)


def test_diarizer_that_hangs_is_ended(job, go, only_fake, monkeypatch, settings):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "speakers:hang:always")
    settings.ENGINE_STALL_SECONDS = 1
    assert go(job) == State.COMPLETED
    assert "fake failed (The engine process stopped answering and was ended)." in job.warnings[0]
    assert _is_whole(job)


def test_next_diarizer_takes_over_after_one_that_cannot(job, go, monkeypatch):
    """The one that was asked for has no library here; its absence is found when it is loaded, as with a broken one."""
    real = diarizers.hindrance_of
    monkeypatch.setattr(diarizers, "hindrance_of", lambda known, name: None if name == "vad" else real(known, name))
    monkeypatch.setattr(diarizers, "_weights", lambda known, name: {})
    Job.objects.update(asked_diarizer="vad")

    assert go(job) == State.COMPLETED

    assert (_speakers(job), job.diarizer, len(job.warnings)) == (SPEAKERS, "fake", 1)
    assert job.warnings[0].startswith("vad failed (")
    assert job.warnings[0].endswith("); fake was used instead.")


def test_no_diarizer_at_all_leaves_the_text(job, go, monkeypatch, settings):
    monkeypatch.setattr(
        diarizers, "hindrance_of", lambda known, name: Hindrance(f"{name} is not installed", "Run: make setup")
    )
    assert go(job) == State.COMPLETED
    assert job.warnings[0].startswith("The speakers could not be identified. ")
    assert "told apart" not in job.warnings[0]
    assert job.warnings[0].endswith(" is not installed. The text is complete. “Identify speakers” tries it again.")
    assert _is_whole(job)


def test_error_in_the_program_leaves_the_text(job, go, monkeypatch):
    def fail(*arguments, **options):
        raise ValueError("a bug")

    monkeypatch.setattr("transcripts.identifying.apply_labelling", fail)
    assert go(job) == State.COMPLETED
    assert (_is_whole(job), job.identified) == (True, Job.Identified.FAILED)
    assert "Something unexpected went wrong" in job.warnings[0]


def test_full_disk_makes_the_job_wait_with_its_text(job, go, monkeypatch):
    """The work file is gone and cannot be written again: that passes."""
    monkeypatch.setattr("transcripts.identifying.Identifying._diarize", _raise_disk_full)
    assert go(job) == State.QUEUED
    assert (job.blocked_reason, job.identified, _is_whole(job)) == ("The disk is full.", "", True)


def _raise_disk_full(*arguments):
    raise EngineError("The disk is full.", permanent=False, code="disk_full")


def test_pause_keeps_the_text_and_goes_on_with_the_speakers(job, go, slow):

    assert go(job, on_progress=_when(_identifying, _ask(Wish.PAUSE))) == State.PAUSED

    assert (_is_whole(job), job.stage, job.identified, job.batches_done) == (True, Stage.IDENTIFYING, "", BATCHES)
    lease.resume(job.pk)
    stages = []
    assert go(job, on_progress=lambda job: stages.append(job.stage)) == State.COMPLETED
    assert (_speakers(job), job.warnings) == (SPEAKERS, [])
    assert Stage.TRANSCRIBING not in stages


def test_work_file_is_made_again_where_it_is_gone(job, go, slow):
    go(job, on_progress=_when(_identifying, _ask(Wish.PAUSE)))
    workfile.work_file(job.recording.sha256).unlink()
    lease.resume(job.pk)
    assert go(job) == State.COMPLETED
    assert _speakers(job) == SPEAKERS


def test_drain_gives_the_job_back_within_seconds(job, go, slow):
    stop = []
    state = go(job, should_stop=lambda: "drain" if stop else "", on_progress=_when(_identifying, stop.append))
    assert (state, job.identified, _is_whole(job)) == (State.QUEUED, "", True)


def test_cancel_while_speakers_are_identified_completes_the_text(job, go, slow):
    assert go(job, on_progress=_when(_identifying, _ask(Wish.CANCEL))) == State.COMPLETED
    assert (_is_whole(job), set(_speakers(job)), job.warnings) == (True, {None}, [identify.CANCELLED])
    assert (job.identified, job.stop_request) == (Job.Identified.FAILED, "")


@pytest.mark.parametrize("state", [State.PAUSED, State.QUEUED])
def test_cancel_of_a_job_that_waits_for_its_speakers_completes_it_next(job, go, slow, state):
    go(job, on_progress=_when(_identifying, _ask(Wish.PAUSE)))
    Job.objects.update(state=state)

    assert lease.request_stop(job.pk, Wish.CANCEL)
    assert not lease.request_stop(job.pk, Wish.PAUSE)  # Cancel outranks it.

    job.refresh_from_db()
    assert (job.state, job.finished_at) == (State.QUEUED, None)
    assert go(job) == State.COMPLETED
    assert (job.warnings, _is_whole(job)) == ([identify.CANCELLED], True)


def test_cancel_survives_the_death_of_the_worker(job, go, slow):
    go(job, on_progress=_when(_identifying, _ask(Wish.PAUSE)))
    lease.resume(job.pk)
    lease.start_directly(job)
    Job.objects.update(lease_expires_at="2020-01-01T00:00:00Z", stop_request=Wish.CANCEL)

    assert lease.rescue() == 1

    job.refresh_from_db()
    assert (job.state, job.stop_request) == (State.QUEUED, Wish.CANCEL)
    assert go(job) == State.COMPLETED
    assert job.warnings == [identify.CANCELLED]


def test_lost_lease_leaves_no_labels(job, go, slow):
    go(job, on_progress=_when(_identifying, lambda job: Job.objects.update(lease_token=job.pk)))
    assert (Labelling.objects.count(), Edit.objects.count(), set(_speakers(job))) == (0, 0, {None})


@pytest.fixture
def done(job, go):
    """Return a job that is complete, without speakers."""
    Job.objects.update(diarize=False)
    go(job)
    return job


def test_speakers_are_identified_later_without_transcribing_again(done, go):
    texts = list(done.segments.values_list("text", flat=True))
    again = identify_again(done.pk, speakers=SpeakerCount(2, 2))
    assert (again.kind, again.source, again.owner) == (Job.Kind.SPEAKERS, done, done.owner)
    stages, percents = set(), []

    assert go(again, on_progress=lambda job: (stages.add(job.stage), percents.append(job.percent))) == State.COMPLETED

    done.refresh_from_db()
    assert _speakers(done) == SPEAKERS
    assert "".join(done.segments.values_list("text", flat=True)) == "".join(texts)
    assert (done.labelling.job, done.diarizer, done.identified) == (done, "fake", Job.Identified.DONE)
    assert stages <= {"", Stage.IDENTIFYING}
    assert percents == sorted(percents)
    done.recording.refresh_from_db()
    assert done.recording.shown_job == done
    assert Edit.objects.get().author == done.owner
    undo(Edit.objects.get(), author=done.owner)
    assert list(done.segments.values_list("text", flat=True)) == texts


def test_second_wish_is_the_first_one_again(done):
    first = identify_again(done.pk)
    lease.request_stop(first.pk, Wish.PAUSE)
    assert identify_again(done.pk, diarizer="vad") == first
    first.refresh_from_db()
    assert first.state == State.QUEUED


def test_gaps_and_speakers_of_a_job_do_not_stand_in_for_each_other(done):
    done.segments.filter(piece=0).update(text="", words=[], gap="The engine was killed.")
    gaps, speakers = retry(done.pk), identify_again(done.pk)
    assert (gaps.kind, speakers.kind) == (Job.Kind.GAPS, Job.Kind.SPEAKERS)


def test_text_that_cannot_be_labelled_is_refused(done, make_job):
    silent = make_job(state=State.COMPLETED)
    for job in (make_job(), silent, identify_again(done.pk)):
        with pytest.raises(NotIdentifiable):
            identify_again(job.pk)


def test_failure_leaves_the_text_and_its_speakers_as_they_were(done, go, only_fake, monkeypatch):
    go(identify_again(done.pk))
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "speakers:error:always")
    go_again = identify_again(done.pk)
    rows = list(done.segments.values())

    host = EngineHost()  # One that has the variable.
    token = lease.start_directly(go_again)
    assert run(go_again.pk, token, engine=host, should_stop=lambda: "") == State.FAILED
    host.close()

    go_again.refresh_from_db()
    assert go_again.error == (
        "The speakers could not be identified. fake failed (The speech engine failed: ValueError: poisoned). "
        "The text is as it was."
    )
    assert (list(done.segments.values()), done.labellings.count()) == (rows, 1)


def test_cancel_ends_a_job_for_speakers(slow, done, go):
    again = identify_again(done.pk)
    assert go(again, on_progress=_when(_identifying, _ask(Wish.CANCEL))) == State.CANCELLED
    done.refresh_from_db()
    assert (done.labelling, done.warnings) == (None, [])


def test_deleted_text_ends_a_job_for_speakers(slow, done, go):
    again = identify_again(done.pk)
    token = lease.start_directly(again)
    host = EngineHost()
    delete = _when(_identifying, lambda job: Job.objects.filter(pk=done.pk).delete())
    assert run(again.pk, token, engine=host, should_stop=lambda: "", on_progress=delete) == State.CANCELLED
    host.close()
    assert (Job.objects.count(), Labelling.objects.count()) == (0, 0)


def test_progress_tells_how_far_the_speakers_are(job):
    facts = {"prepared_seconds": 100.0, "audio_seconds_done": 100.0, "identifying_share": 0.25, "expected_pace": 0.3}
    facts["transcribing_seconds"] = 30.0
    for name, value in facts.items():
        setattr(job, name, value)
    job.stage = Stage.IDENTIFYING
    assert (job.percent, job.seconds_left) == (75, pytest.approx(10.0))
    job.identified_seconds, job.identifying_seconds = 50.0, 5.0
    assert (job.percent, job.seconds_left) == (87, pytest.approx(5.0))
    job.identified_seconds = 100.0
    assert (job.percent, job.seconds_left) == (99, 0.0)


def test_time_left_of_a_transcription_has_the_speakers_in_it():
    row = SimpleNamespace(
        kind=Job.Kind.WHOLE, expected_pace=0.3, transcribing_seconds=0.0, audio_seconds_done=0.0,
        identifying_seconds=0.0, identified_seconds=0.0, identifying_share=0.25,
    )  # fmt: skip
    assert time_left(row, 100.0) == pytest.approx(40.0)
    assert time_left(row, None) is None


@pytest.mark.parametrize("whose", ["", "What an administrator can do: "])
def test_what_to_do_is_the_last_that_is_told(whose: str):
    remedy = f"{whose}Run: .venv/bin/python manage.py weights install ge2e"
    why = f"{diarizers.CANNOT} The weights ge2e of vad are not installed. {remedy}"

    assert identifying._not_identified(why, identifying.WITHOUT) == (
        "The speakers could not be identified. The weights ge2e of vad are not installed. The text is complete. "
        f"“Identify speakers” tries it again. {remedy}"
    )
