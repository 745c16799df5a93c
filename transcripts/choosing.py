"""What transcribes a job: settled when it begins, and again where that fails. What falls to what: `docs/reliability.md`."""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models.functions import Coalesce, Now

from registry import alternatives, fetching, viability
from registry.models import SpeechModel
from registry.resolver import Choice, NothingRunnable, resolve
from registry.viability import Task
from speech import options
from speech.failures import LIBRARY_MISSING, WEIGHTS_BROKEN
from speech.times import clock
from speech.types import EngineError, Plan
from transcripts import crashes, lease, pins, slots
from transcripts.crashes import Phase
from transcripts.estimates import expected_pace
from transcripts.identifying import Identifying
from transcripts.models import Job

log = logging.getLogger(__name__)

NOTHING_LEFT = "nothing_left"
"""The code of the error that makes a job wait until something else can run."""
NOT_LOADED = "Model {} could not be loaded ({}): {}"
FAILED_IN_PIECE = "Model {} ({}) failed at {}: {}"
AS_LARGE = "Model {} needs no less memory"
LEFT_OUT = "The option {} was left out: the engine {} does not have it so."
UNSOUND = "Model {} ({}) is broken"
NO_OTHER = "{} No other model that is installed can do this. {}"
LEFT_CARD = "{}; {} was made on the processor with the same model, which is slower."


