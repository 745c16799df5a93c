"""One job from its plan to its end. What a crash, a stop or an error costs it: `docs/reliability.md`."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Coalesce, Now

from registry.resolver import Choice, NothingRunnable, resolve
from speech.client import EngineDied
from speech.types import EngineError, Json, Options, PieceResult, Plan, to_json
from transcripts import crashes, lease, outage, pins, slots
from transcripts.crashes import PHASES, Cause, Death, Phase
from transcripts.estimates import expected_pace, share_of_identifying
from transcripts.exports import render_all
from transcripts.held import STORAGE_CODES, Stopped
from transcripts.identifying import PROGRESS_SECONDS, Identifying
from transcripts.models import Job, Recording, Segment
from transcripts.services import gaps

log = logging.getLogger(__name__)

MOST_CRASHES = 3
"""So often may an engine fail in a row outside of a batch: a fault of the machine passes, a fault of the recording does not."""
MOST_LOADS = 2
"""So often is a model loaded that kills its engine, before another one is taken."""
MOST_FIRST_GAPS = 5
"""After so many pieces that killed their engines, and none that did not, the fault is not in the recording."""
BLOCKED_SECONDS = 15.0
"""When a job that nothing can run, or that has no room on the disk, looks again."""
RETRY_SECONDS = 10.0
"""Before another try after a failure that may pass; twice as long before the one after that."""
MEMORY_SECONDS = 300.0
"""Before a model is loaded again that did not fit into the memory: trying is felt by all that runs on the machine."""

NO_ROOM = "no_room_to_load"
WAITS = dict.fromkeys(STORAGE_CODES, BLOCKED_SECONDS) | {NO_ROOM: MEMORY_SECONDS}
"""The codes of the errors that never end a job, and how long it waits until the next look."""
STORAGE_AWAY = "A folder that the transcription needs cannot be used now ({}). What was transcribed before is kept."
GAVE_UP = "{} This happened {} times in a row. {}"
NOTHING = {
    Job.Kind.WHOLE: "No part of this recording could be transcribed: {} {}",
    Job.Kind.GAPS: "The missing stretches could not be transcribed this time either: {} {}",
}
NOT_LOADED = "Model {} could not be loaded ({}): {}"
NO_OTHER = "{} No other model that is installed can do this. {}"
UNEXPECTED = "Something unexpected went wrong; the log has the details. What was transcribed so far is kept."


@dataclass(slots=True, kw_only=True)
class Run(Identifying):
    """What a run carries from step to step."""

    choice: Choice = field(init=False)
    unloadable: dict[tuple[str, str], str] = field(default_factory=dict)
    phase: Phase = Phase.STARTING

    def to_end(self) -> None:
        """Run the job and leave it in the state that fits what happened. Raises LeaseLost and a database's errors."""
        try:
            self._work()
        except Stopped:
            # What this process wants decides. A wish on the row is obeyed by the row, as it is now: it may have been taken back.
            states = {"pause": Job.State.PAUSED, "cancel": Job.State.CANCELLED}
            self._release(states.get(self.should_stop(), Job.State.QUEUED))
        except NothingRunnable as err:
            self._wait(str(err), seconds=BLOCKED_SECONDS)
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
        self._transcribe_all()
        if self._wants_speakers():
            self._identify()
        self._set(stage=Job.Stage.FINISHING)
        self._check_stop()
        render_all(self.job)
        self._persist(self._complete)

    def _begin(self) -> None:
        """Note that the work begins, or goes on."""
        self._persist(lambda: lease.write(self.job.pk, self.token, started_at=Coalesce("started_at", Now())))
        self._set(blocked_reason="")

    def _transcribe_all(self) -> None:
        """Plan and transcribe what is not done yet. A job whose text is complete needs no recogniser any more."""
        if self._next_step() is None:
            self._begin()
        else:
            self._choose()
        while step := self._next_step():
            self._check_stop()
            self._survive(step)
        self._refuse_nothing_but_gaps()

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
        else:
            lease.complete(self.job.pk, self.token)

    def _choose(self) -> None:
        """Settle what runs the job: what its plan was made with, as long as that can run."""
        choice = self._resolve()
        if self.job.plan and pins.is_planned(choice, self._plan.pins):
            choice = replace(choice, spec=pins.pinned(choice.spec, self._plan.pins))
        elif self.job.kind == Job.Kind.GAPS:  # Its plan is another job's: it cannot be made anew.
            self._warn(pins.what_changed(choice.spec, self._plan.pins, part=pins.MISSING))
        elif self.job.batches_done:
            self._warn(pins.what_changed(choice.spec, self._plan.pins))
        elif self.job.plan:
            self._set(plan=None, deaths=[])
            choice = self._resolve()
        self.choice = choice
        self._warn(*choice.warnings)
        self._begin()
        self._set(engine=choice.spec.engine, model=choice.spec.model)
        self._expect(self.job.plan["pins"]["device"] if self.job.plan else "")

    def _expect(self, device: str) -> None:
        """Note how fast this should go, by what went before on the same device; on any where that is not known yet."""
        spec = self.choice.spec
        pace = self._persist(lambda: expected_pace(engine=spec.engine, model=spec.model, device=device))
        self._set(expected_pace=pace)

    def _resolve(self) -> Choice:
        """Return what would run the job now, with its share of the cores. Raises NothingRunnable."""
        job = self.job
        names = {"engine": job.asked_engine, "model": job.asked_model}
        if job.plan:
            names = {"engine": job.plan["pins"]["engine"], "model": job.plan["pins"]["model"]}
        choice = self._persist(
            lambda: resolve(**names, language=job.asked_language, task=job.task, excluded=self.unloadable)
        )
        return replace(choice, spec=replace(choice.spec, threads=slots.threads()))

    @property
    def _plan(self) -> Plan:
        assert self.job.plan is not None
        return Plan.from_json(self.job.plan)

    @property
    def _options(self) -> Options:
        return Options(language=self.job.asked_language or None, task=self.job.task, prompt=self.job.prompt)

    def _make_plan(self) -> None:
        self._set(stage=Job.Stage.PREPARING)
        settings.WORK_DIR.mkdir(parents=True, exist_ok=True)
        reply = self._ask("plan", on_message=self._note_preparing, by_channel=self.job.by_channel)
        made_with = {**reply["plan"]["pins"], "weights_sha256": self.choice.weights_sha256}
        self._store_plan({**reply["plan"], "pins": made_with}, length=reply["length"], peaks=reply["peaks"])
        self._expect(made_with["device"])
        self._warn(*reply["warnings"])

    def _store_plan(self, plan: Json, *, length: float, peaks: list[int]) -> None:
        fields = {
            "plan": plan,
            "crashes": 0,
            "prepared_seconds": plan["duration"],
            "language": plan["language"],
            "language_probability": plan["language_probability"],
            "identifying_share": self._identifying_share(Plan.from_json(plan)),
            "provenance": {
                **plan["pins"],
                "program_version": settings.VERSION,
                "options": asdict(self._options),
                "audio_track": self.job.audio_track + 1,
            },
        }

        def store() -> None:
            with transaction.atomic():
                lease.write(self.job.pk, self.token, **fields)
                recording = Recording.objects.filter(pk=self.job.recording_id)
                recording.update(duration_seconds=length, peaks=peaks)

        self._persist(store)
        self.job.recording.duration_seconds = length
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
        self._warn(*pins.differences(message.get("pins", {}), self._plan.pins))
        segments = [row for result in results for row in _rows(self.job, result)]
        self._finish_batch(message["batch"], segments, seconds=message["seconds"])

    def _finish_batch(self, batch: int, segments: list[Segment], *, seconds: float, **fields: Any) -> None:
        """Write all that the end of a batch changes, and further columns, at once."""
        position = self._plan.position_after(batch + 1)
        job, token = self.job.pk, self.token

        def store() -> None:
            with transaction.atomic():
                lease.commit_batch(job, token, batch=batch, segments=segments, position=position, seconds=seconds)
                if fields:
                    lease.write(job, token, **fields)

        self._persist(store)
        self.job.transcribing_seconds += seconds
        self._note(fields | {"batches_done": batch + 1, "audio_seconds_done": position, "crashes": 0})

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

    def _settle(self, err: EngineError) -> None:
        if isinstance(err, EngineDied) and err.was_left_alone:  # It did as it should while this worker stood still.
            return
        cause = crashes.cause_of(err)
        if self.phase == Phase.TRANSCRIBING and cause:
            self._climb_down(cause)
            return
        self._set(crashes=self.job.crashes + 1)
        if self.phase == Phase.LOADING and self.job.crashes >= MOST_LOADS:
            self._take_another_model(err)
        elif self.job.crashes >= MOST_CRASHES:
            sentence = GAVE_UP.format(err.message, self.job.crashes, crashes.advice(cause))
            raise EngineError(sentence, permanent=True, code=err.code) from err

    def _climb_down(self, cause: Cause) -> None:
        """Try the batch again that an engine died in, or its parts; a piece that is poisoned becomes a gap."""
        index, plan = self.job.batches_done, self._plan
        if index == len(plan.batches):  # It died after its last word.
            return
        batch = plan.batches[index]
        deaths = [*map(Death.from_json, self.job.deaths), Death(batch, cause)]
        rows = [death.to_json() for death in deaths]
        if crashes.is_poisoned(batch, deaths):
            self._isolate(batch[0], cause, deaths=rows)
            return
        batches = crashes.split(plan.batches, index, deaths)
        self._set(plan={**to_json(plan), "batches": batches}, deaths=rows)
        if len(batches) > len(plan.batches):
            self._warn(*pins.other_batches(plan.pins))

    def _isolate(self, piece: int, cause: Cause, *, deaths: list[Json]) -> None:
        gap = gaps.gap(self.job, piece, reason=crashes.REASONS[cause])
        warnings = [*self.job.warnings, gaps.warning(gap)]
        self._finish_batch(self.job.batches_done, [gap], seconds=0.0, warnings=warnings, deaths=deaths)
        self._refuse_nothing_but_gaps()

    def _refuse_nothing_but_gaps(self) -> None:
        """Raise EngineError where every piece so far became a gap, and there were many, or no more will come."""
        batches, done = self._plan.batches, self.job.batches_done
        pieces = sum(last - first for first, last in batches[:done])
        is_enough = done == len(batches) or pieces >= MOST_FIRST_GAPS
        if pieces and self.job.deaths and is_enough and self.job.segments.gaps().count() == pieces:
            cause = Death.from_json(self.job.deaths[-1]).cause
            sentence = NOTHING[Job.Kind(self.job.kind)].format(crashes.REASONS[cause], crashes.advice(cause))
            raise EngineError(sentence, permanent=True, code="nothing_transcribed")

    def _take_another_model(self, err: EngineError) -> None:
        """Go on with the next model that can run, after one that could not be loaded. Raises EngineError without one."""
        cause, spec = crashes.cause_of(err), self.choice.spec
        reason = NOT_LOADED.format(spec.model, spec.engine, crashes.REASONS[cause] if cause else err.message)
        self.unloadable[spec.engine, spec.model] = reason.rstrip(".")
        try:
            self._choose()
        except NothingRunnable as none:
            is_short = cause is not None and cause.is_want_of_memory
            sentence, code = NO_OTHER.format(reason, crashes.advice(cause)), NO_ROOM if is_short else err.code
            raise EngineError(sentence, permanent=not is_short, code=code) from none
        self._set(crashes=0)

    def _fail(self, err: EngineError) -> None:
        """End the job with a sentence, or have it tried again later where that may help."""
        failures = self.job.crashes + 1
        if err.code in WAITS:  # Somebody puts it right sooner or later, and the recording is safe until then.
            self._wait(err.message, seconds=WAITS[err.code], crashes=0)
        elif err.permanent or failures >= MOST_CRASHES:
            self._release(Job.State.FAILED, error_code=err.code[:32], error=err.message[:1000])
        else:
            self._wait(err.message, seconds=RETRY_SECONDS * 2 ** (failures - 1), crashes=failures)


def _rows(job: Job, result: PieceResult) -> list[Segment]:
    """Return the rows of a piece, not saved."""
    return [
        Segment(
            job=job,
            piece=result.piece,
            index=index,
            start=segment.start,
            end=segment.end,
            text=segment.text,
            words=[[word.start, word.end, word.text, word.probability] for word in segment.words],
            mean_log_probability=segment.mean_log_probability,
            no_speech_probability=segment.no_speech_probability,
            compression_ratio=segment.compression_ratio,
            temperature=segment.temperature,
            doubts=list(segment.doubts),
        )
        for index, segment in enumerate(result.segments)
    ]
