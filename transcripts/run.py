"""One job from its plan to its end. What a crash, a stop or an error costs it: `docs/reliability.md`."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from registry.fetching import BeingInstalled
from registry.resolver import NothingRunnable
from speech import options
from speech.languages import LANGUAGES
from speech.types import EngineError, Json, Options, PieceResult, Plan, to_json
from transcripts import crashes, failed, lease, makers, outage, pins
from transcripts.choosing import NOTHING_LEFT
from transcripts.crashes import PHASES, Phase
from transcripts.estimates import share_of_identifying
from transcripts.exports import render_all
from transcripts.held import STORAGE_CODES, Stopped
from transcripts.identifying import PROGRESS_SECONDS
from transcripts.models import Job, Recording
from transcripts.results import rows_of
from transcripts.services import gaps
from transcripts.services.ruling import apply_rules, work_out
from transcripts.settling import MOST_CRASHES, Settling

log = logging.getLogger(__name__)

BLOCKED_SECONDS = 15.0
"""When a job that nothing can run, or that has no room on the disk, looks again."""
FETCHING_SECONDS = 5.0
"""When a job looks again that waits for a model to be installed, and says how far that is."""
RETRY_SECONDS = 10.0
"""Before another try after a failure that may pass; twice as long before the one after that."""

SURE_OF_LANGUAGE = 0.6
"""What is heard right has more than 0.9 as a rule; base took an English meeting with much noise for Welsh with 0.57 (2026-11-29)."""
NOT_SURE_OF_LANGUAGE = (
    "The language was taken for {}, but that is not sure ({} %). If it is another one, transcribe again and choose it."
)

WAITS = (*STORAGE_CODES, NOTHING_LEFT)
"""The codes of the errors that never end a job: somebody puts it right sooner or later."""
STORAGE_AWAY = "A folder that the transcription needs cannot be used now ({}). What was transcribed before is kept."
UNEXPECTED = "Something unexpected went wrong; the log has the details. What was transcribed so far is kept."


@dataclass(slots=True, kw_only=True)
class Run(Settling):
    """What a run carries from step to step."""

    def to_end(self) -> None:
        """Run the job and leave it in the state that fits what happened. Raises LeaseLost and a database's errors."""
        try:
            self._work()
        except Stopped:
            # What this process wants decides. A wish on the row is obeyed by the row, as it is now: it may have been taken back.
            states = {"pause": Job.State.PAUSED, "cancel": Job.State.CANCELLED}
            self._release(states.get(self.should_stop(), Job.State.QUEUED))
        except BeingInstalled as err:
            self._wait(str(err), seconds=FETCHING_SECONDS)
        except NothingRunnable as err:
            self._wait(failed.kept(self.job.pk).sentence or str(err), seconds=BLOCKED_SECONDS)
        except EngineError as err:
            self._fail(err)
        except (lease.LeaseLost, InterfaceError, OperationalError):
            raise
        except Exception as err:
            if outage.is_of_storage(err):
                self._wait(STORAGE_AWAY.format(getattr(err, "strerror", "")), seconds=BLOCKED_SECONDS)
                return
            log.exception("job %s failed", self.job.pk)
            self._fail(EngineError(UNEXPECTED, permanent=False, code="unexpected"))

    def _work(self) -> None:
        if self.job.kind == Job.Kind.SPEAKERS:
            self._begin()
            self._identify_source()
            return
        self.excluded |= failed.kept(self.job.pk).excluded
        self._transcribe_all()
        if self._wants_speakers():
            self._identify()
        self._set(stage=Job.Stage.FINISHING)
        self._apply_rules()
        self._check_stop()
        render_all(self.job)
        self._persist(self._complete)

    def _apply_rules(self) -> None:
        """Replace what the rules of the job's owner and of the installation name; not twice, however often it starts."""
        if self.job.kind == Job.Kind.GAPS:
            return
        ahead = self._persist(lambda: work_out(self.job))

        def store() -> None:
            with transaction.atomic():
                lease.heartbeat(self.job.pk, self.token)
                apply_rules(self.job, ahead=ahead)

        self._persist(store)

    def _transcribe_all(self) -> None:
        """Plan and transcribe what is not done yet. A job whose text is complete needs no recogniser any more."""
        if self._next_step() is None:
            self._begin()
        else:
            self._fetch()
            self._choose()
        while step := self._next_step():
            self._check_stop()
            self._survive(step)
        self._refuse_nothing_but_gaps()
        if self._next_step():  # Another model begins anew.
            self._transcribe_all()

    def _wants_speakers(self) -> bool:
        """Return whether speakers are still to be identified. Where nobody speaks there is nothing to do."""
        is_asked = self.job.diarize and self.job.identified == Job.Identified.NOT_YET
        return is_asked and self._persist(lambda: self.job.segments.words().exists())

    def _next_step(self) -> Callable[[], None] | None:
        if self.job.plan is None:
            return self._make_plan
        return self._transcribe if self.job.batches_done < len(self.job.plan["batches"]) else None

    def _complete(self) -> None:
        if self.job.kind == Job.Kind.GAPS:
            gaps.complete(self.job, self.token)
        elif self.job.kind == Job.Kind.STRETCH:
            lease.release(self.job.pk, self.token, Job.State.COMPLETED)
        else:
            lease.complete(self.job.pk, self.token)

    @property
    def _options(self) -> Options:
        """Return how to transcribe. What the engine does not know of the extra options is left out: `_choose` says so."""
        job = self.job
        extra, _ = options.fitting(self.choice.spec.engine, job.extra_options)
        asked = Options(language=job.asked_language or None, task=job.task, prompt=job.prompt, extra=extra)
        return replace(asked, beam_size=extra.get("beam_size", asked.beam_size))

    def _make_plan(self) -> None:
        self._set(stage=Job.Stage.PREPARING)
        settings.WORK_DIR.mkdir(parents=True, exist_ok=True)
        reply = self._ask(
            "plan", on_message=self._note_preparing, by_channel=self.job.by_channel, stretch=self._stretch
        )
        made_with = {**reply["plan"]["pins"], "weights_sha256": self.choice.weights_sha256}
        facts = {"duration_seconds": reply["length"], "peaks": reply["peaks"], "clipped_share": reply["clipped"]}
        self._store_plan({**reply["plan"], "pins": made_with}, facts)
        self._expect(made_with["device"])
        self._warn(*reply["warnings"], *self._doubt_of_language(Plan.from_json(reply["plan"])))

    def _doubt_of_language(self, plan: Plan) -> list[str]:
        """Return a sentence where the language was guessed: everything hangs on it."""
        probability = plan.language_probability
        if self.job.asked_language or not plan.language or probability is None or probability >= SURE_OF_LANGUAGE:
            return []
        return [NOT_SURE_OF_LANGUAGE.format(LANGUAGES.get(plan.language, plan.language), round(100 * probability))]

    @property
    def _stretch(self) -> list[float] | None:
        """Return from when to when the recording is transcribed; None for all of it."""
        start, end = self.job.stretch_start, self.job.stretch_end
        return None if start is None or end is None else [start, end]

    def _store_plan(self, plan: Json, facts: Json) -> None:
        """Write the plan, and what is known of the recording since it was decoded."""
        fields = {
            "plan": plan,
            "crashes": 0,
            "prepared_seconds": plan["duration"],
            "language": plan["language"],
            "language_probability": plan["language_probability"],
            "identifying_share": self._identifying_share(Plan.from_json(plan)),
            "provenance": {
                **{name: value for name, value in plan["pins"].items() if name != "extra_options"},
                "program_version": settings.VERSION,
                "options": asdict(self._options),
                "audio_track": self.job.audio_track + 1,
            },
        }

        def store() -> None:
            with transaction.atomic():
                lease.write(self.job.pk, self.token, **fields)
                Recording.objects.filter(pk=self.job.recording_id).update(**facts)

        self._persist(store)
        self.job.recording.duration_seconds = facts["duration_seconds"]
        self._note(fields)

    def _identifying_share(self, plan: Plan) -> float:
        """Return how much of the work it will be to identify the speakers."""
        job = self.job
        if not job.diarize or plan.is_by_channel:
            return 0.0
        return self._persist(lambda: share_of_identifying(job.expected_pace, diarizer=job.asked_diarizer))

    def _note_preparing(self, message: Json) -> None:
        if self.phase == Phase.PREPARING and message["type"] == "progress" and time.monotonic() >= self.next_progress:
            self.next_progress = time.monotonic() + PROGRESS_SECONDS
            # A new try starts from the beginning again, but what is shown never goes back.
            self._set(prepared_seconds=max(self.job.prepared_seconds, message["seconds"]))

    def _transcribe(self) -> None:
        """Have all batches transcribed that are not done yet."""
        self._set(stage=Job.Stage.TRANSCRIBING)
        done = self.job.batches_done
        self._ask("transcribe", on_message=self._commit, plan=self.job.plan, first_batch=done, confirmed=True)
        if self.job.batches_done == done:
            raise EngineError("The engine ended without a result.", permanent=False, code="no_result")

    def _commit(self, message: Json) -> None:
        if message["type"] != "batch":
            return
        results = [PieceResult.from_json(result) for result in message["results"]]
        made_with = message.get("pins", {})
        if not pins.are_open(self._plan.pins):
            self._warn(*pins.differences(made_with, self._plan.pins))
        segments = [row for result in results for row in rows_of(self.job, result)]
        news = self._news_of_maker(message["batch"], made_with)
        self._finish_batch(message["batch"], segments, seconds=message["seconds"], **news)

    def _news_of_maker(self, batch: int, made_with: Json) -> dict[str, Any]:
        """Return the columns that change where a batch was made by something else than what was before it."""
        plan, is_whole = self._plan, self.job.kind != Job.Kind.GAPS
        pinned = {**plan.pins, **made_with} if pins.are_open(plan.pins) else plan.pins
        maker = {**made_with, "weights_sha256": pinned.get("weights_sha256", "")}
        provenance = makers.note(self.job.provenance, plan.pieces, plan.batches[batch], maker, is_whole=is_whole)
        news: dict[str, Any] = {} if provenance == self.job.provenance else {"provenance": provenance}
        return news if pinned == plan.pins else {**news, "plan": {**to_json(plan), "pins": pinned}}

    def _ask(self, kind: str, *, on_message: Callable[[Json], None], **fields: Any) -> Json:
        """Make a request of the recogniser and return its last reply. Raises Stopped and EngineError."""
        return self._request(
            kind,
            on_message=lambda message: self._hear(message, then=on_message),
            engine=to_json(self.choice.spec),
            options=to_json(self._options),
            **fields,
        )

    def _hear(self, message: Json, *, then: Callable[[Json], None]) -> None:
        if message["type"] == "progress":
            self.phase = PHASES.get(message["stage"], self.phase)
        then(message)

    def _survive(self, step: Callable[[], None]) -> None:
        """Take a step. Where the engine dies in it, settle how the job goes on; raises EngineError where it does not."""
        self.phase = Phase.STARTING
        try:
            step()
        except EngineError as err:
            if not crashes.is_survivable(err, self.phase):
                raise
            self.next_look = 0.0
            self._check_stop()  # Whoever stops the job or the cluster may have ended the engine too.
            log.warning("job %s: %s at batch %d: %s", self.job.pk, self.phase, self.job.batches_done, err)
            self._settle(err)

    def _fail(self, err: EngineError) -> None:
        """End the job with a sentence, or have it tried again later where that may help."""
        failures = self.job.crashes + 1
        if err.code == NOTHING_LEFT:
            self._persist(lambda: failed.keep(self.job.pk, self.excluded, err.message))
        if err.code in WAITS:
            self._wait(err.message, seconds=BLOCKED_SECONDS, crashes=0)
        elif err.permanent or failures >= MOST_CRASHES:
            self._release(Job.State.FAILED, error_code=err.code[:32], error=err.message[:1000])
        else:
            self._wait(err.message, seconds=RETRY_SECONDS * 2 ** (failures - 1), crashes=failures)
