"""Media in ranges of bytes, as players ask for them."""

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.utils.http import http_date

from tests.conftest import MakeRecording
from transcripts.models import Recording
from transcripts.views.media import CHUNK_BYTES, RANGE_BYTES, media_type

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def recording(make_recording: MakeRecording) -> Recording:
    return make_recording(CONTENT)


def _address(recording: Recording) -> str:
    return f"/recordings/{recording.pk}/media"


def _read(response: HttpResponseBase) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_whole_file_is_streamed(alice_client: Client, recording: Recording):
    response = alice_client.get(_address(recording))
    assert response.status_code == 200
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert response.headers["Content-Type"] == "audio/ogg"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == 'inline; filename="jfk.opus"'
    chunks = list(response.streaming_content)
    assert b"".join(chunks) == CONTENT
    assert max(map(len, chunks)) == CHUNK_BYTES


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, 255_999),
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=255999-", 255_999, 255_999),
        ("bytes=200000-999999", 200_000, 255_999),
        ("bytes=-10", 255_990, 255_999),
        ("bytes=-999999", 0, 255_999),
    ],
)
def test_range_is_answered_in_part(alice_client: Client, recording: Recording, asked: str, first: int, last: int):
    response = alice_client.get(_address(recording), headers={"Range": asked})
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/256000"
    assert response.headers["Content-Length"] == str(last - first + 1)
    assert _read(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=256000-", "bytes=256000-300000", "bytes=-0", "bytes=999999999999-"])
def test_range_outside_the_file_is_refused(alice_client: Client, recording: Recording, asked: str):
    response = alice_client.get(_address(recording), headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */256000"


@pytest.mark.parametrize(("asked", "first"), [("bytes=0-", 0), ("bytes=10-4999999", 10), ("bytes=-4999999", 1)])
def test_range_is_answered_with_so_much_at_most(
    alice_client: Client, make_recording: MakeRecording, asked: str, first: int
):
    content = bytes(range(250)) * 20_000
    response = alice_client.get(_address(make_recording(content)), headers={"Range": asked})
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{first + RANGE_BYTES - 1}/5000000"
    assert response.headers["Content-Length"] == str(RANGE_BYTES)
    assert _read(response) == content[first : first + RANGE_BYTES]


def test_whole_file_is_sent_however_large(alice_client: Client, make_recording: MakeRecording):
    response = alice_client.get(_address(make_recording(bytes(5_000_000))))
    assert (response.status_code, len(_read(response))) == (200, 5_000_000)


INVALID = [
    "bytes=-",
    "bytes=a-b",
    "items=0-1",
    "bytes=0-1,5-6",
    f"bytes={'9' * 5000}-",
    "٣-٤",
    "bytes=5-2",
    "bytes=256000-100",
]


@pytest.mark.parametrize("asked", INVALID)
def test_range_that_is_not_valid_sends_the_whole(alice_client: Client, recording: Recording, asked: str):
    response = alice_client.get(_address(recording), headers={"Range": asked})
    assert (response.status_code, _read(response)) == (200, CONTENT)


def test_head_tells_the_same_without_the_content(alice_client: Client, recording: Recording):
    response = alice_client.head(_address(recording), headers={"Range": "bytes=0-9"})
    assert (response.status_code, response.headers["Content-Length"], response.content) == (200, "256000", b"")


def test_copy_that_is_current_is_not_sent_again(alice_client: Client, recording: Recording):
    etag = alice_client.head(_address(recording)).headers["ETag"]
    assert etag == f'"{recording.sha256}"'
    response = alice_client.get(_address(recording), headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")


def test_range_of_another_version_sends_the_whole(alice_client: Client, recording: Recording):
    modified = http_date(recording.created_at.timestamp())
    conditions = (f'"{recording.sha256}"', modified, '"other"', "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense")
    asked = [{"Range": "bytes=0-9", "If-Range": condition} for condition in conditions]
    lengths = [len(_read(alice_client.get(_address(recording), headers=headers))) for headers in asked]
    assert lengths == [10, 10, 256_000, 256_000, 256_000]


def test_missing_file_is_a_clean_404(alice_client: Client, recording: Recording):
    recording.media.storage.delete(recording.media.name)
    assert alice_client.get(_address(recording)).status_code == 404


def test_file_is_closed_when_the_player_goes(alice_client: Client, recording: Recording):
    response = alice_client.get(_address(recording))
    file = response._resource_closers[0].__self__._file
    next(iter(response.streaming_content))
    assert not file.closed
    response.close()
    assert file.closed


@pytest.mark.parametrize(
    ("container", "has_video", "kind"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", False, "audio/mp4"),
        ("mov,mp4,m4a,3gp,3g2,mj2", True, "video/mp4"),
        ("matroska,webm", True, "video/webm"),
        ("mp3", True, "audio/mpeg"),
        ("text/html", False, "application/octet-stream"),
        ("ape", False, "application/octet-stream"),
    ],
)
def test_type_comes_from_what_the_file_holds(container: str, has_video: bool, kind: str):
    assert media_type(Recording(container=container, has_video=has_video)) == kind
