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

from preferences.models import Settings
from registry import fetching
from registry.diarizers import CANNOT, SWITCHED_OFF, DiarizerChoice, resolve_diarizer
from registry.fetching import BeingInstalled
from registry.resolver import NothingRunnable
from registry.viability import COMMAND, FOR_STAFF
from speech.client import EngineDied
from speech.failures import WEIGHTS_BROKEN
from speech.speakers import channel_turns
from speech.types import (
    MOST_SPEAKERS,
    DiarizerSpec,
    EngineError,
    Json,
    Plan,
    SpeakerCount,
    Turn,
    UnreadableMedia,
    to_json,
)
from speech.weights import DIARIZATION
from transcripts import lease, outage, slots, workfile
from transcripts.crashes import HOPELESS, OF_CARD
from transcripts.held import STORAGE_CODES, Stopped
from transcripts.models import Job
from transcripts.pins import PROCESSOR
from transcripts.services import identify
from transcripts.services.identify import CANCELLED, NOT_IDENTIFIED
from transcripts.services.labelled import CHANNELS, work_out
from transcripts.services.speakers import apply_labelling
from transcripts.sound import Sound

log = logging.getLogger(__name__)

MOST_TRIES = 2
"""So often may a diarizer fail before the next one is taken: the first time may be bad luck."""
PROGRESS_SECONDS = 2.0
"""How often progress within a stage is written."""

FAILED = "{} failed ({})"
LEFT_CARD = "{}; the processor did it instead of the graphics card, which is slower."
WITHOUT = "The text is complete. “Identify speakers” tries it again."
AS_IT_WAS = "The text is as it was."
BROKEN = "The weights {} are broken; {} used others instead."
UNEXPECTED = "Something unexpected went wrong; the log has the details."


@dataclass(frozen=True, slots=True)
class Heard:
    """Who speaks when, and what found it out."""

    turns: list[Turn]
    provenance: Json
    seconds: float


