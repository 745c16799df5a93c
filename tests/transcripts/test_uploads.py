"""What reaches the disk while a form is being received, and what does not."""

import errno
import fcntl
import gc
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, UnreadablePostError
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import Settings as DjangoSettings

from preferences.models import Settings
from transcripts import incoming
from transcripts.incoming import IncomingFile
from transcripts.uploads import STRANGER

SOUND = bytes(range(256)) * 1200  # 307 200 bytes: several of the pieces in which Django reads a form


def post(user: Any, files: list[SimpleUploadedFile]) -> HttpRequest:
    request = RequestFactory().post("/", {"files": files})
    request.user = user
    return request


def received(user: Any, *files: SimpleUploadedFile) -> list[IncomingFile]:
    """Return what a view is given for the files of a form."""
    found = post(user, list(files)).FILES.getlist("files")
    assert all(isinstance(file, IncomingFile) for file in found)
    return found  # type: ignore[return-value]


def limit_to(megabytes: int) -> None:
    Settings.load()
    Settings.objects.update(upload_limit_megabytes=megabytes)


def left_over(settings: DjangoSettings) -> list[Path]:
    return list(settings.INCOMING_DIR.iterdir()) if settings.INCOMING_DIR.exists() else []


def test_upload_lies_whole_and_hashed_in_the_incoming_folder(alice: User, settings: DjangoSettings) -> None:
    [file] = received(alice, SimpleUploadedFile("talk.mp3", SOUND))

    path = Path(file.temporary_file_path())
    assert path.parent == settings.INCOMING_DIR
    assert path.read_bytes() == SOUND
    assert (file.sha256, file.received_bytes, file.size) == (hashlib.sha256(SOUND).hexdigest(), len(SOUND), len(SOUND))
    assert (file.name, file.refused) == ("talk.mp3", "")


def test_incoming_folder_is_closed_to_other_users_of_the_machine(alice: User, settings: DjangoSettings) -> None:
    [file] = received(alice, SimpleUploadedFile("talk.mp3", SOUND))

    assert settings.INCOMING_DIR.stat().st_mode & 0o777 == 0o700
    assert Path(file.temporary_file_path()).stat().st_mode & 0o777 == 0o600


def test_closed_upload_leaves_nothing(alice: User, settings: DjangoSettings) -> None:
    [file] = received(alice, SimpleUploadedFile("talk.mp3", SOUND))

    file.close()

    assert left_over(settings) == []


def test_file_over_the_limit_is_refused_and_the_form_goes_on(alice: User) -> None:
    limit_to(1)
    files = [("a.mp3", SOUND), ("large.wav", SOUND * 4), ("b.mp3", SOUND)]

    first, large, last = received(alice, *(SimpleUploadedFile(name, content) for name, content in files))

    assert large.refused == incoming.TOO_LARGE.format("1 MB")
    assert Path(large.temporary_file_path()).stat().st_size == 0
    assert (first.refused, last.refused) == ("", "")
    assert Path(last.temporary_file_path()).read_bytes() == SOUND


def test_file_of_exactly_the_limit_is_taken(alice: User) -> None:
    limit_to(1)

    [file] = received(alice, SimpleUploadedFile("talk.wav", bytes(1_000_000)))

    assert (file.refused, file.received_bytes) == ("", 1_000_000)


def test_limit_of_zero_is_no_limit(alice: User) -> None:
    limit_to(0)

    [file] = received(alice, SimpleUploadedFile("talk.wav", bytes(2_000_000)))

    assert (file.refused, file.received_bytes) == ("", 2_000_000)


def test_file_that_would_fill_the_disk_is_refused(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "RESERVE_BYTES", 1 << 60)

    [file] = received(alice, SimpleUploadedFile("talk.mp3", SOUND))

    assert file.refused == incoming.NO_ROOM
    assert Path(file.temporary_file_path()).stat().st_size == 0


def test_disk_that_is_full_already_refuses_the_file_in_a_sentence(alice: User, settings: DjangoSettings) -> None:
    file = IncomingFile("talk.mp3", limit_bytes=0)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, file.fileno())
    os.close(full)

    # /dev/full cannot be truncated either, which a real file on a full disk can.
    with pytest.raises(OSError, match="Invalid argument"):
        file.receive(SOUND)

    assert file.refused == incoming.NO_ROOM


