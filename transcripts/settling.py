"""How a job goes on where its engine dies or fails: again, in smaller parts, without a piece, or with another model."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from registry.resolver import NothingRunnable
from speech.client import EngineDied
from speech.types import EngineError, Json, to_json
from transcripts import crashes, lease, pins
from transcripts.choosing import NOTHING_LEFT, Choosing
from transcripts.crashes import HOPELESS, Cause, Death, Phase
from transcripts.models import Job, Segment
from transcripts.services import gaps

MOST_CRASHES = 3
"""So often may an engine fail in a row outside of a batch: a fault of the machine passes, a fault of the recording does not."""
MOST_LOADS = 2
"""So often is a model loaded that kills its engine, before another one is taken."""
MOST_FIRST_GAPS = 5
"""After so many pieces that killed their engines, and none that did not, the fault is not in the recording."""
GAVE_UP = "{} This happened {} times in a row. {}"
NOTHING = {
    Job.Kind.WHOLE: "No part of this recording could be transcribed: {} {}",
    Job.Kind.STRETCH: "This stretch could not be transcribed: {} {}",
    Job.Kind.GAPS: "The missing stretches could not be transcribed this time either: {} {}",
}
NO_TEXT = "Model {1} ({0}) transcribed nothing: {2}"
NO_MEMORY = "There was too little memory for model {} ({})"


@dataclass(slots=True, kw_only=True)
class Settling(Choosing):
    """The part of a run that settles what a failure costs."""

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
