"""The part of a run that finds out who speaks. The text is safe before it begins, and no failure of it is one of the job.

What a crash, a stop or an error costs here: `docs/reliability.md`.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from registry.diarizers import DiarizerChoice, resolve_diarizer
from registry.resolver import NothingRunnable
from speech.client import EngineDied
from speech.speakers import channel_turns
from speech.types import MOST_SPEAKERS, EngineError, Json, Plan, SpeakerCount, Turn, UnreadableMedia, to_json
from transcripts import lease, outage, slots, workfile
from transcripts.engine import EngineHost
from transcripts.held import STORAGE_CODES, Held, Stopped
from transcripts.models import Job
from transcripts.services import identify
from transcripts.services.identify import CANCELLED, NOT_IDENTIFIED
from transcripts.services.labelled import CHANNELS, work_out
from transcripts.services.speakers import apply_labelling

log = logging.getLogger(__name__)

MOST_TRIES = 2
"""So often may a diarizer fail before the next one is taken: the first time may be bad luck."""
PROGRESS_SECONDS = 2.0
"""How often progress within a stage is written."""

FAILED = "{} failed ({})"
WITHOUT = f"{NOT_IDENTIFIED} {{}} The text is complete. “Identify speakers” tries it again."
AS_IT_WAS = f"{NOT_IDENTIFIED} {{}} The text is as it was."
UNEXPECTED = "Something unexpected went wrong; the log has the details."


@dataclass(frozen=True, slots=True)
class Heard:
    """Who speaks when, and what found it out."""

    turns: list[Turn]
    provenance: Json
    seconds: float


@dataclass(slots=True, kw_only=True)
class Identifying(Held):
    """`identifying_since` is when the diarizer began, its loading not counted; 0 before that.

    `given_up` has the diarizers that failed, each with the reason as a clause.
    """

    engine: EngineHost
    next_progress: float = 0.0
    identifying_since: float = 0.0
    given_up: dict[str, str] = field(default_factory=dict)

    def _identify(self) -> None:
        """Give the text of the job its speakers, or note why it has none. Raises Stopped where that is for later."""
        try:
            self._label(self._find_turns())
        except Stopped as stop:
            if stop.wish != Job.StopRequest.CANCEL:
                raise
            self._forgo(CANCELLED)
        except EngineError as err:
            if err.code in STORAGE_CODES:
                raise
            self._forgo(WITHOUT.format(err.message))
        except (lease.LeaseLost, InterfaceError, OperationalError):
            raise
        except Exception as err:
            if outage.is_of_storage(err):
                raise
            log.exception("job %s: the speakers could not be identified", self.job.pk)
            self._forgo(WITHOUT.format(UNEXPECTED))

    def _identify_source(self) -> None:
        """Give the text of another job its speakers, and end this one. Raises Stopped, and EngineError where nothing changes."""
        try:
            heard = self._find_turns()
        except EngineError as err:
            if err.code in STORAGE_CODES:
                raise
            raise EngineError(AS_IT_WAS.format(err.message), permanent=True, code=err.code) from err
        self._persist(lambda: identify.complete(self.job, self.token, heard.turns, provenance=heard.provenance))

    def _find_turns(self) -> Heard:
        """Return who speaks when. Raises Stopped, and EngineError where no diarizer can tell."""
        self._check_stop()
        self._set(stage=Job.Stage.IDENTIFYING)
        if self.job.plan and (turns := channel_turns(Plan.from_json(self.job.plan))):
            return Heard(list(turns), {"diarizer": CHANNELS, "program_version": settings.VERSION, "warnings": []}, 0.0)
        tries: Counter[str] = Counter()
        while True:
            choice = self._choose_diarizer()
            try:
                return self._diarize(choice)
            except UnreadableMedia:  # No other diarizer can read it either.
                raise
            except EngineError as err:
                if err.code in STORAGE_CODES:
                    raise
                self._note_failure(choice.spec.diarizer, err, tries)

    def _choose_diarizer(self) -> DiarizerChoice:
        """Return what tells the speakers apart now, with its share of the cores. Raises EngineError where nothing does."""
        try:
            choice = self._persist(lambda: resolve_diarizer(self.job.asked_diarizer, excluded=self.given_up))
        except NothingRunnable as err:
            reason = ". ".join(self.given_up.values())
            raise EngineError(f"{reason}." if reason else str(err), permanent=True, code="no_diarizer") from err
        return replace(choice, spec=replace(choice.spec, threads=slots.threads()))

    def _diarize(self, choice: DiarizerChoice) -> Heard:
        self.identifying_since = 0.0
        count = SpeakerCount(self.job.least_speakers or 1, self.job.most_speakers or MOST_SPEAKERS)
        reply = self._request(
            "diarize",
            on_message=self._note_identifying,
            diarizer=to_json(choice.spec),
            speakers=to_json(count),
        )
        self._warn(*choice.warnings, *reply["warnings"])
        seconds = time.monotonic() - (self.identifying_since or time.monotonic())
        made_with = {
            **reply["pins"],
            "weights_sha256s": choice.weights_sha256s,
            "speakers": to_json(count),
            "program_version": settings.VERSION,
            "warnings": [*choice.warnings, *reply["warnings"]],
            "audio_seconds": self.job.audio_seconds,
            "seconds": round(seconds, 3),
        }
        return Heard([Turn(*turn) for turn in reply["turns"]], made_with, seconds)

    def _note_failure(self, diarizer: str, err: EngineError, tries: "Counter[str]") -> None:
        """Settle whether a diarizer that failed is tried again."""
        self.next_look = 0.0
        self._check_stop()  # Whoever stops the job or the cluster may have ended the engine too.
        if isinstance(err, EngineDied) and err.was_left_alone:  # It did as it should while this worker stood still.
            return
        log.warning("job %s: diarizer %s failed: %s", self.job.pk, diarizer, err)
        tries[diarizer] += 1
        if err.permanent or tries[diarizer] >= MOST_TRIES:
            self.given_up[diarizer] = FAILED.format(diarizer, err.message.rstrip("."))

    def _note_identifying(self, message: Json) -> None:
        """Note how far it is. A new try starts from the beginning, but what is shown never goes back."""
        now = time.monotonic()
        if message["type"] != "progress" or message["stage"] != "identifying":
            return
        self.identifying_since = self.identifying_since or now
        if now < self.next_progress:
            return
        self.next_progress = now + PROGRESS_SECONDS
        done = message["seconds"] / message["total"] * (self.job.audio_seconds or 0.0) if message["total"] else 0.0
        if done > self.job.identified_seconds:
            self._set(identified_seconds=done, identifying_seconds=now - self.identifying_since)

    def _label(self, heard: Heard) -> None:
        """Write who says what, and that it is done."""
        done = {
            "identified": Job.Identified.DONE,
            "identified_seconds": self.job.audio_seconds or 0.0,
            "identifying_seconds": heard.seconds,
        }

        diarizer = heard.provenance["diarizer"]
        ahead = self._persist(lambda: work_out(self.job, heard.turns, diarizer=diarizer))

        def store() -> None:
            with transaction.atomic():
                lease.write(self.job.pk, self.token, **done)
                apply_labelling(self.job, heard.turns, provenance=heard.provenance, ahead=ahead)

        self._persist(store)
        self._note(done)

    def _forgo(self, warning: str) -> None:
        """Let the job be complete without speakers."""
        done = {"identified": Job.Identified.FAILED, "identified_seconds": self.job.audio_seconds or 0.0}
        self._set(**done, stop_request="", warnings=[*self.job.warnings, warning])
        self.wish = ""

    def _request(self, kind: str, *, on_message: Callable[[Json], None], **fields: Any) -> Json:
        """Make a request about this recording and return its last reply. Raises Stopped and EngineError."""
        reply = self.engine.request(
            kind,
            on_message=on_message,
            stop_wish=self._stop_wish,
            media=self.job.recording.media.path,
            work=str(workfile.work_file(self.job.recording.sha256, self.job.audio_track)),
            track=self.job.audio_track,
            **fields,
        )
        if reply["type"] == "stopped":
            raise Stopped(self.should_stop() or self.wish)
        return reply
