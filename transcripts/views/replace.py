"""Find and replace over a transcript: shown first, with the number of places, then done as one change."""

import re
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from transcripts.correction_forms import SearchForm
from transcripts.models import Job
from transcripts.services.patches import EditRefused
from transcripts.services.replacing import Hit, find, replace_all
from transcripts.views.access import visible_job
from transcripts.views.answers import calm, show
from transcripts.views.edited import Before, answer, page_of

MOST_SHOWN = 100
AROUND = re.compile(r"^\W+|\W+$")
"""What stands around a word and is none of it."""
CHANGED = "The text was changed meanwhile. This is where it is found now."


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def replace(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show where something is found and what takes its place; replace it where the person agrees."""
    job = visible_job(request, job_id)
    if request.method == "GET":
        return _preview(request, job, _begun(request) or SearchForm(request.GET or None))
    form = SearchForm(request.POST)
    if not form.is_valid():
        return _preview(request, job, form)
    assert isinstance(request.user, User)
    before, search, count = Before.read(request, job), form.search(), form.cleaned_data["count"] or 0
    try:
        edit = replace_all(job, search, count=count, author=request.user)
    except EditRefused as err:
        return _preview(request, job, form, error=str(err))
    return answer(request, before, edit, f"Replaced in {count} place{'' if count == 1 else 's'}.")


def _begun(request: HttpRequest) -> SearchForm | None:
    """Return a form that begins with a word of the text, and perhaps with what is to stand in its place; None without one."""
    word = AROUND.sub("", request.GET.get("word", ""))
    return (
        SearchForm(initial={"find": word, "replacement": request.GET.get("by", ""), "whole_words": True})
        if word
        else None
    )


def _preview(request: HttpRequest, job: Job, form: SearchForm, *, error: str = "") -> HttpResponse:
    hits = find(job, form.search()) if form.is_bound and form.is_valid() else []
    context: dict[str, object] = {
        "job": job,
        "form": form,
        "error": error,
        "is_searched": form.is_bound and form.is_valid(),
        "count": sum(hit.count for hit in hits),
        "hits": [(hit, _pieces(hit)) for hit in hits[:MOST_SHOWN]],
        "more": max(0, len(hits) - MOST_SHOWN),
        "page_url": page_of(job),
    }
    return show(request, "replace", context, status=422 if error or form.errors else 200)


def _pieces(hit: Hit) -> list[tuple[bool, str]]:
    """Return the pieces of a text, and whether each is one that is found."""
    return [(number % 2 == 1, piece) for number, piece in enumerate(hit.pieces)]
