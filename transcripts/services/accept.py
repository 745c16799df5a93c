"""Take a file in: look at what it holds, keep it, and put its first job in the queue."""

import logging
import os
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, InterfaceError, transaction

from preferences.models import Settings
from registry import known
from registry.known import FAKE
from speech import client, options
from speech.languages import LANGUAGES
from speech.types import NO_COUNT, EngineError, Json, Media, SpeakerCount, UnreadableMedia
from transcripts import outage, storage
from transcripts.estimates import expected_pace, share_of_identifying
from transcripts.incoming import DATABASE_AWAY, NO_FOLDER, NO_ROOM, IncomingFile
from transcripts.models import Job, Recording, Task
from transcripts.models.recording import Playback
from transcripts.names import title_from
from transcripts.search import index
from transcripts.services.duplicates import AlreadyHere, check_not_here, lock_library

log = logging.getLogger(__name__)

Then = Callable[[Job], object]

AUTO = "auto"
"""Another way to say "as the installation has it, or detect"."""
COPY_BYTES = 1 << 20
PROMPT_LIMIT = 4000
"""In characters. Whisper looks at the last 223 tokens of a prompt, about 1000 characters; more is a mistake."""

EMPTY = "This file is empty (0 bytes). Nothing was saved. Check that it was copied completely, then try again."
NOT_A_FILE = "This is not a file that can be read. Nothing was saved. Name an audio or video file."
UNREADABLE = "{} Nothing was saved. If it plays elsewhere with sound, save it in another format and try again."


class Refused(Exception):
    """What was brought is not taken. The message tells the person why, that nothing was saved, and what to do."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a person asks of a job. Empty means: as the installation has it; for the language, detect it."""

    engine: str = ""
    model: str = ""
    language: str = ""
    task: str = Task.TRANSCRIBE.value
    prompt: str = ""
    audio_track: int = 0
    """Counted from 0 among the audio tracks of the file."""
    diarize: bool = False
    """Whether speakers are to be identified."""
    diarizer: str = ""
    speakers: SpeakerCount | None = None
    """How many; None for as many as are heard."""
    by_channel: bool = False
    """Whether each channel of a stereo recording is one speaker."""
    extra_options: Json = field(default_factory=dict)
    """Options of the engine by name, as `speech.options.check` returns them."""
    warnings: tuple[str, ...] = ()
    """What the job has to say from the start."""

    def columns(self) -> dict[str, Any]:
        """Return what it is on a job's row."""
        return {
            "asked_engine": _asked(self.engine),
            "asked_model": _asked(self.model),
            "asked_language": _asked(self.language),
            "task": self.task,
            "prompt": self.prompt,
            "audio_track": self.audio_track,
            "diarize": self.diarize,
            "asked_diarizer": _asked(self.diarizer),
            "least_speakers": self.speakers.least if self.speakers else None,
            "most_speakers": self.speakers.most if self.speakers else None,
            "by_channel": self.by_channel,
            "extra_options": self.extra_options,
        }

    @property
    def expected_engine(self) -> str:
        """Return the engine that is asked for, by name or as the installation has it."""
        return _asked(self.engine) or known.load().default_engine


def accept_upload(file: "UploadedFile[Any]", *, owner: User, request: JobRequest, then: Then | None = None) -> Job:
    """Keep an uploaded file and return its queued job. The file is closed afterwards, and gone where it is refused.

    Takes what HashingUploadHandler hands to a view. Looks into the file, which takes a second or two. Raises Refused,
    and AlreadyHere where its owner has this very file: it is not kept a second time. `then` is as in `accept_path`.
    """
    if not isinstance(file, IncomingFile):
        raise TypeError("Uploads must come through transcripts.uploads.HashingUploadHandler.")
    with closing(file):
        return _accept(file, owner=owner, request=request, then=then)


def accept_path(path: Path, *, owner: User, request: JobRequest, then: Then | None = None) -> Job:
    """Keep a copy of a local file, which is left as it is, and return its queued job. Raises Refused and AlreadyHere.

    `then` is called with the job in the transaction that writes it: `lease.start_directly` for one that shall not wait.
    """
    with closing(IncomingFile(path.name, limit_bytes=Settings.load().upload_limit_bytes)) as file:
        _copy(path, file)
        return _accept(file, owner=owner, request=request, then=then)


def check_request(request: JobRequest) -> None:
    """Raise Refused where a request names something that does not exist; the sentence lists what there is."""
    here, fake = known.load(), [FAKE] if settings.FAKE_ENGINE else []
    models = dict.fromkeys(model.key for _, model in here.speech_models())
    _check_choice("engine", request.engine, ["", AUTO, *(engine.key for engine in here.engines()), *fake])
    _check_choice("model", request.model, ["", AUTO, *models, *fake])
    _check_choice("language", request.language, ["", AUTO, *LANGUAGES])
    _check_choice("task", request.task, Task.values)
    _check_choice("diarizer", request.diarizer, ["", AUTO, *(one.key for one in here.diarizers()), *fake])
    if request.speakers and not request.speakers.is_possible:
        raise Refused(f"{NO_COUNT} Nothing was saved.")
    _check_options(request)
    if len(request.prompt) > PROMPT_LIMIT:
        raise Refused(f"The prompt is longer than {PROMPT_LIMIT} characters. Nothing was saved. Use a shorter one.")


