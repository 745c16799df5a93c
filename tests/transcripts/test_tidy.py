"""What crashes leave behind is put back or cleared away, and nothing else is touched."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from django_q.models import Failure

from speech import channels
from transcripts import incoming, tidy, workfile
from transcripts.models import Job, Node, Recording

RECEIVE = """
import sys, time, django
django.setup()
from django.conf import settings
from pathlib import Path
settings.INCOMING_DIR = Path(sys.argv[1])
from transcripts.incoming import IncomingFile
file = IncomingFile("talk.mp3", limit_bytes=0)
file.receive(b"half a recording")
print("received", flush=True)
time.sleep(60)
"""


@pytest.fixture
def unknown_file(media_root: Path) -> Path:
    """Return a file as a web process leaves it that is killed before it writes the row."""
    path = media_root / "recordings" / str(uuid4())
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sound")
    return path


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all files be where they are for more than an hour."""
    monkeypatch.setattr(tidy, "UNKNOWN_SECONDS", -1.0)


@pytest.mark.django_db
def test_unknown_file_is_set_aside_and_kept(unknown_file: Path, recording: Recording, media_root: Path, long_ago: None):
    assert tidy.set_unknown_files_aside() == 1
    assert tidy.set_unknown_files_aside() == 0
    assert (media_root / "lost-and-found" / unknown_file.name).read_bytes() == b"sound"
    assert Path(recording.media.path).exists()


@pytest.mark.django_db
def test_file_that_may_get_its_row_still_is_left_alone(unknown_file: Path):
    os.utime(unknown_file, (0, 0))  # An old recording that was moved here a moment ago.
    assert tidy.set_unknown_files_aside() == 0
    assert unknown_file.exists()


@pytest.mark.django_db
def test_file_of_somebody_else_is_left_alone(unknown_file: Path, long_ago: None):
    note = unknown_file.with_name("notes.txt")
    unknown_file.rename(note)
    assert tidy.set_unknown_files_aside() == 0
    assert note.exists()


@pytest.mark.django_db(transaction=True)
def test_several_may_tidy_at_once(media_root: Path, long_ago: None):
    folder = media_root / "recordings"
    folder.mkdir()
    names = {str(uuid4()) for _ in range(50)}
    for name in names:
        (folder / name).write_bytes(b"sound")

    def run() -> None:
        tidy.tidy()
        connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {path.name for path in (media_root / "lost-and-found").iterdir()} == names
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_tidy_does_all_of_it(make_job, media_root: Path, settings):
    past = timezone.now() - timedelta(minutes=1)
    job = make_job(state=Job.State.RUNNING, lease_token=uuid4(), lease_node="elsewhere", lease_expires_at=past)
    settings.WORK_DIR.mkdir()
    (workfile.work_file("0" * 64)).write_bytes(b"nobody needs it")
    Session.objects.create(session_key="old", session_data="", expire_date=past)
    Session.objects.create(session_key="new", session_data="", expire_date=timezone.now() + timedelta(days=1))
    Node.objects.create(name="gone", slots=1, seen_at=timezone.now() - timedelta(hours=2))
    for days in (1, 8):
        then = timezone.now() - timedelta(days=days)
        Failure.objects.create(id=str(days), name="light", func="f", started=then, stopped=then, success=False)

    tidy.tidy()

    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert list(settings.WORK_DIR.iterdir()) == []
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
    assert not Node.objects.exists()
    assert list(Failure.objects.values_list("pk", flat=True)) == ["1"]


@pytest.mark.django_db
def test_work_files_of_channels_are_kept_while_a_job_needs_them_and_half_written_ones_are_not(make_job, settings):
    settings.WORK_DIR.mkdir()
    work = workfile.work_file(make_job(by_channel=True).recording.sha256)
    needed = {channels.work_file(work, channel) for channel in (1, 2)}
    orphan = channels.work_file(workfile.work_file("0" * 64), 1)
    half_written = work.with_name(f"{work.stem}.channel1.pcm.{2**22 + 1}.part")
    for path in {*needed, orphan, half_written}:
        path.write_bytes(b"sound")
    long_ago = time.time() - 2 * workfile.ABANDONED_SECONDS
    os.utime(half_written, (long_ago, long_ago))

    workfile.sweep()

    assert set(settings.WORK_DIR.iterdir()) == needed


@pytest.mark.django_db
def test_part_that_fails_keeps_no_other_from_being_done(monkeypatch, caplog):
    def fail() -> None:
        raise OSError("not mounted")

    fail.__name__ = "sweep"
    monkeypatch.setattr(workfile, "sweep", fail)
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    tidy.tidy()
    assert "sweep failed" in caplog.text
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_upload_of_a_killed_process_is_swept(settings):
    process = subprocess.Popen(
        [sys.executable, "-c", RECEIVE, str(settings.INCOMING_DIR)], stdout=subprocess.PIPE, cwd=settings.BASE_DIR
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"received\n"
    [path] = settings.INCOMING_DIR.iterdir()

    tidy.tidy()
    assert path.exists(), "Its process lives."
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    tidy.tidy()
    assert not path.exists()


@pytest.mark.django_db
def test_upload_that_stopped_a_day_ago_is_swept_while_its_process_lives():
    with incoming.IncomingFile("talk.mp3", limit_bytes=0) as file:
        path = Path(file.temporary_file_path())
        before = time.time() - incoming.STALLED_SECONDS - 60
        os.utime(path, (before, before))
        tidy.tidy()
        assert not path.exists()
