"""A stretch is transcribed again by a real worker with the recogniser for tests, and comes back as a suggestion."""

import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from transcripts import lease
from transcripts.engine import EngineHost
from transcripts.models import Job, Recording, Rule, SearchEntry
from transcripts.services import suggestions
from transcripts.services.accept import JobRequest
from transcripts.services.delete import expire_media
from transcripts.services.stretches import transcribe_stretch
from transcripts.worker import run

State = Job.State
SECONDS = 24
AGAIN = JobRequest("fake", "fake", extra_options={"hotwords": "sun dust"})


@pytest.fixture(autouse=True)
def fake_engine(settings, tmp_path: Path):
    settings.FAKE_ENGINE, settings.DEFAULT_MODEL, settings.WEIGHTS_DIR = True, "fake", tmp_path / "none"


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineHost]:
    host = EngineHost()
    yield host
    host.close()


@pytest.fixture
def go(engine: EngineHost):
    """Return a function that runs a job as a worker does."""

    def go(job: Job, *, should_stop=lambda: "", on_progress=None) -> str:
        token = lease.start_directly(job)
        run(job.pk, token, engine=engine, should_stop=should_stop, on_progress=on_progress)
        job.refresh_from_db()
        return job.state

    return go


@pytest.fixture
def source(make_job, make_recording, tmp_path: Path, go) -> Job:
    """Return a completed job with twelve segments of two seconds."""
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * (SECONDS * 32000 // 250))
    content = (tmp_path / "hum.wav").read_bytes()
    job = make_job(make_recording(content, duration_seconds=None), asked_engine="fake")
    assert go(job) == State.COMPLETED
    return job


def _text(job: Job) -> list[tuple]:
    return list(job.segments.values_list("start", "end", "text", "words"))


@pytest.mark.django_db
def test_only_the_stretch_is_transcribed_and_the_text_stays(source: Job, go):
    before, entries = _text(source), SearchEntry.objects.count()
    job = transcribe_stretch(source, 9.0, 13.5, AGAIN)
    done: list[float] = []
    assert go(job, on_progress=lambda job: done.append(job.audio_seconds_done)) == State.COMPLETED
    assert (job.stretch_start, job.stretch_end, job.warnings) == (8.0, 14.0, [])
    assert [(piece["start"], piece["end"]) for piece in job.plan["pieces"]] == [(8.0, 10.0), (10.0, 12.0), (12.0, 14.0)]
    assert ({text.split()[0].strip(".") for _, _, text, _ in _text(job)}) <= {"sun", "dust"}
    assert (done == sorted(done), max(done), job.audio_seconds, job.percent) == (True, 6.0, 6.0, 100)
    assert (_text(source), SearchEntry.objects.count()) == (before, entries)
    recording = Recording.objects.get()
    assert (recording.shown_job, recording.duration_seconds) == (source, SECONDS)


@pytest.mark.django_db
def test_suggestion_of_a_worker_is_accepted(source: Job, go, alice: User):
    job = transcribe_stretch(source, 9.0, 13.5, AGAIN)
    go(job)
    suggestions.accept(job, mark=suggestions.present(job).mark, author=alice)
    words = [word for *_, some in _text(source) for word in some]
    assert all(one[1] <= other[0] for one, other in pairwise(words))
    assert [word[2].strip(" .") in ("sun", "dust") for word in words] == [False] * 16 + [True] * 12 + [False] * 20
    assert all(word[3] == 0.9 for word in words)


@pytest.mark.django_db
@pytest.mark.parametrize("wish", ["drain", "pause"])
def test_stretch_goes_on_where_it_was_stopped(source: Job, go, wish: str):
    whole = transcribe_stretch(source, 0.0, 24.0, AGAIN)
    go(whole)
    job = transcribe_stretch(source, 0.0, 24.0, AGAIN)
    assert go(job, should_stop=lambda: wish if Job.objects.get(pk=job.pk).batches_done == 2 else "") in (
        State.QUEUED,
        State.PAUSED,
    )
    assert 0 < job.segments.count() < 12
    lease.resume(job.pk)
    assert go(job) == State.COMPLETED
    assert _text(job) == _text(whole)


@pytest.mark.django_db
def test_stretch_that_cannot_be_transcribed_fails_with_a_reason(source: Job, go, monkeypatch, alice: User):
    monkeypatch.setenv("SELENITE_FAKE_CRASH", "*:abort:always")
    host = EngineHost()
    job = transcribe_stretch(source, 9.0, 10.0, AGAIN)
    token = lease.start_directly(job)
    run(job.pk, token, engine=host, should_stop=lambda: "")
    host.close()
    job.refresh_from_db()
    assert job.state in (State.FAILED, State.QUEUED)
    assert (job.error or job.blocked_reason) != ""
    assert source.segments.count() == 12


@pytest.mark.django_db
def test_rules_are_applied_to_a_suggestion(source: Job, go, alice: User):
    Rule.objects.create(owner=source.owner, find="sun", replacement="Sun")
    job = transcribe_stretch(source, 9.0, 9.5, AGAIN)
    go(job)
    assert "Sun" in suggestions.suggested(job)[0].text


@pytest.mark.django_db
def test_stretch_that_waits_is_cancelled_with_the_media(source: Job):
    job = transcribe_stretch(source, 9.0, 10.0, AGAIN)
    assert expire_media(source.recording)
    job.refresh_from_db()
    assert (job.state, source.segments.count()) == (State.CANCELLED, 12)


@pytest.mark.django_db
def test_another_model_takes_a_stretch_with_a_warning(source: Job, go, settings, put_weights):
    """The model that is asked for is not there any more: the next one does it, and says so."""
    settings.FAKE_ENGINE = True
    job = transcribe_stretch(source, 9.0, 9.5, JobRequest())
    Job.objects.filter(pk=job.pk).update(asked_engine="whisper", asked_model="medium")
    job.refresh_from_db()
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "fake", "fake"
    assert go(job) == State.COMPLETED
    assert (job.engine, len(job.warnings)) == ("fake", 1)


@pytest.mark.django_db
@pytest.mark.weights
def test_real_stretch_has_the_words_that_are_said_there(
    make_job, make_recording, alice: User, data: Path, settings, go
):
    settings.FAKE_ENGINE, settings.WEIGHTS_DIR = False, settings.BASE_DIR / "models"
    recording = make_recording((data / "jfk.flac").read_bytes(), duration_seconds=11.0)
    source = make_job(recording, state=State.COMPLETED)
    job = transcribe_stretch(source, 5.0, 8.0, JobRequest("faster-whisper", "tiny.en", "en"))
    assert go(job) == State.COMPLETED
    words = [word for line in job.segments.all() for word in line.words]
    text = "".join(word[2] for word in words).lower()
    assert ("your country can do" in text, "fellow" in text) == (True, False)
    assert all(4.4 <= word[0] <= word[1] <= 8.6 for word in words)
    suggestions.accept(job, mark=suggestions.present(job).mark, author=alice)
    assert [row.words for row in source.segments.all()] == [row.words for row in job.segments.all()]
