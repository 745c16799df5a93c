"""The parts of a long text that follow the one with which its page opens."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django_htmx.http import reswap

from transcripts.views.access import visible_job
from transcripts.views.text import PART_PARAGRAPHS, assign_url, page_paragraphs, rest_url, segments_url


@require_safe
@gzip_page
def rest(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return the next part of a long text, which the page puts where it ends; all of it where it begins elsewhere by now."""
    job = visible_job(request, job_id)
    text = page_paragraphs(job)
    place = next((place for place, each in enumerate(text) if str(each.first) == request.GET.get("from")), None)
    context: dict[str, object] = {"assign_url": assign_url(job), "segments_url": segments_url(job)}
    if place is None:
        response: HttpResponse = reswap(render(request, "transcripts/_text.html", context | {"text": text}), "none")
        return response
    end = place + PART_PARAGRAPHS
    following = rest_url(job, text[end]) if end < len(text) else ""
    return render(request, "transcripts/rest.html", context | {"text": text[place:end], "rest_url": following})
