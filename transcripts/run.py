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
from speech.client import EngineDied
from speech.types import EngineError, Json, Options, PieceResult, Plan, to_json
from transcripts import crashes, failed, lease, makers, outage, pins
from transcripts.choosing import NOTHING_LEFT, Choosing
from transcripts.crashes import HOPELESS, PHASES, Cause, Death, Phase
from transcripts.estimates import share_of_identifying
from transcripts.exports import render_all
from transcripts.held import STORAGE_CODES, Stopped
from transcripts.identifying import PROGRESS_SECONDS
from transcripts.models import Job, Recording, Segment
from transcripts.results import rows_of
from transcripts.services import gaps
from transcripts.services.ruling import apply_rules, work_out

log = logging.getLogger(__name__)

MOST_CRASHES = 3
"""So often may an engine fail in a row outside of a batch: a fault of the machine passes, a fault of the recording does not."""
MOST_LOADS = 2
"""So often is a model loaded that kills its engine, before another one is taken."""
MOST_FIRST_GAPS = 5
"""After so many pieces that killed their engines, and none that did not, the fault is not in the recording."""
BLOCKED_SECONDS = 15.0
"""When a job that nothing can run, or that has no room on the disk, looks again."""
FETCHING_SECONDS = 5.0
"""When a job looks again that waits for a model to be installed, and says how far that is."""
RETRY_SECONDS = 10.0
"""Before another try after a failure that may pass; twice as long before the one after that."""

WAITS = (*STORAGE_CODES, NOTHING_LEFT)
"""The codes of the errors that never end a job: somebody puts it right sooner or later."""
STORAGE_AWAY = "A folder that the transcription needs cannot be used now ({}). What was transcribed before is kept."
GAVE_UP = "{} This happened {} times in a row. {}"
NOTHING = {
    Job.Kind.WHOLE: "No part of this recording could be transcribed: {} {}",
    Job.Kind.STRETCH: "This stretch could not be transcribed: {} {}",
    Job.Kind.GAPS: "The missing stretches could not be transcribed this time either: {} {}",
}
NO_TEXT = "Model {1} ({0}) transcribed nothing: {2}"
NO_MEMORY = "There was too little memory for model {} ({})"
UNEXPECTED = "Something unexpected went wrong; the log has the details. What was transcribed so far is kept."


