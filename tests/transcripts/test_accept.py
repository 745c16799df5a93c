"""What is taken in, what is refused, and that a refused file leaves nothing."""

import hashlib
import os
import wave
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import RequestFactory
from pytest_django import Settings as DjangoSettings

from preferences.models import Settings
from registry.models import Provider, SpeechModel
from transcripts import incoming
from transcripts.models import Job, Recording
from transcripts.services import accept
from transcripts.services.accept import JobRequest, Refused, accept_path, accept_upload

DEFAULTS = JobRequest()


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """Return a quiet WAV file of half a second, with a name that is no trouble."""
    return write_wav(tmp_path / "talk.wav")


def write_wav(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x10\x00" * 8000)
    return path


def uploaded(user: User, name: str, content: bytes) -> object:
    request = RequestFactory().post("/", {"files": SimpleUploadedFile(name, content)})
    request.user = user
    return request.FILES["files"]


def kept(settings: DjangoSettings) -> list[Path]:
    """Return every file that the installation holds."""
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def assert_nothing_is_left(settings: DjangoSettings) -> None:
    assert kept(settings) == []
    assert (Recording.objects.count(), Job.objects.count()) == (0, 0)


def test_local_file_is_kept_with_what_is_known_of_it(alice: User, data: Path, settings: DjangoSettings) -> None:
    source = data / "jfk_video.mp4"

    job = accept_path(source, owner=alice, request=DEFAULTS)

    recording = Recording.objects.get()
    content = source.read_bytes()
    assert (recording.title, recording.original_filename, recording.owner) == ("jfk_video", "jfk_video.mp4", alice)
    assert (recording.size_bytes, recording.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (recording.audio_codec, recording.has_video) == ("aac", True)
    assert recording.duration_seconds == pytest.approx(12.67, abs=0.01)
    assert recording.media.name == f"recordings/{recording.pk}"
    assert kept(settings) == [Path(recording.media.path)]
    assert kept(settings)[0].read_bytes() == content
    assert (job.recording, job.state, job.owner) == (recording, Job.State.QUEUED, alice)


def test_upload_is_moved_into_place_and_not_copied(alice: User, tone: Path, settings: DjangoSettings) -> None:
    file = uploaded(alice, "Świt – 日本.wav", tone.read_bytes())
    inode = Path(file.temporary_file_path()).stat().st_ino

    job = accept_upload(file, owner=alice, request=DEFAULTS)

    assert (job.recording.title, job.recording.original_filename) == ("Świt – 日本", "Świt – 日本.wav")
    assert [path.stat().st_ino for path in kept(settings)] == [inode]
    assert job.recording.media.read() == tone.read_bytes()
    job.recording.media.close()


def test_persons_own_file_stays_as_it_is(alice: User, tone: Path) -> None:
    before = (tone.read_bytes(), tone.stat().st_mtime_ns, tone.stat().st_mode, tone.stat().st_nlink)

    job = accept_path(tone, owner=alice, request=DEFAULTS)
    job.recording.media.delete(save=False)

    assert (tone.read_bytes(), tone.stat().st_mtime_ns, tone.stat().st_mode, tone.stat().st_nlink) == before


def test_job_carries_what_was_asked(alice: User, tone: Path) -> None:
    request = JobRequest(engine="whisper", model="tiny.en", language="en", task="translate", prompt="Świt, Selenite")

    job = accept_path(tone, owner=alice, request=request)

    job.refresh_from_db()
    asked = (job.asked_engine, job.asked_model, job.asked_language, job.task, job.prompt)
    assert asked == ("whisper", "tiny.en", "en", "translate", "Świt, Selenite")


def test_auto_means_that_nothing_was_asked(alice: User, tone: Path) -> None:
    job = accept_path(tone, owner=alice, request=JobRequest(engine="auto", model="auto", language="auto"))

    assert (job.asked_engine, job.asked_model, job.asked_language) == ("", "", "")


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (JobRequest(engine="../sphinx"), "faster-whisper, whisper"),
        (JobRequest(engine="fake"), "faster-whisper, whisper"),
        (JobRequest(model="huge"), "tiny.en"),
        (JobRequest(language="English"), "cy"),
        (JobRequest(task="sing"), "transcribe, translate"),
        (JobRequest(task=""), "transcribe, translate"),
        (JobRequest(prompt="x" * 4001), "4000"),
    ],
)
def test_request_for_what_does_not_exist_names_what_there_is(
    alice: User, tone: Path, settings: DjangoSettings, request_: JobRequest, named: str
) -> None:
    settings.FAKE_ENGINE = False
    with pytest.raises(Refused, match="Nothing was saved") as refusal:
        accept_path(tone, owner=alice, request=request_)

    assert named in str(refusal.value)
    assert_nothing_is_left(settings)


def test_fake_engine_can_be_asked_for_where_it_is_switched_on(
    alice: User, tone: Path, settings: DjangoSettings
) -> None:
    settings.FAKE_ENGINE = True

    job = accept_path(tone, owner=alice, request=JobRequest(engine="fake", model="fake"))

    assert (job.asked_engine, job.asked_model) == ("fake", "fake")


def test_empty_file_is_refused(alice: User, tmp_path: Path, settings: DjangoSettings) -> None:
    empty = tmp_path / "empty.wav"
    empty.touch()

    with pytest.raises(Refused, match="empty"):
        accept_path(empty, owner=alice, request=DEFAULTS)

    assert_nothing_is_left(settings)


