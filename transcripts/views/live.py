"""What a recording page asks for every few seconds while its job is not over."""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, trigger_client_event

from transcripts.forms import LiveForm
from transcripts.models import Edit, Job
from transcripts.views.access import visible_job
from transcripts.views.answers import polled
from transcripts.views.changes import Changes, changes
from transcripts.views.page import Shown, page_context, shown_by
from transcripts.views.standing import UNCHANGED, Standing, mark_of, standings
from transcripts.views.text import PageParagraph, Position, grouped, page_paragraphs, read_lines, with_names


@require_safe
@vary_on_headers("HX-Request")
@polled
def live(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return what is new on a recording page since it asked last: the job's standing, its text, and who speaks."""
    form = LiveForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest()
    job = visible_job(request, job_id)
    if form.cleaned_data["mark"] == mark_of([Standing(job)]):
        return HttpResponse(status=UNCHANGED)
    context = _context(request, job, _shown(form))
    response = render(request, "transcripts/live.html", context, status=HTMX_STOP_POLLING if job.is_over else 200)
    return trigger_client_event(response, "queue-changed") if context["changed"] else response


def _shown(form: LiveForm) -> Shown:
    data = form.cleaned_data
    paragraph = Position.parse(data["paragraph"]) if data["paragraph"] else None
    return Shown(paragraph, data["after"], data["labelling"], data["version"])


def _context(request: HttpRequest, job: Job, shown: Shown) -> dict[str, object]:
    # The text of a job that waits does not change. When it has just come to wait, its place is for the next time to tell.
    waits = job.state == Job.State.QUEUED and shown.state == Job.State.QUEUED
    [row] = standings([job]) if waits else [Standing(job)]
    # When it is over, each name leads to the menu that changes it.
    is_relabelled = job.labelling_id != shown.labelling or (job.labelling_id is not None and job.is_over)
    # All of the text, too, where replacement rules changed it at the end.
    is_relabelled = is_relabelled or (job.is_over and job.edits.filter(kind=Edit.Kind.RULES).exists())
    text: Sequence[PageParagraph] = ()
    found = Changes()
    if is_relabelled:
        text = page_paragraphs(job)
    elif not waits:
        found, text = _new_text(job, shown)
    return page_context(row, text, shown_by(job, text, before=shown), viewer=request.user) | {
        "changes": found,
        "is_relabelled": is_relabelled,
        "changed": row.version != shown.version,
        "is_new_state": job.state != shown.state,
    }


def _new_text(job: Job, shown: Shown) -> tuple[Changes, list[PageParagraph]]:
    """Return what the page has to change, and the end of the text as it then is.

    Text comes in order, and only the last paragraph grows: what is before it need not be read. Where each channel is
    transcribed by itself, the words of the second one belong between those that are shown. Who speaks is told of all of it.
    """
    since = None if job.by_channel or job.labelling_id else shown.paragraph
    lines = read_lines(job, since=since)
    new = grouped(lines, job)
    known = shown.newest or 0
    old = with_names((line for line in lines if line.pk <= known), new[0].names if new else {}, engine=job.engine)
    return changes(old, new), new