@dataclass(slots=True, kw_only=True)
class Run(Choosing):
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
        self._warn(*reply["warnings"])

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

    def _finish_batch(self, batch: int, segments: list[Segment], *, seconds: float, **fields: Any) -> None:
        """Write all that the end of a batch changes, and further columns, at once."""
        position = max(0.0, self._plan.position_after(batch + 1) - (self.job.stretch_start or 0.0))
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
        if err.code in HOPELESS:
            self._fall(err)
            return
        cause = crashes.cause_of(err)
        if cause == Cause.NUMBERS and self._doubt_weights(err):
            return
        if self.phase == Phase.TRANSCRIBING and cause:
            self._climb_down(err, cause)
            return
        self._set(crashes=self.job.crashes + 1)
        is_of_model = self.phase == Phase.LOADING or cause in (Cause.MEMORY, Cause.CARD)
        if is_of_model and self.job.crashes >= MOST_LOADS:
            self._fall(err)
        elif self.job.crashes >= MOST_CRASHES:
            sentence = GAVE_UP.format(err.message, self.job.crashes, crashes.advice(cause))
            raise EngineError(sentence, permanent=True, code=err.code) from err

    def _doubt_weights(self, err: EngineError) -> bool:
        """Go on without what gave nothing but numbers that are none: the graphics card, or weights that are not what they must be.

        Return False where it is neither, or there is some text: then the recording is to blame.
        """
        if self.job.kind == Job.Kind.GAPS or self._persist(lambda: self.job.segments.filter(gap="").exists()):
            return False
        spec = self.choice.spec
        if self.job.plan and self._plan.pins.get("device", pins.PROCESSOR) != pins.PROCESSOR:
            self._leave_card(err)
            return True
        if self._is_sound(spec.engine, spec.model, unloadable=err.message):
            return False
        self._take_gaps_back()
        self._choose()
        self._set(crashes=0)
        return True

    def _climb_down(self, err: EngineError, cause: Cause) -> None:
        """Try the batch again that an engine died in, or its parts.

        A piece that is poisoned becomes a gap. Where it is memory that is short, another model tries it first.
        """
        index, plan = self.job.batches_done, self._plan
        if index == len(plan.batches):  # It died after its last word.
            return
        batch = plan.batches[index]
        deaths = [*map(Death.from_json, self.job.deaths), Death(batch, cause)]
        rows = [death.to_json() for death in deaths]
        if crashes.must_leave_card(batch, deaths):
            self._set(deaths=rows)
            self._fall(err)
            return
        if crashes.is_poisoned(batch, deaths):
            if not (cause.is_want_of_memory and self._escape(err, deaths=rows)):
                self._isolate(batch[0], cause, deaths=rows)
            return
        batches = crashes.split(plan.batches, index, deaths)
        self._set(plan={**to_json(plan), "batches": batches}, deaths=rows)
        if len(batches) > len(plan.batches):
            self._warn(*pins.other_batches(plan.pins))

    def _escape(self, err: EngineError, *, deaths: list[Json]) -> bool:
        """Have what needs less memory go on from the piece that there was too little for; return whether anything can.

        Where nothing can, the same model does the rest: nothing is held against it then.
        """
        self._set(deaths=deaths)
        excluded = dict(self.excluded)
        try:
            self._fall(err)
        except (EngineError, NothingRunnable):
            self.excluded = excluded
            return False
        return True

    def _isolate(self, piece: int, cause: Cause, *, deaths: list[Json]) -> None:
        gap = gaps.gap(self.job, piece, reason=crashes.REASONS[cause])
        warnings = [*self.job.warnings, gaps.warning(gap)]
        self._finish_batch(self.job.batches_done, [gap], seconds=0.0, warnings=warnings, deaths=deaths)
        self._refuse_nothing_but_gaps()

    def _refuse_nothing_but_gaps(self) -> None:
        """Raise EngineError where every piece so far became a gap, and there were many, or no more will come.

        Where it was for want of memory the job begins anew when there is more of it, or a model that needs less. Where it may be
        the weights, it begins anew at once with another model, if there is one.
        """
        batches, done = self._plan.batches, self.job.batches_done
        pieces = sum(last - first for first, last in batches[:done])
        is_enough = done == len(batches) or pieces >= MOST_FIRST_GAPS
        if pieces and self.job.deaths and is_enough and self.job.segments.gaps().count() == pieces:
            cause = Death.from_json(self.job.deaths[-1]).cause
            if self._begin_anew_without_model(cause):
                return
            sentence = NOTHING[Job.Kind(self.job.kind)].format(crashes.REASONS[cause], crashes.advice(cause))
            if not (cause.is_want_of_memory and self.job.kind != Job.Kind.GAPS):
                raise EngineError(sentence, permanent=True, code="nothing_transcribed")
            pair = self._asked()
            self._exclude_larger(*pair)
            self.excluded[pair] = NO_MEMORY.format(*reversed(pair))
            self._take_gaps_back()
            raise EngineError(sentence, permanent=False, code=NOTHING_LEFT)

    def _begin_anew_without_model(self, cause: Cause) -> bool:
        """Have another model begin anew where this one may be to blame that there is no text; return whether one does.

        Of weights that somebody brought nobody knows what they must be; numbers that are none never come from a recording.
        """
        pair = (self.job.engine, self.job.model)
        if self.job.kind == Job.Kind.GAPS or cause.is_want_of_memory:
            return False
        if cause != Cause.NUMBERS and not self._was_brought(*pair):
            return False
        self.excluded[pair] = NO_TEXT.format(*pair, crashes.REASONS[cause].rstrip("."))
        try:
            self._resolve()
        except NothingRunnable:
            del self.excluded[pair]
            return False
        self._take_gaps_back()
        self._choose()
        self._set(crashes=0)
        return True

    def _take_gaps_back(self) -> None:
        """Let a job without any text begin anew."""
        warnings = {gaps.warning(gap) for gap in self.job.segments.gaps()}
        fields = {
            "plan": None,
            "deaths": [],
            "batches_done": 0,
            "audio_seconds_done": 0.0,
            "warnings": [sentence for sentence in self.job.warnings if sentence not in warnings],
        }

        def store() -> None:
            with transaction.atomic():
                lease.write(self.job.pk, self.token, **fields)
                self.job.segments.all().delete()

        self._persist(store)
        self._note(fields)

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