@pytest.mark.parametrize(("number", "sentence"), [(errno.ENOSPC, incoming.NO_ROOM), (errno.EROFS, incoming.NO_FOLDER)])
def test_file_that_cannot_even_be_made_is_refused_in_a_sentence(
    alice: User, settings: DjangoSettings, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(**arguments: object) -> None:
        raise OSError(number, "not now")

    monkeypatch.setattr(incoming, "NamedTemporaryFile", fail)

    [file] = received(alice, SimpleUploadedFile("talk.mp3", SOUND))

    assert (file.refused, file.received_bytes) == (sentence, 0)
    assert left_over(settings) == []
    file.close()


def test_stranger_fills_no_disk(db: None) -> None:
    [file] = received(AnonymousUser(), SimpleUploadedFile("talk.mp3", SOUND))

    assert file.refused == STRANGER
    assert Path(file.temporary_file_path()).stat().st_size == 0


@pytest.mark.parametrize("name", ["../../etc/passwd", "n" * 300, "talk." + "x" * 300, "a\u202eb.mp3", "quiet\x1b.mp3"])
def test_hostile_name_is_never_a_path(settings: DjangoSettings, name: str) -> None:
    hostile = IncomingFile(name, limit_bytes=0)

    assert Path(hostile.temporary_file_path()).parent == settings.INCOMING_DIR
    assert hostile.name is not None
    assert 0 < len(hostile.name) <= 255
    assert hostile.name.isprintable()
    assert "/" not in hostile.name


def test_quotation_mark_in_a_name_stays_one() -> None:
    assert IncomingFile("%22So it goes%22.mp3", limit_bytes=0).name == '"So it goes".mp3'


def test_form_with_a_hostile_name_is_received(alice: User) -> None:
    body = encode_multipart(BOUNDARY, {"files": SimpleUploadedFile("name.mp3", SOUND)})
    body = body.replace(b"name.mp3", b"..%2f../" + b"n" * 300 + "\u202e.mp3".encode())
    request = RequestFactory().generic("POST", "/", body, content_type=MULTIPART_CONTENT)
    request.user = alice

    [file] = request.FILES.getlist("files")

    assert file.name == "n" * 251 + ".mp3"


def test_interrupted_upload_leaves_nothing(alice: User, settings: DjangoSettings) -> None:
    body = encode_multipart(BOUNDARY, {"files": SimpleUploadedFile("talk.mp3", SOUND)})
    request = RequestFactory().generic("POST", "/", body[: len(body) // 2], content_type=MULTIPART_CONTENT)
    request.user = alice

    assert request.FILES.getlist("files") == []
    assert left_over(settings) == []


def test_broken_connection_leaves_nothing(alice: User, settings: DjangoSettings) -> None:
    body = encode_multipart(BOUNDARY, {"files": SimpleUploadedFile("talk.mp3", SOUND)})

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > len(SOUND) // 2:
                raise ConnectionResetError
            return super().read(size)

    request = RequestFactory().generic("POST", "/", body, content_type=MULTIPART_CONTENT)
    request.user = alice
    request._stream = Broken(body)  # type: ignore[attr-defined]
    gc.disable()
    try:
        with pytest.raises(UnreadablePostError):
            _ = request.FILES
        assert len(left_over(settings)) == 1
        del request
        assert left_over(settings) == []
    finally:
        gc.enable()


def test_leftovers_of_a_process_that_died_are_removed(settings: DjangoSettings) -> None:
    alive = IncomingFile("alive.mp3", limit_bytes=0)
    (settings.INCOMING_DIR / "dead.part").write_bytes(SOUND)

    incoming.remove_leftovers()

    assert left_over(settings) == [Path(alive.temporary_file_path())]


def test_file_that_was_swept_before_it_was_locked_is_made_again(
    settings: DjangoSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, swept = fcntl.flock, []

    def sweep_first(file: Any, operation: int) -> None:
        if not swept:
            swept.extend(left_over(settings))
            swept[0].unlink()
        lock(file, operation)

    monkeypatch.setattr(incoming.fcntl, "flock", sweep_first)
    file = IncomingFile("talk.mp3", limit_bytes=0)
    file.receive(SOUND)

    assert left_over(settings) == [Path(file.temporary_file_path())]
    assert left_over(settings)[0].read_bytes() == SOUND
    assert left_over(settings) != swept


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, ""),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_550_000, "1.5 MB"),
        (4_096_000_000, "4 GB"),
        (999_999_999, "999.9 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_size_is_written_as_a_person_would_say_it(size_bytes: int, text: str) -> None:
    assert incoming.size_in_words(size_bytes) == text
