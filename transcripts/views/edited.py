"""The answer to a change of a text: what differs on the open page, or the page itself where there is no JavaScript."""

from dataclasses import dataclass
from typing import Literal, Self

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import reswap, retarget, trigger_client_event

from transcripts.edit_forms import KnownForm
from transcripts.models import Edit, Job, Speaker
from transcripts.views.changes import Changes, changes
from transcripts.views.offered import offer_of
from transcripts.views.page import page_context
from transcripts.views.panel import Refusal
from transcripts.views.standing import Standing
from transcripts.views.text import PageParagraph, page_paragraphs

WayBack = Literal["Undo", "Redo"]

MANY_PARAGRAPHS = 300
"""A page takes all the text anew as fast as so many changes of it."""

OUT_OF_USE = (
    "This is saved in a version that is not in use: search and exports have another one. "
    "Above the text you can choose this one."
)


@dataclass(frozen=True, slots=True)
class Before:
    """A text before it is changed. `is_known` says whether the open page shows it like this."""

    job: Job
    text: list[PageParagraph]
    is_known: bool

    @classmethod
    def read(cls, request: HttpRequest, job: Job) -> Self:
        form = KnownForm(request.POST or request.GET)
        known = form.cleaned_data["known"] if form.is_valid() else None
        newest = Edit.objects.filter(job=job).order_by("-pk").values_list("pk", flat=True).first() or 0
        return cls(job, page_paragraphs(job), known == newest)


def tell(request: HttpRequest, job: Job, edit: int, sentence: str, *, way_back: WayBack = "Undo") -> None:
    """Have the page's notice say what an edit did, with a button that takes it back."""
    level = messages.INFO if way_back == "Redo" else messages.SUCCESS
    messages.add_message(request, level, sentence, extra_tags=reverse("transcripts:undo", args=[job.pk, edit]))


def answer(
    request: HttpRequest,
    before: Before,
    edit: Edit | None = None,
    sentence: str = "",
    *,
    way_back: WayBack = "Undo",
    refusal: Refusal | None = None,
    leads_on: bool = True,
) -> HttpResponse:
    """Show a text after an edit, with a sentence and the way back; as it is now, where there was none.

    `leads_on` is false where what was replaced was no mistake of the recognition.
    """
    job = before.job
    if edit is not None and job.recording.shown_job_id not in (None, job.pk):
        messages.warning(request, OUT_OF_USE)
    if edit is not None and sentence:
        tell(request, job, edit.pk, sentence, way_back=way_back)
    elif sentence:
        messages.info(request, sentence)
    if "HX-Request" not in request.headers:
        if refusal:
            messages.info(request, refusal.sentence)
        return redirect(page_of(job))
    is_understood = edit is not None or refusal is not None
    context = page_now(request, before, is_understood=is_understood, refusal=refusal) | {
        "offer": offer_of(edit) if leads_on else None,
    }
    # Also where nothing is said: what the notice says of an earlier change would not be so any more.
    response = retarget(reswap(render(request, "transcripts/edited.html", context), "outerHTML"), "#messages")
    # Not before: what closes takes the form away, from which htmx looks for the place of the answer.
    trigger_client_event(response, "action-done", after="swap")
    done: HttpResponse = response
    return done


def page_now(
    request: HttpRequest, before: Before, *, is_understood: bool, refusal: Refusal | None = None
) -> dict[str, object]:
    """Return what the open page lacks: all of the text, where it asked for something that is not so any more."""
    job = before.job
    job.refresh_from_db(fields=["labelling", "diarizer"])
    text = page_paragraphs(job)
    found = _changes(before, text) if before.is_known and is_understood else None
    renamed = [] if found is None else _renamed(before.text, text)
    context = page_context(Standing(job), text, viewer=request.user, refusal=refusal)
    return context | {"changes": found, "renamed": renamed}


def page_of(job: Job) -> str:
    """Return the address of the page that shows this job's text."""
    address = reverse("transcripts:detail", args=[job.recording_id])
    return address if job.recording.shown_job_id == job.pk else f"{address}?version={job.pk}"


def _changes(before: Before, text: list[PageParagraph]) -> Changes | None:
    """Return what differs; None where all of the text does, or so much that it is better sent anew."""
    if bool(_names(before.text)) != bool(_names(text)):
        return None
    found = changes(before.text, text)
    count = len(found.gone) + len(found.replaced) + len(found.inserted)
    return found if count <= MANY_PARAGRAPHS else None


def _renamed(before: list[PageParagraph], after: list[PageParagraph]) -> list[Speaker]:
    """Return those who are called otherwise now."""
    old = _names(before)
    return [speaker for pk, speaker in _names(after).items() if pk in old and old[pk].shown_name != speaker.shown_name]


def _names(text: list[PageParagraph]) -> dict[int, Speaker]:
    return dict(text[0].names) if text else {}
