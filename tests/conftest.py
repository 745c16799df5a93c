"""The people and the rows that tests need. `client`, from pytest-django, is a stranger."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.test import Client
from pytest_django import Settings

from speech.weights import COMMUNITY, FASTER_WHISPER
from speech.weights.manifest import Manifest, Stored
from speech.weights.store import place_of
from transcripts.models import Job, Recording, Segment

DATA = Path(__file__).parent / "data"
PASSWORD = "moonlight over the quiet sea"
SPEECH = (
    "And so, my fellow Americans,",
    " ask not what your country can do for you,",
    " ask what you can do for your country.",
)

PutWeights = Callable[..., Path]
MakeRecording = Callable[..., Recording]
MakeJob = Callable[..., Job]
MakeSegments = Callable[..., list[Segment]]


@pytest.fixture(autouse=True)
def media_root(settings: Settings, tmp_path: Path) -> Path:
    """Keep uploads and work files in a folder of this test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.INCOMING_DIR = settings.MEDIA_ROOT / "incoming"
    settings.WORK_DIR = tmp_path / "work"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Let no test see what another one has cached."""
    for each in caches.all(initialized_only=True):
        each.clear()


@pytest.fixture
def weights_folder(settings: Settings, tmp_path: Path) -> Path:
    """Keep weights in a folder of this test, with the settings that an installation starts with."""
    settings.WEIGHTS_DIR = tmp_path / "models"
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "faster-whisper", "base"
    settings.FAKE_ENGINE = False
    settings.ENGINE_THREADS = 2
    return settings.WEIGHTS_DIR


@pytest.fixture
def put_weights(weights_folder: Path) -> PutWeights:
    """Return a function that puts a model of a few bytes in its place, installed as far as anybody looks who does not load it.

    Its hash is `sha256 of ENGINE/MODEL`.
    """

    def put(engine: str, model: str) -> Path:
        place = place_of(weights_folder, engine=engine, model=model)
        place.mkdir(parents=True)
        name = "model.bin" if engine == FASTER_WHISPER else f"{model}.pt"
        name = "embedding/model.bin" if model == COMMUNITY else name
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(b"weights")
        files = (Stored(name, 7, "9" * 64),)
        day = "2026-01-02T03:04:05+00:00"
        Manifest(engine, model, name, f"sha256 of {engine}/{model}", files, "a test", day, day).write(place)
        return place

    return put


@pytest.fixture
def data() -> Path:
    """Return the folder of the test recordings."""
    return DATA


@pytest.fixture
def alice(db: None) -> User:
    """Owns the recordings."""
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def bob(db: None) -> User:
    """Shares the installation, and nothing else."""
    return User.objects.create_user("bob", password=PASSWORD)


@pytest.fixture
def carol(db: None) -> User:
    """Is staff."""
    return User.objects.create_user("carol", password=PASSWORD, is_staff=True)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice_client(alice: User) -> Client:
    return _signed_in(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return _signed_in(bob)


@pytest.fixture
def carol_client(carol: User) -> Client:
    return _signed_in(carol)


@pytest.fixture
def make_recording(alice: User) -> MakeRecording:
    """Return a function that makes a recording with a small real file. Alice's, unless told otherwise."""

    def make(content: bytes = (DATA / "jfk.opus").read_bytes(), **fields: Any) -> Recording:
        facts = {
            "owner": alice,
            "title": "Inaugural address",
            "original_filename": "jfk.opus",
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "container": "ogg",
            "audio_codec": "opus",
            "duration_seconds": 11.0,
            "playback_state": "none",
        }
        return Recording.objects.create(media=ContentFile(content, "jfk.opus"), **facts | fields)

    return make


@pytest.fixture
def make_job(make_recording: MakeRecording) -> MakeJob:
    """Return a function that makes a queued job, on a recording of its own unless told otherwise."""

    def make(recording: Recording | None = None, **fields: Any) -> Job:
        recording = recording or make_recording()
        return Job.objects.create(recording=recording, **{"owner": recording.owner} | fields)

    return make


@pytest.fixture
def make_segments() -> MakeSegments:
    """Return a function that gives a job one segment for each text, with words at even times."""

    def make(job: Job, texts: tuple[str, ...] = SPEECH, *, seconds: float = 3.0) -> list[Segment]:
        segments = [_segment(job, index, text, seconds) for index, text in enumerate(texts)]
        return Segment.objects.bulk_create(segments)

    return make


def _segment(job: Job, index: int, text: str, seconds: float) -> Segment:
    words = re.findall(r"\s*\S+", text)
    step = seconds / max(1, len(words))
    times = [index * seconds + position * step for position in range(len(words) + 1)]
    return Segment(
        job=job,
        piece=0,
        index=index,
        start=times[0],
        end=times[-1],
        text=text,
        words=[[times[i], times[i + 1], word, 0.9] for i, word in enumerate(words)],
        mean_log_probability=-0.2,
        no_speech_probability=0.01,
        compression_ratio=1.2,
        temperature=0.0,
    )


@pytest.fixture
def recording(make_recording: MakeRecording) -> Recording:
    return make_recording()


@pytest.fixture
def job(make_job: MakeJob, recording: Recording) -> Job:
    """Return a queued job."""
    return make_job(recording)


@pytest.fixture
def completed_job(make_job: MakeJob, make_segments: MakeSegments, recording: Recording) -> Job:
    """Return a completed job with three segments, shown on its recording."""
    job = make_job(recording, state=Job.State.COMPLETED, engine="faster-whisper", model="base", language="en")
    make_segments(job)
    recording.shown_job = job
    recording.save(update_fields=["shown_job"])
    return job
