"""What buttons and actions of the administration of weights do, and what is said of it."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from registry import decisions, scan, works
from registry.models import SpeechModel, Work
from registry.works import Refused

UNDER_WAY = "This is under way."
MOST_TOLD = 20
"""Of what a rescan passed over, each in a message of its own: a folder may hold anything."""


def ask_one(request: HttpRequest, model: SpeechModel, kind: str) -> str:
    """Queue work and return what has to be said of it; nothing where the state says it all."""
    if kind not in Work.Kind.values:
        return "There is no such work."
    if kind != Work.Kind.INSTALL and not scan.is_there(model):
        return f"{model} is not installed: there is nothing to {Work.Kind(kind)}."
    if kind == Work.Kind.MEASURE and (refusal := decisions.lack(model)):
        return refusal
    try:
        _, is_new = works.ask(model, Work.Kind(kind), by=_person(request))
    except Refused as err:
        return str(err)
    return "" if is_new else UNDER_WAY


def ask_each(request: HttpRequest, rows: Iterable[SpeechModel], kind: Work.Kind) -> None:
    """Queue work on several rows and say what became of it."""
    new = 0
    for model in rows:
        note = ask_one(request, model, kind)
        new += not note
        if note:
            messages.warning(request, f"{model}: {note}" if note == UNDER_WAY else note)
    if new:
        messages.success(request, f"{new} queued. The list shows how far they are.")


def cancel(model: SpeechModel) -> str:
    unfinished = Work.objects.unfinished().filter(model=model)
    cancelled = [works.cancel(work.pk) for work in unfinished]
    return "" if any(cancelled) else "It was over."


def rescan(request: HttpRequest, models: Iterable[SpeechModel] | None) -> None:
    """Look at the disk and say what was found."""
    found = scan.rescan(models)
    scan.queue_checks(found, by=_person(request))
    new = f"{len(found.new)} new: {', '.join(map(str, found.new))}. " if found.new else ""
    count = len(found.unchecked)
    read = f"{count} {'is' if count == 1 else 'are'} being read and compared. " if count else ""
    messages.success(request, f"{new}{read}".strip() or "The list is what lies on the disk.")
    for reason in found.passed_over[:MOST_TOLD]:
        messages.warning(request, reason)
    if more := len(found.passed_over[MOST_TOLD:]):
        messages.warning(request, f"{more} more {'is' if more == 1 else 'are'} no model.")


def decide_one(request: HttpRequest, rows: QuerySet[Any], decide: Callable[[Any], str]) -> list[Any]:
    """Decide something of the one row that was chosen; return it in a list, an empty one where it was not done."""
    chosen = list(rows[:2])
    if len(chosen) > 1:
        messages.warning(request, "Choose one: there is one default.")
        return []
    return chosen if tell(request, partial(decide, chosen[0])) else []


def tell(request: HttpRequest, decide: Callable[[], str]) -> bool:
    """Do something and say what was done, or why it could not be; return whether it was."""
    try:
        messages.success(request, decide())
    except Refused as err:
        messages.error(request, str(err))
        return False
    return True


def _person(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None


def size_in_words(size: int | None) -> str:
    """Return a size as people say it."""
    if not size:
        return "–"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