@pytest.mark.parametrize(
    "content",
    [
        b"This is a letter, not a recording.\n" * 40,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\ntalk.wav\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile talk.wav\n",
        b"PK\x03\x04" + bytes(2000),
    ],
    ids=["text", "playlist", "concat", "archive"],
)
@pytest.mark.parametrize("name", ["letter.mp3", "letter.wav"])
def test_file_that_is_no_media_is_refused_whatever_its_name(
    alice: User, tone: Path, settings: DjangoSettings, content: bytes, name: str
) -> None:
    with pytest.raises(Refused, match="Nothing was saved"):
        accept_upload(uploaded(alice, name, content), owner=alice, request=DEFAULTS)

    assert_nothing_is_left(settings)


def test_upload_that_was_refused_on_the_way_is_refused_for_the_same_reason(
    alice: User, settings: DjangoSettings
) -> None:
    Settings.load()
    Settings.objects.update(upload_limit_megabytes=1)

    with pytest.raises(Refused) as refusal:
        accept_upload(uploaded(alice, "talk.wav", bytes(1_000_001)), owner=alice, request=DEFAULTS)

    assert str(refusal.value) == incoming.TOO_LARGE.format("1 MB")
    assert_nothing_is_left(settings)


def test_local_file_over_the_limit_is_refused_before_it_is_copied(
    alice: User, tmp_path: Path, settings: DjangoSettings
) -> None:
    Settings.load()
    Settings.objects.update(upload_limit_megabytes=1)
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(1 << 40)  # A terabyte that takes no disk: copying it would end the test.

    with pytest.raises(Refused, match="larger than 1 MB"):
        accept_path(large, owner=alice, request=DEFAULTS)

    assert_nothing_is_left(settings)


def test_local_file_without_room_for_it_is_refused(alice: User, tmp_path: Path, settings: DjangoSettings) -> None:
    Settings.load()
    Settings.objects.update(upload_limit_megabytes=0)
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(1 << 43)

    with pytest.raises(Refused) as refusal:
        accept_path(large, owner=alice, request=DEFAULTS)

    assert str(refusal.value) == incoming.NO_ROOM
    assert_nothing_is_left(settings)


@pytest.mark.timeout(20)
def test_pipes_devices_and_folders_are_refused_without_waiting(
    alice: User, tmp_path: Path, settings: DjangoSettings
) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(Refused, match="not a file"):
            accept_path(path, owner=alice, request=DEFAULTS)

    assert_nothing_is_left(settings)


def test_missing_file_is_refused(alice: User, tmp_path: Path, settings: DjangoSettings) -> None:
    with pytest.raises(Refused, match="No such file"):
        accept_path(tmp_path / "gone.wav", owner=alice, request=DEFAULTS)

    assert_nothing_is_left(settings)


def test_rows_that_cannot_be_written_leave_no_file(alice: User, tone: Path, settings: DjangoSettings) -> None:
    def fail(job: Job) -> None:
        raise DatabaseError("the disk of the database is full")

    with pytest.raises(DatabaseError):
        accept_path(tone, owner=alice, request=DEFAULTS, then=fail)

    assert_nothing_is_left(settings)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_put_where_a_disk_is_not_mounted(
    alice: User, tone: Path, data: Path, settings: DjangoSettings
) -> None:
    accept_path(tone, owner=alice, request=DEFAULTS)
    folder = Path(settings.MEDIA_ROOT) / "recordings"
    folder.rename(folder.with_name("elsewhere"))

    for path in (tone, data / "jfk.opus"):  # One that is here already, and a new one.
        with pytest.raises(Refused) as caught:
            accept_path(path, owner=alice, request=DEFAULTS)
        assert str(caught.value) == incoming.NO_FOLDER

    assert not folder.exists()
    assert Recording.objects.count() == 1
    folder.with_name("elsewhere").rename(folder)
    accept_path(data / "jfk.opus", owner=alice, request=DEFAULTS)


def test_then_is_called_in_the_transaction_of_the_job(alice: User, tone: Path) -> None:
    def pause(job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(state=Job.State.PAUSED)

    job = accept_path(tone, owner=alice, request=DEFAULTS, then=pause)

    job.refresh_from_db()
    assert job.state == Job.State.PAUSED


def test_same_file_twice_makes_two_recordings(alice: User, bob: User, tone: Path, settings: DjangoSettings) -> None:
    first = accept_path(tone, owner=alice, request=DEFAULTS).recording
    second = accept_path(tone, owner=bob, request=DEFAULTS).recording

    assert first.sha256 == second.sha256
    assert sorted(kept(settings)) == sorted([Path(first.media.path), Path(second.media.path)])


def test_upload_that_did_not_come_through_our_door_is_a_mistake(alice: User) -> None:
    with pytest.raises(TypeError, match="HashingUploadHandler"):
        accept_upload(SimpleUploadedFile("talk.wav", b"x"), owner=alice, request=DEFAULTS)


def test_kept_file_and_its_folders_are_flushed_to_disk(
    alice: User, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    flush = os.fsync

    def note(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        assert not Recording.objects.exists()
        flush(descriptor)

    monkeypatch.setattr(accept.os, "fsync", note)

    path = accept_path(tone, owner=alice, request=DEFAULTS).recording.media.path

    assert flushed[:2] == [path, str(Path(path).parent)]


@pytest.mark.django_db(transaction=True)
def test_weights_brought_by_hand_can_be_asked_for(alice, data):
    engine = Provider.objects.get(key="faster-whisper")
    SpeechModel.objects.create(provider=engine, store="faster-whisper", key="our-german", name="our-german")
    job = accept_path(data / "jfk.opus", owner=alice, request=JobRequest(engine="faster-whisper", model="our-german"))
    assert (job.asked_engine, job.asked_model) == ("faster-whisper", "our-german")
