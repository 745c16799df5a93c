"""Long work on weights: asked for in the pages, done by the queue for long work, one at a time in the whole installation.

As with jobs the row is the queue: every change is one conditional UPDATE whose count of rows is looked at, and every write of
whoever does the work goes through the lease token. Times are by the database's clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Case, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from registry import obtaining
from registry.models import SpeechModel, Work
from speech.weights import find, known, lack_of_room, missing_bytes

FREE: dict[str, Any] = {"lease_token": None, "lease_expires_at": None, "lease_holder": "", "stop_requested": False}
NOT_STARTED: dict[str, Any] = {"step": "", "done_bytes": 0, "total_bytes": 0}
CANCELLED = {
    Work.Kind.INSTALL: "Cancelled. What was downloaded is kept.",
    Work.Kind.VERIFY: "Cancelled.",
    Work.Kind.MEASURE: "Cancelled. What was measured before is kept.",
}
TOO_LATE = "It was finished when you cancelled it."


class Refused(Exception):
    """The work makes no sense now. The text is a sentence for the administrator."""


class LeaseLost(Exception):
    """The work belongs to another process now, or is gone: write nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Work that is the claimant's to do, as long as the token is on its row."""

    work_id: int
    lease_token: UUID


def ask(model: SpeechModel, kind: Work.Kind, *, by: User | None = None) -> tuple[Work, bool]:
    """Queue work on a model and return it with True; the work that is under way already with False. Raises Refused."""
    under_way = Work.objects.unfinished().filter(model=model, kind=kind)
    if present := under_way.first():
        return present, False
    if kind == Work.Kind.INSTALL:
        check_install(model)
    try:
        with transaction.atomic():
            return Work.objects.create(kind=kind, model=model, asked_by=by), True
    except IntegrityError as err:  # Somebody else clicked at the same moment.
        if present := under_way.first():
            return present, False
        raise Refused("This has just been done.") from err


def check_install(model: SpeechModel) -> None:
    """Raise Refused where weights cannot be downloaded here, or are there already."""
    weights = known(engine=model.store, model=model.key)
    if weights is None or model.install_path:
        raise Refused(f"{model} was brought by hand: there is nothing to download.")
    if find(settings.WEIGHTS_DIR, engine=model.store, model=model.key):
        raise Refused(f"{model} is installed already.")
    if not obtaining.is_within_reach(model):
        raise Refused(f"{model} was not installed. {obtaining.by_hand(model)}.")
    if lack := lack_of_room(settings.WEIGHTS_DIR, weights, missing_bytes(settings.WEIGHTS_DIR, weights)):
        raise Refused(lack)


def cancel(work_id: int) -> bool:
    """Cancel work; return False where it is over. What runs obeys within two seconds."""
    work = Work.objects.filter(pk=work_id)
    idle = Q(state=Work.State.QUEUED) | Q(state=Work.State.RUNNING, lease_expires_at__lt=Now())
    over = {"state": Work.State.CANCELLED, "finished_at": Now(), "message": _by_kind(CANCELLED)}
    for _ in range(2):  # It may be claimed between the two statements.
        if work.filter(idle).update(**over, **FREE):
            return True
        if work.running().update(stop_requested=True):
            return True
    return False


def claim(*, holder: str, may_measure: bool = True) -> Claim | None:
    """Take the work that has waited longest, measurements last; None where nothing waits, or where some is being done.

    Without `may_measure` no measurement is taken.
    """
    if Work.objects.running().exists():  # Looking takes no lock.
        return None
    waiting = Work.objects.queued().annotate(is_measuring=Q(kind=Work.Kind.MEASURE))
    waiting = waiting if may_measure else waiting.filter(is_measuring=False)
    first = waiting.order_by("is_measuring", "created_at", "pk").values_list("pk", flat=True).first()
    if first is None:
        return None
    token = uuid4()
    lease = {"lease_token": token, "lease_holder": holder, "lease_expires_at": lease_end()}
    try:
        with transaction.atomic():
            taken = Work.objects.queued().filter(pk=first).update(state=Work.State.RUNNING, started_at=Now(), **lease)
    except IntegrityError:  # Another process was quicker with other work: see the constraint `one_running_work`.
        return None
    return Claim(first, token) if taken else None


def adopt(claim: Claim, *, holder: str) -> bool:
    """Put a process's name on a lease that another one took for it; return whether it still holds."""
    held = Work.objects.held_by(claim.lease_token).filter(pk=claim.work_id)
    return bool(held.update(lease_holder=holder, lease_expires_at=lease_end()))


def rescue(is_dead: Callable[[str], bool]) -> int:
    """Put back the work whose lease has run out or whose holder is provably dead; return how much."""
    holders = Work.objects.running().values_list("lease_token", "lease_holder")
    orphans = [token for token, holder in holders if is_dead(holder)]
    lost = Work.objects.running().filter(Q(lease_expires_at__lt=Now()) | Q(lease_token__in=orphans))
    return lost.update(**FREE | NOT_STARTED | _unless_cancelled()) if lost.exists() else 0


def give_back(claim: Claim) -> None:
    """Put work back in the queue: this process ends. Raises LeaseLost."""
    _write(claim, **FREE | NOT_STARTED | _unless_cancelled())


def finish(claim: Claim, state: Work.State, message: str) -> None:
    """End work with a sentence on what came of it. Raises LeaseLost."""
    late = Case(When(stop_requested=True, then=Value(f"{message[:900]} {TOO_LATE}")), default=Value(message[:1000]))
    said = late if state == Work.State.DONE else message[:1000]
    _write(claim, state=state, message=said, finished_at=Now(), **FREE)


def note(claim: Claim, *, step: str, done: int, total: int) -> None:
    """Write how far work is, and renew its lease. Raises LeaseLost."""
    total = max(done, total, 0)
    _write(claim, step=step[:200], done_bytes=max(done, 0), total_bytes=total, lease_expires_at=lease_end())


def is_cancelled(claim: Claim) -> bool:
    """Return whether somebody wants the work to end. Raises LeaseLost."""
    wish = Work.objects.held_by(claim.lease_token).filter(pk=claim.work_id).values_list("stop_requested", flat=True)
    for is_wanted in wish:
        return is_wanted
    raise LeaseLost


def lease_end() -> Combinable:
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _write(claim: Claim, **fields: Any) -> None:
    if not Work.objects.held_by(claim.lease_token).filter(pk=claim.work_id).update(**fields):
        raise LeaseLost


def _unless_cancelled() -> dict[str, Any]:
    """Return the columns that queue work again, or end it where that was wanted."""
    wanted = When(stop_requested=True, then=Value(Work.State.CANCELLED))
    return {
        "state": Case(wanted, default=Value(Work.State.QUEUED)),
        "finished_at": Case(When(stop_requested=True, then=Now()), default=None),
        "message": Case(When(stop_requested=True, then=_by_kind(CANCELLED)), default=Value("")),
    }


def _by_kind(sentences: dict[Work.Kind, str]) -> Case:
    return Case(*(When(kind=kind, then=Value(sentence)) for kind, sentence in sentences.items()), default=Value(""))
