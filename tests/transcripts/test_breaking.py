"""Real weights and libraries that break: what is deleted, damaged, hidden or too large costs no job."""

import re
import shutil
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from random import Random

import psutil
import pytest
from django.conf import settings as real

from registry import scan
from registry.models import SpeechModel
from speech import measuring
from speech.client import EngineProcess
from speech.times import clock
from speech.weights import check, find, verify
from tests.transcripts.installation import Installation
from transcripts import lease
from transcripts.engine import EngineHost
from transcripts.models import Job
from transcripts.worker import run

pytestmark = [pytest.mark.weights, pytest.mark.django_db]

State = Job.State
ASK_NOT = "ask not what your country can do for you"
SECONDS = 112.0
"""More than four pieces, so that there is a second batch."""
STEP_BYTES = 24 << 20
"""Base needs about three times as much more than tiny.en, whatever the engine does to get by with less."""
NOISE_BYTES = 35_000_000
PUT_BACK_SECONDS = 40.0
"""A look every 15 seconds, and the work."""
HIDE = """
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in {hidden} else find_spec(name, *rest)
"""


@pytest.fixture
def weights(settings, tmp_path: Path) -> Callable[..., None]:
    """Return a function that puts real weights in a folder of the test, as if they had just been verified."""
    source = Path(real.WEIGHTS_DIR)
    settings.WEIGHTS_DIR = tmp_path / "models"
    settings.DEFAULT_ENGINE, settings.DEFAULT_MODEL = "faster-whisper", "base"

    def put(*names: str) -> None:
        for name in names:
            engine, _, model = name.partition("/")
            shutil.copytree(source / engine / model, settings.WEIGHTS_DIR / engine / model)
            found = find(settings.WEIGHTS_DIR, engine=engine, model=model)
            assert found is not None
            verify(found)
        scan.refresh()

    return put


@pytest.fixture
def go() -> Iterator[Callable[..., str]]:
    """Return a function that runs a job as a worker with an engine of its own does."""
    hosts = []

    def go(job: Job, *, on_progress=None) -> str:
        hosts.append(EngineHost())
        token = lease.start_directly(job)
        run(job.pk, token, engine=hosts[-1], should_stop=str, on_progress=on_progress)
        job.refresh_from_db()
        return job.state

    yield go
    for host in hosts:
        host.close()


def _text(job: Job) -> str:
    return "".join(job.segments.values_list("text", flat=True)).lower()


