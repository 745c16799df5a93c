"""How it stands with weights, for the pages: a word, a sentence, and what can be done now."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, Value, When

from registry import obtaining, scan, viability
from registry.models import SpeechModel, Work
from registry.working import OF_THE_PROCESS, WAYS

Kind, Status, State = Work.Kind, SpeechModel.Status, Work.State

MEANINGS = {Status.VERIFIED: "good", Status.INSTALLED: "good", Status.BROKEN: "danger", Status.ABSENT: "none"}
DOING = {Kind.INSTALL: "Downloading", Kind.VERIFY: "Verifying", Kind.MEASURE: "Measuring"}
DOWNLOADS = "Downloading"
BUTTONS = {Kind.INSTALL: "Install", Kind.VERIFY: "Verify", Kind.MEASURE: "Measure"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One row as it is shown. `work` is what is being done with it; `trouble` is why the last attempt failed."""

    model: SpeechModel
    work: Work | None
    trouble: str = ""

    @property
    def is_under_way(self) -> bool:
        return self.work is not None

    @property
    def word(self) -> str:
        """Return the state in a word or two."""
        if self.work is None:
            return SpeechModel.Status(self.model.status).label
        return word_of(self.work)

    @property
    def meaning(self) -> str:
        return "work" if self.work else MEANINGS[Status(self.model.status)]

    @property
    def sentence(self) -> str:
        return "" if self.work else self.trouble or self.model.status_detail

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether weights that are not here can be had from no source that is allowed."""
        return self.work is None and _lacks(self.model) and not obtaining.is_within_reach(self.model)

    @property
    def condition(self) -> str:
        """Return what is to be done before or instead of a download, as a sentence; empty for nothing."""
        if self.work is None and _is_lost(self.model):
            found = viability.of_weights(self.model, named=self.model.name, of=self.model.store)
            return found.remedy if found else ""
        if self.work or not _lacks(self.model):
            return ""
        return f"{obtaining.by_hand(self.model)}." if self.is_out_of_reach else obtaining.condition(self.model)

    @property
    def actions(self) -> list[tuple[str, str]]:
        """Return what can be asked for now, as kind of work and words of a button."""
        if self.work:
            return []
        return [(kind.value, BUTTONS[kind]) for kind in _kinds(self.model) if kind in WAYS]

    @property
    def is_removable(self) -> bool:
        return self.model.status != Status.ABSENT or bool(self.model.status_detail) or scan.is_custom(self.model)


def word_of(work: Work) -> str:
    """Return how far a piece of work is, in a few words."""
    if work.state == State.QUEUED:
        return f"Waits to {BUTTONS[Kind(work.kind)].lower()}"
    if work.state != State.RUNNING:
        return State(work.state).label
    doing = DOING[Kind(work.kind)]
    if work.kind == Kind.INSTALL and work.step and not work.step.startswith(DOWNLOADS):
        doing = work.step
    return f"{doing} {work.percent} %" if work.total_bytes else f"{doing} …"


def standings(models: Sequence[SpeechModel]) -> list[Standing]:
    """Return how it stands with some rows. Costs one query."""
    shown = Work.objects.filter(pk__in=_shown(SpeechModel.objects.filter(pk__in=[model.pk for model in models])))
    of_model = {work.model_id: work for work in shown}
    return [_standing(model, of_model.get(model.pk)) for model in models]


def _shown(models: "QuerySet[SpeechModel]") -> "QuerySet[SpeechModel, int | None]":
    """Return the work of each model that is shown: what runs, what waits, else the last that was done."""
    rank = Case(
        When(state=State.RUNNING, then=Value(0)),
        When(state=State.QUEUED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    latest = Work.objects.filter(model=OuterRef("pk")).order_by(rank, "-pk").values("pk")[:1]
    return models.order_by().values_list(Subquery(latest))


def _standing(model: SpeechModel, work: Work | None) -> Standing:
    if work and work.is_unfinished and _is_in_vain(work, model):
        return Standing(model, None)
    if work is None or work.is_unfinished:
        return Standing(model, work)
    is_told = work.state == State.FAILED and _is_still_so(work, model)
    return Standing(model, None, work.message if is_told else "")


def _is_in_vain(work: Work, model: SpeechModel) -> bool:
    """Return whether work waits that will find nothing, so that it is no reason not to install."""
    return (work.kind, work.state) == (Kind.MEASURE, State.QUEUED) and model.status == Status.ABSENT


def _is_still_so(work: Work, model: SpeechModel) -> bool:
    """Return whether what failed work says holds for the files that are there now. Damage stands in the row, until they change."""
    if work.kind == Kind.VERIFY:
        return work.message in OF_THE_PROCESS
    is_there = model.status in (Status.INSTALLED, Status.VERIFIED)
    return is_there == (work.kind == Kind.MEASURE)


def _lacks(model: SpeechModel) -> bool:
    """Return whether weights of the catalogue are to be installed, or installed again."""
    is_ours = not scan.is_custom(model) and not model.install_path
    return is_ours and model.status in (Status.ABSENT, Status.BROKEN)


def _is_lost(model: SpeechModel) -> bool:
    """Return whether weights that somebody brought are broken or gone."""
    is_gone = model.status == Status.ABSENT and not viability.is_unread(model)
    is_brought = model.install_path or scan.is_custom(model)
    return bool(is_brought) and (is_gone or model.status == Status.BROKEN)


def _kinds(model: SpeechModel) -> list[Work.Kind]:
    if model.status in (Status.INSTALLED, Status.VERIFIED):
        is_measured = model.store != "diarization"
        return [Kind.VERIFY, *([Kind.MEASURE] if is_measured else [])]
    install = [Kind.INSTALL] if obtaining.is_within_reach(model) else []
    return [*install, *([Kind.VERIFY] if scan.is_there(model) else [])]