@dataclass(slots=True, kw_only=True)
class Choosing(Identifying):
    """`excluded` has the pairs of engine and model that failed for this job, each with the reason as a clause.

    `off_card` has those that must do without a graphics card.
    """

    choice: Choice = field(init=False)
    excluded: dict[tuple[str, str], str] = field(default_factory=dict)
    off_card: set[tuple[str, str]] = field(default_factory=set)
    phase: Phase = Phase.STARTING
    told: tuple[str, ...] = ()
    """The warnings of a choice with which nothing was made yet: the next one gives their reasons too."""

    def _choose(self) -> None:
        """Settle what runs the job from here on: what its plan was made with, as long as that can run. Raises NothingRunnable."""
        choice = self._resolve()
        is_planned = self.job.plan and pins.is_planned(choice, self._plan.pins) and not self._has_left_card(choice)
        if is_planned:
            choice = replace(choice, spec=pins.pinned(choice.spec, self._plan.pins))
        elif self.job.plan and self._must_keep_plan(choice):
            self._hand_over(choice)
        elif self.job.plan:
            self._take_back(*viability.told_of(f"{self.job.model} ({self.job.engine})", self.job.warnings))
            self._set(plan=None, deaths=[])
            choice = self._resolve()
        self.choice = choice
        self._tell(choice)
        self._begin()
        self._set(engine=choice.spec.engine, model=choice.spec.model)
        self._expect(self.job.plan["pins"].get("device", "") if self.job.plan else "")

    def _tell(self, choice: Choice) -> None:
        """Warn of what is not as it was asked for, once for each reason."""
        if not self.job.batches_done:
            self._take_back(*(sentence for sentence in self.told if sentence not in choice.warnings))
        self.told = choice.warnings
        self._warn(*choice.warnings, *self._options_left_out())

    def _fetch(self) -> None:
        """Have the weights installed that the job asks for, where the installation does that. Raises BeingInstalled meanwhile."""
        job, (engine, model) = self.job, self._asked()
        needs = Task(job.asked_language, job.task)

        def fetch() -> tuple[SpeechModel, str] | None:
            is_free = job.owner.is_staff or self._is_begun  # What the text was begun with is nobody's choice any more.
            row = fetching.missing_model(engine, model, needs, by_staff=is_free)
            return (row, fetching.fetch([row], since=job.created_at, by=job.owner)) if row else None

        if (found := self._persist(fetch)) and found[1]:
            row, reason = found
            self.excluded[row.store, row.key] = reason

    def _asked(self) -> tuple[str, str]:
        """Return engine and model that are wanted: what the text was begun with, else what was asked for."""
        if self._is_begun:
            return self._plan.pins["engine"], self._plan.pins["model"]
        return self.job.asked_engine, self.job.asked_model

    @property
    def _is_begun(self) -> bool:
        """Return whether the plan stands: a batch was made by it or tried in vain, or it is another job's."""
        job = self.job
        return bool(job.plan and (job.batches_done or job.deaths or job.kind == Job.Kind.GAPS))

    def _resolve(self) -> Choice:
        """Return what would run the job now, with its share of the cores. Raises NothingRunnable."""
        choice = self._resolve_once()
        while not self._is_sound(choice.spec.engine, choice.spec.model):
            other = self._resolve_once()  # Which says why, now that the registry knows.
            if other == choice:
                self.excluded[choice.spec.engine, choice.spec.model] = UNSOUND.format(
                    choice.spec.model, choice.spec.engine
                )
                other = self._resolve_once()
            choice = other
        spec = replace(choice.spec, threads=slots.threads(), **self._machine(choice.spec.engine))
        if (spec.engine, spec.model) in self.off_card:
            spec = replace(spec, device=pins.PROCESSOR)
        return replace(choice, spec=spec)

    def _machine(self, engine: str) -> dict[str, Any]:
        """Return on what an engine is to compute, and with which numbers, where that is asked for."""
        asked, _ = options.fitting(engine, self.job.extra_options)
        return {name: asked[name] for name in options.OF_MACHINE if name in asked}

    def _options_left_out(self) -> list[str]:
        """Return a warning for each extra option that the engine does not know: it was asked of another one."""
        engine = self.choice.spec.engine
        _, others = options.fitting(engine, self.job.extra_options)
        return [LEFT_OUT.format(name, engine) for name in others]

    def _resolve_once(self) -> Choice:
        job, (engine, model) = self.job, self._asked()
        return self._persist(
            lambda: resolve(
                engine=engine,
                model=model,
                language=job.asked_language,
                task=job.task,
                excluded=self.excluded,
                by_staff=job.owner.is_staff,
                is_planned=self._is_begun,
            )
        )

    def _expect(self, device: str) -> None:
        """Note how fast this should go, by what went before on the same device; on any where that is not known yet."""
        spec = self.choice.spec
        pace = self._persist(lambda: expected_pace(engine=spec.engine, model=spec.model, device=device))
        self._set(expected_pace=pace)

    def _begin(self) -> None:
        """Note that the work begins, or goes on."""
        self._persist(lambda: lease.write(self.job.pk, self.token, started_at=Coalesce("started_at", Now())))
        self._set(blocked_reason="")

    @property
    def _plan(self) -> Plan:
        assert self.job.plan is not None
        return Plan.from_json(self.job.plan)

    def _has_left_card(self, choice: Choice) -> bool:
        is_off = (choice.spec.engine, choice.spec.model) in self.off_card
        return is_off and self._plan.pins.get("device") != pins.PROCESSOR

    def _must_keep_plan(self, choice: Choice) -> bool:
        """Return whether the plan stays though something else runs it: it has text, is another job's, or only the device differs."""
        return bool(self.job.batches_done) or self.job.kind == Job.Kind.GAPS or self._has_left_card(choice)

    def _hand_over(self, choice: Choice) -> None:
        """Let something else do what is left of the plan, and say so."""
        if not self._has_left_card(choice):
            self._warn(pins.what_changed(choice.spec, self._plan.pins, part=self._part()))
        assert self.job.plan is not None
        self._set(plan={**self.job.plan, "pins": pins.for_the_rest(choice, self._plan.pins)})

    def _part(self) -> str:
        """Return what is still to be made, in words."""
        if self.job.kind == Job.Kind.GAPS:
            return pins.MISSING
        return (
            pins.REST.format(clock(self.job.audio_seconds_done + (self.job.stretch_start or 0.0)))
            if self.job.batches_done
            else pins.ALL
        )

    def _fall(self, err: EngineError) -> None:
        """Go on with something else than what failed: first without the graphics card, then another model.

        Damaged weights are no choice any more. Raises EngineError or NothingRunnable where there is nothing.
        """
        spec = self.choice.spec
        if err.code == WEIGHTS_BROKEN and not self._is_sound(spec.engine, spec.model, unloadable=err.message):
            self._choose()
        elif err.code in crashes.OF_CARD and spec.device != pins.PROCESSOR:
            self._leave_card(err)
        else:
            self._take_another_model(err)

    def _leave_card(self, err: EngineError) -> None:
        """Go on with the same model on the processor."""
        spec = self.choice.spec
        self.off_card.add((spec.engine, spec.model))
        self._warn(LEFT_CARD.format(err.message.rstrip("."), self._part()))
        self._choose()
        self._set(crashes=0)

    def _take_another_model(self, err: EngineError) -> None:
        """Go on with the next model that can run. Raises EngineError without one."""
        reason = self._reason(err)
        self._exclude(err, reason.rstrip("."))
        try:
            self._choose()
        except NothingRunnable as none:
            cause = crashes.cause_of(err)
            sentence = NO_OTHER.format(reason, crashes.advice(cause)) if cause else str(none)
            raise EngineError(sentence, permanent=False, code=NOTHING_LEFT) from none
        self._set(crashes=0)

    def _reason(self, err: EngineError) -> str:
        """Return why a model is not taken any more, as a sentence."""
        spec, cause = self.choice.spec, crashes.cause_of(err)
        if cause and self.phase == Phase.TRANSCRIBING:
            place = clock(self._plan.position_after(self.job.batches_done))
            return FAILED_IN_PIECE.format(spec.model, spec.engine, place, crashes.REASONS[cause])
        if cause:
            return NOT_LOADED.format(spec.model, spec.engine, crashes.REASONS[cause])
        return err.message if spec.engine in err.message else NOT_LOADED.format(spec.model, spec.engine, err.message)

    def _exclude(self, err: EngineError, reason: str) -> None:
        """Note what this error rules out: a model, with those that are as large where memory is short, or a whole engine."""
        spec, cause = self.choice.spec, crashes.cause_of(err)
        if err.code == LIBRARY_MISSING:
            self.excluded |= dict.fromkeys(self._persist(lambda: alternatives.models_of(spec.engine)), reason)
        elif cause and cause.is_want_of_memory:
            self._exclude_larger(spec.engine, spec.model)
        self.excluded[spec.engine, spec.model] = reason
        log.warning("job %s: %s/%s is given up: %s", self.job.pk, spec.engine, spec.model, err.code)

    def _exclude_larger(self, engine: str, model: str) -> None:
        """Note that what needs as much memory as this model is no way out."""
        larger = self._persist(lambda: alternatives.no_smaller(engine, model))
        self.excluded |= {pair: AS_LARGE.format(pair[1]) for pair in larger if pair not in self.excluded}
