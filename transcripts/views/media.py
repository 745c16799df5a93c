"""The media of a recording, whole or in ranges of bytes, so that a player can seek. RFC 9110, sections 13 and 14."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe
from django.views.decorators.http import require_safe

from transcripts.models import Recording
from transcripts.models.recording import MEDIA_GONE, Playback
from transcripts.views.access import visible_recording

MISSING = "The media of this recording is missing."
CHUNK_BYTES = 1 << 16
RANGE_BYTES = 4 << 20
"""The most that a range is answered with: a player that pauses and does not read on must not keep a thread for long."""
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "mp4": "audio/mp4",
    "mov": "audio/mp4",
    "matroska": "audio/webm",
    "webm": "audio/webm",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
}
"""FFmpeg's name of a container to the media type. Only these are ever sent: an upload cannot pose as a page."""
BOTH = {"audio/mp4", "audio/webm", "audio/ogg"}
"""Types of containers that hold audio or video: their name says which."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes `first` to `last` of `size`, both counted from 0 and included."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class Reader:
    """The bytes of a stretch, read as they are sent. Django closes it with the response, also where the client has gone."""

    def __init__(self, file: IO[bytes], stretch: Stretch) -> None:
        self._file = file
        self._left = stretch.length
        file.seek(stretch.first)

    def __iter__(self) -> Iterator[bytes]:
        while self._left and (data := self._file.read(min(CHUNK_BYTES, self._left))):
            self._left -= len(data)
            yield data

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is sent. `tag` names its content; `filename` is what it is called where somebody saves it."""

    file: Any
    size: int
    tag: str
    created_at: datetime
    kind: str
    filename: str


@require_safe
def media(request: HttpRequest, recording_id: UUID) -> HttpResponseBase:
    recording = visible_recording(request, recording_id)
    if not recording.has_media:
        raise Http404(MEDIA_GONE)
    kind, name = media_type(recording), recording.original_filename
    return _send(
        request, Source(recording.media, recording.size_bytes, recording.sha256, recording.created_at, kind, name)
    )


@require_safe
def playback(request: HttpRequest, recording_id: UUID) -> HttpResponseBase:
    """Send the copy of the sound in which browsers seek exactly; lead to the media itself where there is none."""
    recording = visible_recording(request, recording_id)
    if not recording.playback:
        return redirect("transcripts:media", recording_id)
    name = recording.playback.name
    try:
        size = recording.playback.size
    except (
        FileNotFoundError
    ):  # As after a backup without it: it is made again, and the media itself is played until then.
        again: dict[str, Any] = {"playback": "", "playback_state": Playback.WAITING, "playback_token": None}
        Recording.objects.filter(pk=recording.pk, playback=name).update(**again, playback_until=None)
        return redirect("transcripts:media", recording_id)
    source = Source(
        recording.playback, size, f"copy-{name}", recording.created_at, "audio/mp4", f"{recording.title}.m4a"
    )
    return _send(request, source)


def player_url(recording: Recording) -> str:
    """Return where a player gets the sound: from the copy in which it seeks exactly, where there is one."""
    return reverse(f"transcripts:{'playback' if recording.playback else 'media'}", args=[recording.pk])


def _send(request: HttpRequest, source: Source) -> HttpResponseBase:
    etag, modified = f'"{source.tag}"', int(source.created_at.timestamp())
    response = get_conditional_response(request, etag=etag, last_modified=modified) or _answer(request, source)
    response["ETag"], response["Last-Modified"] = etag, http_date(modified)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    return response


def _answer(request: HttpRequest, source: Source) -> HttpResponseBase:
    size = source.size
    asked = _asked(request, source)
    stretch = parse_range(asked, size) if asked else Stretch(0, size - 1, size)
    if stretch is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = _body(request, source, stretch)
    if asked:
        response.status_code = 206
        response["Content-Range"] = f"bytes {stretch.first}-{stretch.last}/{size}"
    response["Content-Length"] = str(stretch.length)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=source.filename) or "inline"
    )
    return response


def _asked(request: HttpRequest, source: Source) -> str:
    """Return the one range that is asked for, or nothing: what is not valid is to be ignored, which sends the whole."""
    header = request.headers.get("Range", "").strip()
    if request.method != "GET" or not _is_current(request, source):
        return ""
    match = RANGE.fullmatch(header)
    return header if match and _is_valid(*match.groups()) else ""


def _is_valid(first: str, last: str) -> bool:
    """Return whether a range has an end or a start, and does not end before it starts. RFC 9110, section 14.1.1."""
    return int(first) <= int(last) if first and last else bool(first or last)


def _is_current(request: HttpRequest, source: Source) -> bool:
    """Return whether the part that the client has is of this file, as far as it says (If-Range)."""
    condition = request.headers.get("If-Range", "")
    if not condition or condition == f'"{source.tag}"':
        return True
    return parse_http_date_safe(condition) == int(source.created_at.timestamp())


def parse_range(header: str, size: int) -> Stretch | None:
    """Return the start of what a range stands for, as far as RANGE_BYTES go; None where nothing of it is in the file."""
    match = RANGE.fullmatch(header)
    assert match is not None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    return Stretch(start, min(end, start + RANGE_BYTES - 1), size) if start <= end else None


def _body(request: HttpRequest, source: Source, stretch: Stretch) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(content_type=source.kind)
    try:
        file: Any = source.file.storage.open(str(source.file.name))
    except FileNotFoundError as err:
        raise Http404(MISSING) from err
    return StreamingHttpResponse(Reader(file, stretch), content_type=source.kind)


def media_type(recording: Recording) -> str:
    """Return the media type of a recording: video where it has pictures and its container can have both."""
    kinds = (TYPES[name] for name in recording.container.split(",") if name in TYPES)
    kind = next(kinds, "application/octet-stream")
    return kind.replace("audio/", "video/") if recording.has_video and kind in BOTH else kind