def _damage(path: Path) -> None:
    """Change one byte, and nothing of the size."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


@pytest.fixture
def long_recording(make_recording, data: Path, tmp_path: Path):
    clips = [data / "jfk.flac", *sorted([*(data / "librispeech").glob("*.flac"), *(data / "ljspeech").glob("*.flac")])]
    measuring.join(clips, tmp_path / "long.wav", seconds=SECONDS)
    return make_recording((tmp_path / "long.wav").read_bytes(), duration_seconds=SECONDS)


def test_weights_deleted_while_they_are_used_cost_no_text(make_job, long_recording, weights, go, settings):
    weights("faster-whisper/tiny.en", "faster-whisper/base")
    job = make_job(long_recording, asked_engine="faster-whisper", asked_model="tiny.en", asked_language="en")
    deleted = []

    def delete(job: Job) -> None:
        if job.batches_done == 1 and not deleted:
            deleted.append(shutil.rmtree(settings.WEIGHTS_DIR / "faster-whisper" / "tiny.en"))
            [engine] = [child for child in psutil.Process().children() if "speech" in child.cmdline()]
            engine.kill()  # The one that runs has them in its memory.

    assert go(job, on_progress=delete) == State.COMPLETED

    assert ASK_NOT in _text(job)
    assert job.segments.gaps().count() == 0
    assert [one["model"] for one in job.provenance["made_by"]] == ["tiny.en", "base"]
    start = clock(job.provenance["made_by"][0]["end"])
    assert job.warnings[0] == (
        f"faster-whisper tiny.en could not run any more, so the text from {start} on was made with faster-whisper base."
    )
    assert job.warnings[1] == (
        "Model tiny.en is not installed for faster-whisper; base (faster-whisper) was used instead."
    )


def test_one_wrong_byte_is_noticed_before_the_weights_are_used(make_job, weights, go, settings):
    weights("faster-whisper/base", "faster-whisper/tiny.en")
    _damage(settings.WEIGHTS_DIR / "faster-whisper" / "base" / "model.bin")
    job = make_job(asked_language="en")

    assert go(job) == State.COMPLETED

    damage = "faster-whisper/base is damaged: model.bin is not what was installed"
    assert (job.model, ASK_NOT in _text(job)) == ("tiny.en", True)
    assert (
        job.warnings[0]
        == f"Model base (faster-whisper) is broken: {damage}; tiny.en (faster-whisper) was used instead."
    )
    row = SpeechModel.objects.get(store="faster-whisper", key="base")
    assert (row.status, row.status_detail) == (SpeechModel.Status.BROKEN, f"{damage}.")


def _fill_with_noise(place: Path) -> None:
    """Fill most of the words that a model of CTranslate2 knows with noise: it can be loaded, and its files are what they were."""
    content = bytearray((place / "model.bin").read_bytes())
    name = b"decoder/embeddings/weight\0"
    start = (
        content.index(name) + len(name) + 14
    )  # The rank, two dimensions, the kind of the numbers, how many bytes they are.
    content[start : start + NOISE_BYTES] = Random(0).randbytes(NOISE_BYTES)
    (place / "model.bin").write_bytes(content)


def test_rubbish_that_somebody_brought_is_broken_and_costs_no_job(make_job, weights, go, settings):
    weights("faster-whisper/tiny.en", "faster-whisper/base")
    own = settings.WEIGHTS_DIR / "faster-whisper" / "noise"
    shutil.copytree(settings.WEIGHTS_DIR / "faster-whisper" / "tiny.en", own)
    (own / "manifest.json").unlink()
    _fill_with_noise(own)
    scan.rescan()
    check(settings.WEIGHTS_DIR, engine="faster-whisper", model="noise")
    scan.refresh()
    job = make_job(asked_model="noise", asked_language="en")

    assert go(job) == State.COMPLETED

    assert (job.model, ASK_NOT in _text(job)) == ("base", True)
    assert job.warnings[0] == (
        "Model noise (faster-whisper) is broken: The model gave numbers that are infinite or undefined; "
        "base (faster-whisper) was used instead."
    )
    row = SpeechModel.objects.get(key="noise")
    assert (row.status, row.status_detail) == (
        SpeechModel.Status.BROKEN,
        "The model gave numbers that are infinite or undefined.",
    )


def test_weights_that_were_only_touched_are_used(make_job, weights, go, settings):
    weights("faster-whisper/tiny.en")
    (settings.WEIGHTS_DIR / "faster-whisper" / "tiny.en" / "model.bin").touch()
    job = make_job(asked_model="tiny.en", asked_language="en")

    assert go(job) == State.COMPLETED
    assert (job.model, job.warnings) == ("tiny.en", [])
    assert SpeechModel.objects.get(store="faster-whisper", key="tiny.en").status == SpeechModel.Status.VERIFIED


def test_one_wrong_byte_of_a_diarizer_costs_no_speakers(make_job, weights, go, settings):
    weights("faster-whisper/tiny.en", "diarization/ge2e", "diarization/pyannote-segmentation")
    _damage(settings.WEIGHTS_DIR / "diarization" / "pyannote-segmentation" / "pytorch_model.bin")
    job = make_job(asked_model="tiny.en", asked_language="en", diarize=True)

    assert go(job) == State.COMPLETED

    assert (job.diarizer, job.speakers.exists()) == ("vad", True)
    damage = "diarization/pyannote-segmentation is damaged: pytorch_model.bin is not what was installed"
    assert job.warnings == [
        f"The weights pyannote-segmentation of pyannote are broken: {damage}; vad was used instead."
    ]


@pytest.fixture
def hide(monkeypatch, tmp_path: Path):
    """Return a function that takes libraries out of the environment of the engine process, and of this one unless told otherwise."""

    def hide(*hidden: str, here: bool = True) -> None:
        (tmp_path / "hidden").mkdir()
        (tmp_path / "hidden" / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hidden"))
        if here:
            find_spec = PathFinder.find_spec
            monkeypatch.setattr(
                PathFinder,
                "find_spec",
                lambda name, *rest: None if name.partition(".")[0] in hidden else find_spec(name, *rest),
            )

    return hide


@pytest.mark.parametrize(
    ("here", "reason"),
    [
        (True, "The library of pyannote is not installed"),
        (False, "pyannote failed (The diarizer pyannote cannot be loaded: No module named 'pyannote')"),
    ],
)
def test_speakers_are_identified_without_pyannote(here: bool, reason: str, make_job, weights, go, hide):
    """Also where the worker cannot see that it is gone, and finds out when it is loaded."""
    weights("faster-whisper/tiny.en", "diarization/ge2e", "diarization/pyannote-segmentation")
    hide("pyannote", here=here)
    job = make_job(asked_model="tiny.en", asked_language="en", diarize=True)

    assert go(job) == State.COMPLETED
    assert (job.diarizer, job.speakers.exists()) == ("vad", True)
    assert job.warnings == [f"{reason}; vad was used instead."]


def test_whisper_takes_over_where_faster_whisper_is_gone(make_job, weights, go, hide):
    """With it goes the file that tells speech from pauses."""
    weights("faster-whisper/tiny.en", "whisper/tiny.en")
    hide("faster_whisper", "ctranslate2")
    job = make_job(asked_model="tiny.en", asked_language="en")

    assert go(job) == State.COMPLETED
    assert (job.engine, ASK_NOT in _text(job)) == ("whisper", True)
    assert job.warnings[0] == "The library of faster-whisper is not installed; tiny.en (whisper) was used instead."
    assert job.warnings[-1] == (
        "Pauses and noises were not told from speech: the library for that, faster-whisper, cannot be loaded."
    )


@pytest.fixture
def little_memory(make_job, weights, go, monkeypatch):
    """Have engines that may take so much address space that tiny.en fits in, and base does not. Machines differ in how much."""
    weights("faster-whisper/tiny.en")
    go(make_job(asked_language="en"))
    [engine] = [child for child in psutil.Process().children() if "speech" in child.cmdline()]
    limit = _most_address_space(engine.pid)
    engine.kill()
    engine.wait()
    weights("faster-whisper/base")
    asked = {"asked_engine": "faster-whisper", "asked_model": "base", "asked_language": "en"}
    model = "base"
    while model == "base":
        _limit_memory(monkeypatch, limit)
        job = make_job(**asked)
        go(job)
        model, limit = job.model, limit - STEP_BYTES


def _limit_memory(monkeypatch, limit: int) -> None:
    monkeypatch.setattr(
        "transcripts.engine.EngineProcess", lambda *arguments: EngineProcess("--memory", str(limit), *arguments)
    )


def _most_address_space(pid: int) -> int:
    [kilobytes] = re.findall(r"VmPeak:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) << 10


def test_model_that_does_not_fit_makes_way_for_a_smaller_one(make_job, go, little_memory):
    job = make_job(asked_language="en")

    assert go(job) == State.COMPLETED
    assert (job.model, ASK_NOT in _text(job), job.segments.gaps().count()) == ("tiny.en", True, 0)
    assert job.warnings[0].endswith("the engine ran out of memory; tiny.en (faster-whisper) was used instead.")


def test_job_waits_where_nothing_fits(make_job, go, little_memory, settings):
    shutil.rmtree(settings.WEIGHTS_DIR / "faster-whisper" / "tiny.en")
    scan.refresh()
    job = make_job(asked_language="en")

    assert go(job) == State.QUEUED
    while_loading = (
        "Model base could not be loaded (faster-whisper): the engine ran out of memory. "
        "No other model that is installed can do this. Free some memory or choose a smaller model, and transcribe it again."
    )
    at_a_piece = (
        "No part of this recording could be transcribed: the engine ran out of memory. "
        "Free some memory or choose a smaller model, and transcribe it again."
    )
    assert job.blocked_reason in (while_loading, at_a_piece)


def test_job_starts_by_itself_when_a_model_is_there(installation: Installation, tmp_path: Path):
    """A cluster runs; nothing is installed; then somebody copies the files in."""
    models = tmp_path / "models"
    installation.environment |= {"SELENITE_FAKE_ENGINE": "0", "SELENITE_MODELS_DIR": str(models)}
    installation.shell("from transcripts.models import Job; Job.objects.filter(state='queued').update(asked_engine='')")
    installation.start()
    blocked = "SELECT blocked_reason FROM transcripts_job WHERE state = 'queued'"
    installation.wait_for(lambda: any(reason for (reason,) in installation.read(blocked)))
    assert installation.read(blocked) == [
        (
            "No speech model is installed. What an administrator can do: Run: .venv/bin/python manage.py weights install base",
        )
    ]

    source = Path(real.WEIGHTS_DIR) / "faster-whisper" / "tiny.en"
    shutil.copytree(source, models / "faster-whisper" / "tiny.en")

    installation.wait_for_end(seconds=PUT_BACK_SECONDS)
    assert installation.read("SELECT model, blocked_reason FROM transcripts_job WHERE engine = 'faster-whisper'") == [
        ("tiny.en", "")
    ]
