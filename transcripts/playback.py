"""Copies of recordings in which browsers seek exactly, made in the background where they do not in the media.

The recording's row is the queue: whoever takes it writes a token and until when it is theirs, and every later write asks for
the token. A copy that a crash leaves without its row is swept up; one that is lost is made again.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, Q
from django.db.models.functions import Now

from speech.types import EngineError, Json
from transcripts import drain, storage
from transcripts.engine import EngineHost
from transcripts.held import STORAGE_CODES
from transcripts.models import Job, Recording
from transcripts.models.recording import Playback, RecordingQuerySet

log = logging.getLogger(__name__)

FOLDER = "playback"
"""In the media folder."""
RENEW_SECONDS = 5.0
RETRY = timedelta(minutes=10)
"""After this a copy is tried again for which there was no room, whose media could not be read, or whose process died."""
TRIES = 3
"""So often the process may die that makes a copy, say for want of memory."""
UNKNOWN_SECONDS = 3600.0
"""A file is moved to its place a moment before its row is written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A recording whose copy is the claimant's to make, as long as the token is on its row."""

    recording_id: UUID
    token: UUID

    def held(self) -> RecordingQuerySet:
        return Recording.objects.filter(pk=self.recording_id, playback_token=self.token)

    def write(self, **fields: Any) -> bool:
        """Change the row, and return whether it still was the claimant's."""
        return bool(self.held().update(**fields))

    def end(self, state: Playback, *, playback: str = "") -> bool:
        ended = {"playback": playback, "playback_state": state, "playback_deaths": 0}
        return self.write(**ended, playback_token=None, playback_until=None)


def claim() -> Claim | None:
    """Take the newest recording of which it is not known whether it needs a copy; None where there is none."""
    ours = Q(playback_state=Playback.MAKING, playback_until__lt=Now())
    due = Recording.objects.filter(Q(playback_state=Playback.WAITING) | ours).exclude(media="")
    first = due.order_by("-created_at").values_list("pk", flat=True).first()  # Looking takes no lock.
    if first is None:
        return None
    taken = Claim(first, uuid4())
    lease = {"playback_state": Playback.MAKING, "playback_token": taken.token, "playback_until": _lease_end()}
    return taken if due.filter(pk=first).update(**lease) else None


def run_claimed(recording_id: str, token: str) -> None:
    """Make a copy that this worker's cluster has claimed. Does nothing where the claim does not hold any more."""
    try:
        _make(Claim(UUID(recording_id), UUID(token)))
    except (InterfaceError, OperationalError):  # The lease runs out, and the copy is made then.
        log.exception("recording %s: the database stayed away", recording_id)
        connection.close()


def _make(claim: Claim) -> None:
    name = f"{FOLDER}/{claim.recording_id}-{claim.token}.m4a"
    recording, target = claim.held().only("media", "peaks").first(), storage.local_path(name)
    if recording is None:
        return
    if target is None:
        claim.end(Playback.FAILED)
        return
    try:
        reply = _encode(claim, Path(recording.media.path), target, waves=_lacks_waves(recording))
    except EngineError as err:
        _note_failure(claim, err)
        return
    if reply["type"] == "stopped":
        claim.end(Playback.WAITING)
        return
    if "peaks" in reply:
        claim.write(duration_seconds=reply["length"], peaks=reply["peaks"], clipped_share=reply["clipped"])
    if not reply["made"]:
        claim.end(Playback.NONE)
    elif claim.end(Playback.MADE, playback=name):
        log.info("recording %s has a copy for the player, %d bytes", claim.recording_id, target.stat().st_size)
    else:  # Deleted meanwhile.
        target.unlink(missing_ok=True)


def _lacks_waves(recording: Recording) -> bool:
    """Return whether nothing will draw the waveform: it comes with a transcription, and the text may be an import."""
    return not recording.peaks and not Job.objects.unfinished().filter(recording=recording).exists()


def _encode(claim: Claim, media: Path, target: Path, *, waves: bool) -> Json:
    engine, renewal = EngineHost(), _Renewal(claim)
    try:
        return engine.request(
            "encode",
            on_message=renewal.on_message,
            stop_wish=lambda: "drain" if drain.is_on() or not renewal.is_held() else "",
            media=str(media),
            target=str(target),
            waves=waves,
        )
    finally:
        engine.close()


class _Renewal:
    """Keeps a claim while its work goes on."""

    def __init__(self, claim: Claim) -> None:
        self._claim, self._holds, self._next = claim, True, time.monotonic() + RENEW_SECONDS

    def on_message(self, message: Json) -> None:
        return

    def is_held(self) -> bool:
        """Return whether the claim holds; renews it every few seconds."""
        if self._holds and time.monotonic() >= self._next:
            self._next = time.monotonic() + RENEW_SECONDS
            self._holds = self._claim.write(playback_until=_lease_end())
        return self._holds


def _note_failure(claim: Claim, err: EngineError) -> None:
    """Try again later where that may help. The media itself is played meanwhile, or in any case."""
    if err.code in STORAGE_CODES:
        claim.write(playback_until=Now() + RETRY)
        return
    died = {"playback_deaths": F("playback_deaths") + 1, "playback_until": Now() + RETRY}
    if not err.permanent and claim.held().filter(playback_deaths__lt=TRIES - 1).update(**died):
        return
    log.warning("recording %s: no copy for the player could be made: %s", claim.recording_id, err)
    claim.end(Playback.FAILED)


def _lease_end() -> Any:
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def sweep() -> int:
    """Delete the copies that no recording names, and what was left half-written; return how many."""
    folder = storage.local_path(FOLDER)
    old = [path for path in folder.iterdir() if _is_old(path)] if folder and folder.is_dir() else []
    names = [f"{FOLDER}/{path.name}" for path in old]
    known = set(Recording.objects.filter(playback__in=names).values_list("playback", flat=True)) if old else set()
    doomed = [path for path, name in zip(old, names, strict=True) if name not in known]
    for path in doomed:
        path.unlink(missing_ok=True)
    return len(doomed)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > UNKNOWN_SECONDS
    except OSError:
        return False