def _check_options(request: JobRequest) -> None:
    try:
        checked = options.check(request.expected_engine, request.extra_options)
    except ValueError as err:
        raise Refused(f"{err} Nothing was saved.") from err
    if checked != request.extra_options:
        raise ValueError("The extra options of a request must have been checked.")


def check_track(request: JobRequest, recording: Recording) -> None:
    """Raise Refused where a recording has no such audio track."""
    if request.audio_track >= recording.audio_tracks:
        tracks = "1 audio track" if recording.audio_tracks == 1 else f"{recording.audio_tracks} audio tracks"
        raise Refused(f"This file has {tracks}, so there is no track {request.audio_track + 1}. Nothing was saved.")


def _check_choice(name: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        there_are = ", ".join(choice for choice in choices if choice)
        raise Refused(f"There is no {name} {value!r}. Nothing was saved. Choose one of: {there_are}.")


def _copy(path: Path, file: IncomingFile) -> None:
    """Copy a local file by streaming. Raises Refused where it is not one, before a pipe or a device could block."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Refused(NOT_A_FILE)
        file.expect(status.st_size)
        with path.open("rb") as source:
            while not file.refused and (data := source.read(COPY_BYTES)):
                file.receive(data)
    except OSError as err:
        raise Refused(f"Could not read this file ({err.strerror}). Nothing was saved.") from err


def _accept(file: IncomingFile, *, owner: User, request: JobRequest, then: Then | None) -> Job:
    check_request(request)
    if file.refused:
        raise Refused(file.refused)
    if not file.received_bytes:
        raise Refused(EMPTY)
    if storage.media_problem(has_recordings=Recording.objects.exists()):
        raise Refused(NO_FOLDER)
    check_not_here(owner, file)
    recording = _describe(file, _probe(file), owner)
    check_track(request, recording)
    try:
        job = _keep(recording, file, request, then)
    except (OSError, DatabaseError, InterfaceError) as err:
        if not (outage.is_of_storage(err) or outage.is_of_database(err)):
            raise
        log.exception("an upload could not be kept")
        raise Refused(_why_not_kept(err)) from err
    log.info("accepted recording %s with job %s, %d bytes", recording.pk, job.pk, recording.size_bytes)
    return job


def _keep(recording: Recording, file: IncomingFile, request: JobRequest, then: Then | None) -> Job:
    """Move the file to where it stays and write the rows: both or neither."""
    try:
        recording.media.save(recording.original_filename, file, save=False)
        _make_durable(recording)
        return _record(recording, request, then)
    except BaseException:
        _remove_unless_recorded(recording)
        raise


def _why_not_kept(err: Exception) -> str:
    if outage.is_full_disk(err):
        return NO_ROOM
    return NO_FOLDER if isinstance(err, OSError) else DATABASE_AWAY


def _probe(file: IncomingFile) -> Media:
    try:
        return client.probe(Path(file.temporary_file_path()))
    except UnreadableMedia as err:
        raise Refused(UNREADABLE.format(err.message)) from err
    except EngineError as err:
        raise Refused(NO_FOLDER) from err


def _describe(file: IncomingFile, media: Media, owner: User) -> Recording:
    return Recording(
        owner=owner,
        title=title_from(str(file.name)),
        original_filename=str(file.name),
        size_bytes=file.received_bytes,
        sha256=file.sha256,
        container=media.container,
        audio_codec=media.audio_codec,
        duration_seconds=media.duration,
        audio_tracks=media.audio_tracks,
        has_video=media.has_video,
        playback_state=Playback.NONE if media.seeks_exactly else Playback.WAITING,
    )


def _record(recording: Recording, request: JobRequest, then: Then | None) -> Job:
    """Write the rows: from here on the file is accepted. Durable, so that no outer transaction can take it back.

    Raises AlreadyHere where another upload of the same file was quicker.
    """
    with transaction.atomic(durable=True):
        if earlier := lock_library(recording.owner, recording.sha256):
            raise AlreadyHere(earlier)
        recording.save(force_insert=True)
        index.name(recording)
        job = new_job(recording, request)
        if then is not None:
            then(job)
        return job


def new_job(recording: Recording, request: JobRequest) -> Job:
    """Put a job in the queue that does what is asked."""
    pace = _expected_pace(request)
    is_diarized = request.diarize and not request.by_channel
    share = share_of_identifying(pace, diarizer=_asked(request.diarizer)) if is_diarized else 0.0
    expected = {"expected_pace": pace, "identifying_share": share}
    said = {"warnings": [*request.warnings]}
    return Job.objects.create(recording=recording, owner=recording.owner, **said, **expected, **request.columns())


def _expected_pace(request: JobRequest) -> float | None:
    model = _asked(request.model) or settings.DEFAULT_MODEL
    return expected_pace(engine=request.expected_engine, model=model)


def _asked(value: str) -> str:
    return "" if value == AUTO else value


def _make_durable(recording: Recording) -> None:
    """Wait until the file and its name are on disk: a row that survives a power cut must not point to nothing."""
    path = storage.local_path(str(recording.media.name))
    if path is None:
        return
    for place in (path, path.parent, path.parent.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_unless_recorded(recording: Recording) -> None:
    """Remove the file of a recording without a row. A commit that broke half-way may have written the row after all."""
    if not Recording.objects.filter(pk=recording.pk).exists():
        recording.media.delete(save=False)
