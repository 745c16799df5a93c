"""One job from its plan to its end. What a crash, a stop or an error costs it: `docs/reliability.md`."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Coalesce, Now

from registry.resolver import Choice, NothingRunnable, resolve
from speech.client import EngineDied
from speech.types import EngineError, Json, Options, PieceResult, Plan, to_json
from transcripts import lease, pins, slots, workfile
from transcripts.engine import EngineHost, EngineStalled
from transcripts.estimates import expected_pace
from transcripts.exports import render_all
from transcripts.models import Job, Recording, Segment

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_CRASHES = 3
"""So often may an engine fail in one batch: a fault of the machine passes, a fault of the recording does not."""
LOOK_SECONDS = 1.0
"""How often the row is read for a stop request."""
PROGRESS_SECONDS = 2.0
"""How often the progress of preparing is written."""
BLOCKED_SECONDS = 15.0
"""When a job that nothing can run, or that has no room on the disk, looks again."""
RETRY_SECONDS = 10.0
"""Before another try after a failure that may pass; twice as long before the one after that."""
DATABASE_SECONDS = 1.0
"""Before another try to write to a database that is away."""

DISK_FULL = "disk_full"
"""The code of the error that never ends a job."""
GAVE_UP = "{} This happened {} times in a row. What was transcribed before is kept."
UNEXPECTED = "Something unexpected went wrong; the log has the details. What was transcribed so far is kept."


class Stopped(Exception):
    """A stop was obeyed: drain, pause or cancel."""

    def __init__(self, wish: str) -> None:
        super().__init__(wish)
        self.wish = wish


@dataclass(slots=True)
class Run:
    """What a run carries from step to step. `job` is kept as its row is."""

    job: Job
    token: UUID
    engine: EngineHost
    should_stop: Callable[[], str]
    on_progress: Callable[[Job], None]
    choice: Choice = field(init=False)
    wish: str = ""
    next_look: float = 0.0
    next_heartbeat: float = 0.0
    next_progress: float = 0.0

    def to_end(self) -> None:
        """Run the job and leave it in the state that fits what happened. Raises LeaseLost and a database's errors."""
        try:
            self._work()
        except Stopped as stop:
            states = {"pause": Job.State.PAUSED, "cancel": Job.State.CANCELLED}
            self._release(states.get(stop.wish, Job.State.QUEUED))
        except NothingRunnable as err:
            self._wait(str(err), seconds=BLOCKED_SECONDS)
        except EngineError as err:
            self._fail(err)
        except (lease.LeaseLost, InterfaceError, OperationalError):
            raise
        except Exception:
            log.exception("job %s failed", self.job.pk)
            self._fail(EngineError(UNEXPECTED, permanent=False, code="unexpected"))

    def _work(self) -> None:
        self._check_stop()
        self._choose()
        if self.job.plan is None:
            self._survive_crashes(self._make_plan)
        self._set(stage=Job.Stage.TRANSCRIBING)
        while self.job.batches_done < len(self._plan.batches):
            self._survive_crashes(self._transcribe)
        self._set(stage=Job.Stage.FINISHING)
        self._check_stop()
        render_all(self.job)
        self._persist(lambda: lease.complete(self.job.pk, self.token))

    def _choose(self) -> None:
        """Settle what runs the job: what its plan was made with, as long as that can run."""
        choice = self._resolve()
        if self.job.plan and pins.is_planned(choice, self._plan.pins):
            choice = replace(choice, spec=pins.pinned(choice.spec, self._plan.pins))
        elif self.job.batches_done:
            self._warn(pins.what_changed(choice.spec, self._plan.pins))
        elif self.job.plan:
            self._set(plan=None)
            choice = self._resolve()
        self.choice = choice
        self._warn(*choice.warnings)
        self._persist(lambda: lease.write(self.job.pk, self.token, started_at=Coalesce("started_at", Now())))
        self._set(blocked_reason="", engine=choice.spec.engine, model=choice.spec.model)
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
        choice = self._persist(lambda: resolve(**names, language=job.asked_language, task=job.task))
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
        reply = self._ask("plan", on_message=self._note_preparing)
        made_with = {**reply["plan"]["pins"], "weights_sha256": self.choice.weights_sha256}
        self._store_plan({**reply["plan"], "pins": made_with}, reply["peaks"])
        self._expect(made_with["device"])
        self._warn(*reply["warnings"])

    def _store_plan(self, plan: Json, peaks: list[int]) -> None:
        fields = {
            "plan": plan,
            "crashes": 0,
            "prepared_seconds": plan["duration"],
            "language": plan["language"],
            "language_probability": plan["language_probability"],
            "provenance": {**plan["pins"], "program_version": settings.VERSION, "options": asdict(self._options)},
        }

        def store() -> None:
            with transaction.atomic():
                lease.write(self.job.pk, self.token, **fields)
                recording = Recording.objects.filter(pk=self.job.recording_id)
                recording.update(duration_seconds=plan["duration"], peaks=peaks)

        self._persist(store)
        self.job.recording.duration_seconds = plan["duration"]
        self._note(fields)

    def _note_preparing(self, message: Json) -> None:
        if message["type"] == "progress" and time.monotonic() >= self.next_progress:
            self.next_progress = time.monotonic() + PROGRESS_SECONDS
            # A new try starts from the beginning again, but what is shown never goes back.
            self._set(prepared_seconds=max(self.job.prepared_seconds, message["seconds"]))

    def _transcribe(self) -> None:
        """Have all batches transcribed that are not done yet."""
        done = self.job.batches_done
        self._ask("transcribe", on_message=self._commit, plan=self.job.plan, first_batch=done)
        if self.job.batches_done == done:
            raise EngineError("The engine ended without a result.", permanent=False, code="no_result")

    def _commit(self, message: Json) -> None:
        if message["type"] != "batch":
            return
        results = [PieceResult.from_json(result) for result in message["results"]]
        segments = [row for result in results for row in _rows(self.job, result)]
        plan = self._plan
        self._warn(*pins.differences(message.get("pins", {}), plan.pins))
        position = plan.position_after(message["batch"] + 1)
        done = {"batch": message["batch"], "position": position, "seconds": message["seconds"]}
        self._persist(lambda: lease.commit_batch(self.job.pk, self.token, segments=segments, **done))
        self.job.batches_done, self.job.audio_seconds_done, self.job.crashes = message["batch"] + 1, position, 0
        self.job.transcribing_seconds += message["seconds"]
        self.on_progress(self.job)

    def _ask(self, kind: str, *, on_message: Callable[[Json], None], **fields: Any) -> Json:
        """Make a request about this recording and return its last reply. Raises Stopped and EngineError."""
        reply = self.engine.request(
            kind,
            on_message=on_message,
            stop_wish=self._stop_wish,
            media=self.job.recording.media.path,
            work=str(workfile.work_file(self.job.recording.sha256)),
            engine=to_json(self.choice.spec),
            options=to_json(self._options),
            **fields,
        )
        if reply["type"] == "stopped":
            raise Stopped(self.should_stop() or self.wish)
        return reply

    def _survive_crashes(self, step: Callable[[], None]) -> None:
        """Take a step again with a new engine process where the old one crashed. Raises EngineError after too many."""
        while True:
            self._check_stop()
            try:
                return step()
            except (EngineDied, EngineStalled) as err:
                self._check_stop()  # Whoever stops the cluster may have ended the engine too.
                self._count_crash(err)

    def _count_crash(self, err: EngineError) -> None:
        """Count a crash against the batch it was in. Here a piece that always crashes will be set apart."""
        crashes = self.job.crashes + 1
        log.warning("job %s: crash %d at batch %d: %s", self.job.pk, crashes, self.job.batches_done, err)
        self._set(crashes=crashes)
        if crashes >= MOST_CRASHES:
            raise EngineError(GAVE_UP.format(err.message, crashes), permanent=True, code=err.code) from err

    def _stop_wish(self) -> str:
        """Return drain, pause, cancel or nothing, and keep the lease alive in passing. Raises LeaseLost."""
        if stop := self.should_stop():  # Before the database, which may keep us waiting.
            return stop
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + LOOK_SECONDS
            self.wish = self._persist(self._read_wish)
        if now >= self.next_heartbeat:
            self.next_heartbeat = now + settings.JOB_HEARTBEAT_SECONDS
            self._persist(lambda: lease.heartbeat(self.job.pk, self.token))
        return self.wish

    def _read_wish(self) -> str:
        wish = Job.objects.held_by(self.job.pk, self.token).values_list("stop_request", flat=True).first()
        if wish is None:
            raise lease.LeaseLost
        return wish

    def _check_stop(self) -> None:
        if wish := self._stop_wish():
            raise Stopped(wish)

    def _persist(self, access: Callable[[], T]) -> T:
        """Use the database, again and again while it is away, for as long as the lease may still be ours."""
        deadline = time.monotonic() + settings.JOB_LEASE_SECONDS
        while True:
            try:
                return access()
            except (InterfaceError, OperationalError) as err:
                if time.monotonic() > deadline or self.should_stop() == "drain":
                    raise
                log.warning("job %s: the database is away: %s", self.job.pk, err)
                connection.close()
                time.sleep(DATABASE_SECONDS)

    def _set(self, **fields: Any) -> None:
        """Change columns of the job, here and in its row. Raises LeaseLost."""
        self._persist(lambda: lease.write(self.job.pk, self.token, **fields))
        self._note(fields)

    def _note(self, fields: dict[str, Any]) -> None:
        """Keep the job here as its row is now."""
        for name, value in fields.items():
            setattr(self.job, name, value)
        self.on_progress(self.job)

    def _warn(self, *sentences: str) -> None:
        news = [sentence for sentence in sentences if sentence not in self.job.warnings]
        if news:
            self._set(warnings=[*self.job.warnings, *news])

    def _wait(self, reason: str, *, seconds: float, **fields: Any) -> None:
        """Put the job back to be tried again later, with the reason for the person."""
        self._release(Job.State.QUEUED, blocked_reason=reason[:500], available_at=lease.later(seconds), **fields)

    def _fail(self, err: EngineError) -> None:
        """End the job with a sentence, or have it tried again later where that may help."""
        failures = self.job.crashes + 1
        if err.code == DISK_FULL:  # Somebody makes room sooner or later, and the recording is safe until then.
            self._wait(err.message, seconds=BLOCKED_SECONDS)
        elif err.permanent or failures >= MOST_CRASHES:
            self._release(Job.State.FAILED, error_code=err.code[:32], error=err.message[:1000])
        else:
            self._wait(err.message, seconds=RETRY_SECONDS * 2 ** (failures - 1), crashes=failures)

    def _release(self, state: Job.State, **fields: Any) -> None:
        self._persist(lambda: lease.release(self.job.pk, self.token, state, **fields))


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