@dataclass(slots=True, kw_only=True)
class Identifying(Sound):
    """`identifying_since` is when the diarizer began, its loading not counted; 0 before that.

    `given_up` has the diarizers that failed, each with the reason as a clause. `without_card` has those that must do without a
    graphics card, each with the warning that says so.
    """

    next_progress: float = 0.0
    identifying_since: float = 0.0
    given_up: dict[str, str] = field(default_factory=dict)
    without_card: dict[str, str] = field(default_factory=dict)

    def _identify(self) -> None:
        """Give the text of the job its speakers, or note why it has none. Raises Stopped where that is for later."""
        if self._is_switched_off():
            self._forgo(f"{NOT_IDENTIFIED} {SWITCHED_OFF} The text is complete.")
            return
        try:
            self._label(self._find_turns())
        except Stopped as stop:
            if stop.wish != Job.StopRequest.CANCEL:
                raise
            self._forgo(CANCELLED)
        except EngineError as err:
            if err.code in STORAGE_CODES:
                raise
            self._forgo(_not_identified(err.message, WITHOUT))
        except (BeingInstalled, lease.LeaseLost, InterfaceError, OperationalError):
            raise
        except Exception as err:
            if outage.is_of_storage(err):
                raise
            log.exception("job %s: the speakers could not be identified", self.job.pk)
            self._forgo(_not_identified(UNEXPECTED, WITHOUT))

    def _identify_source(self) -> None:
        """Give the text of another job its speakers, and end this one. Raises Stopped, and EngineError where nothing changes."""
        if self._is_switched_off():
            raise EngineError(_not_identified(SWITCHED_OFF, AS_IT_WAS), permanent=True, code="switched_off")
        try:
            heard = self._find_turns()
        except EngineError as err:
            if err.code in STORAGE_CODES:
                raise
            raise EngineError(_not_identified(err.message, AS_IT_WAS), permanent=True, code=err.code) from err
        self._persist(lambda: identify.complete(self.job, self.token, heard.turns, provenance=heard.provenance))

    def _is_switched_off(self) -> bool:
        return not self._persist(Settings.load).diarization

    def _find_turns(self) -> Heard:
        """Return who speaks when. Raises Stopped, and EngineError where no diarizer can tell."""
        self._check_stop()
        self._set(stage=Job.Stage.IDENTIFYING)
        if self.job.plan and (turns := channel_turns(Plan.from_json(self.job.plan))):
            return Heard(list(turns), {"diarizer": CHANNELS, "program_version": settings.VERSION, "warnings": []}, 0.0)
        self._fetch_for_diarizer()
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
                self._note_failure(choice.spec, err, tries)

    def _fetch_for_diarizer(self) -> None:
        """Have weights installed that the diarizer lacks, where the installation does that. Raises BeingInstalled meanwhile."""
        job = self.job

        def fetch() -> tuple[str, str]:
            diarizer, rows = fetching.missing_of_diarizer(job.asked_diarizer, by_staff=job.owner.is_staff)
            return diarizer, fetching.fetch(rows, since=job.created_at, by=job.owner)

        diarizer, reason = self._persist(fetch)
        if reason:
            self.given_up[diarizer] = reason

    def _choose_diarizer(self) -> DiarizerChoice:
        """Return what tells the speakers apart now, with its share of the cores. Raises EngineError where nothing does."""
        first = choice = self._resolve_diarizer()
        while self._is_damaged(choice.spec) and (other := self._resolve_diarizer()) != choice:
            choice = other
        warnings = choice.warnings
        if first.spec.diarizer == choice.spec.diarizer and first.spec.weights != choice.spec.weights:
            warnings += (BROKEN.format(" and ".join(first.spec.weights), choice.spec.diarizer),)
        device = self.job.extra_options.get("device", choice.spec.device)
        spec = replace(choice.spec, threads=slots.threads(), device=device)
        if warning := self.without_card.get(spec.diarizer):
            spec = replace(spec, device=PROCESSOR)
            warnings += (warning,)
        return replace(choice, spec=spec, warnings=warnings)

    def _resolve_diarizer(self) -> DiarizerChoice:
        try:
            return self._persist(
                lambda: resolve_diarizer(
                    self.job.asked_diarizer, excluded=self.given_up, by_staff=self.job.owner.is_staff
                )
            )
        except NothingRunnable as err:
            reason = ". ".join(self.given_up.values())
            raise EngineError(f"{reason}." if reason else str(err), permanent=True, code="no_diarizer") from err

    def _is_damaged(self, spec: DiarizerSpec, *, unloadable: str = "") -> bool:
        """Return whether any of a diarizer's weights are not what was verified."""
        return not all(self._is_sound(DIARIZATION, name, unloadable=unloadable) for name in spec.weights)

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

    def _note_failure(self, spec: DiarizerSpec, err: EngineError, tries: "Counter[str]") -> None:
        """Settle whether a diarizer that failed is tried again, and whether on the processor."""
        self.next_look = 0.0
        self._check_stop()  # Whoever stops the job or the cluster may have ended the engine too.
        if isinstance(err, EngineDied) and err.was_left_alone:  # It did as it should while this worker stood still.
            return
        diarizer, reason = spec.diarizer, FAILED.format(spec.diarizer, err.message.rstrip("."))
        log.warning("job %s: diarizer %s failed: %s", self.job.pk, diarizer, err)
        tries[diarizer] += 1
        if (
            err.code == WEIGHTS_BROKEN
            and tries[diarizer] < MOST_TRIES
            and self._is_damaged(spec, unloadable=err.message)
        ):
            return
        if not (err.permanent or err.code in HOPELESS or tries[diarizer] >= MOST_TRIES):
            return
        if err.code in OF_CARD and spec.device != PROCESSOR:
            self.without_card[diarizer] = LEFT_CARD.format(reason)
            tries[diarizer] = 0
        else:
            self.given_up[diarizer] = reason

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


def _not_identified(reason: str, text: str) -> str:
    """Return that there are no speakers, why, and how it stands with the text: what to do last, so that a command can be copied."""
    begins = FOR_STAFF if FOR_STAFF in reason else COMMAND
    said, mark, remedy = reason.removeprefix(CANNOT).strip().partition(begins)
    parts = [NOT_IDENTIFIED, said.strip(), text, f"{mark}{remedy}"]
    return " ".join(filter(None, parts))
