"""The list of recordings and the page of one."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, trigger_client_event

from transcripts.exports import FORMATS
from transcripts.exports.forms import ExportForm
from transcripts.filters import FilterForm, NarrowForm
from transcripts.forms import LiveForm, RowsForm, StartForm
from transcripts.models import Job, Recording
from transcripts.services.delete import delete_recording
from transcripts.views.access import BULKY, visible_job, visible_recording
from transcripts.views.answers import Question, ask, gone_on, missing
from transcripts.views.gaps import gaps_standing
from transcripts.views.standing import POLL_SECONDS, Standing, mark_of, standings
from transcripts.views.text import PageParagraph, Position, page_paragraphs
from transcripts.views.versions import find_versions

ROWS_PER_PAGE = 50
UNCHANGED = 204
"""Tells a page that asks to leave all as it is, and to ask again."""
DELETES = "The recording, its text and everything made from it are deleted for good. This cannot be undone."
SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "1.75", "2", "2.5", "3")


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).newest_of_recordings().with_last_words().with_words().with_worker()
    form = NarrowForm(request.GET)
    narrowed = form.narrow(jobs) if form.is_valid() else jobs.none()
    narrowed = narrowed.select_related("recording__owner").defer(*BULKY)
    paginator = Paginator(narrowed.order_by("-recording__created_at", "recording_id"), ROWS_PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    rows = standings(page)
    context = {"page": page, "rows": rows, **_watch(rows), **_narrowing(form), "states": Job.State.choices}
    return render(request, "transcripts/list.html", context)


def _narrowing(form: FilterForm) -> dict[str, object]:
    """Return what the list is narrowed down to, for its form and for the links and actions that keep it."""
    query = form.query() if form.is_valid() else []
    return {
        "filter": form,
        "narrowed": query,
        "is_narrowed": not form.is_valid() or bool(query),
        "query": urlencode(query),
    }


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """Return the rows of the jobs that a list watches, as they now are."""
    form = RowsForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest()
    jobs = Job.objects.visible_to(request.user).filter(pk__in=form.cleaned_data["job"])
    rows = standings(jobs.with_last_words().with_words().with_worker().select_related("recording__owner").defer(*BULKY))
    if form.cleaned_data["mark"] == mark_of(rows):
        return HttpResponse(status=UNCHANGED)
    context = {"rows": rows, "over": [row for row in rows if row.job.is_over]} | _watch(rows)
    status = 200 if context["watched"] else HTMX_STOP_POLLING
    response = render(request, "transcripts/rows.html", context, status=status)
    return trigger_client_event(response, "queue-changed") if context["over"] else response


def _watch(rows: list[Standing]) -> dict[str, object]:
    """Return the query string that asks for the rows that can still change, and how often to ask: as the running ones want."""
    watched = [row for row in rows if not row.job.is_over]
    running = [row.poll_seconds for row in rows if row.is_running]
    return {
        "watched": urlencode([*(("job", row.job.pk) for row in watched), *_marked(watched)]),
        "poll_seconds": min(running, default=POLL_SECONDS),
    }


def _marked(rows: list[Standing]) -> list[tuple[str, str]]:
    """Return the part of a query string by which the next poll is told that nothing is new."""
    mark = mark_of(rows)
    return [("mark", mark)] if rows and mark else []


@require_GET
def detail(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    versions = find_versions(request, recording_id)
    text, [row] = page_paragraphs(versions.open), standings([versions.open])
    context = {"added": text, "speeds": SPEEDS, "versions": versions} | _start(request)
    return render(request, "transcripts/detail.html", _page_context(row, text) | context)


def _start(request: HttpRequest) -> dict[str, object]:
    """Return how the page starts: what makes the player start at `?t=SECONDS`, as a fragment of the media's address."""
    form = StartForm(request.GET)
    form.full_clean()
    start = form.cleaned_data.get("t")
    return {
        "media_start": "" if start is None else f"#t={start:.2f}",
        "are_warnings_open": form.cleaned_data["warnings"],
    }


@require_GET
def version(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Return what a recording page says of a version that is newer than the open one, as it now is."""
    try:
        versions = find_versions(request, recording_id)
    except Http404:
        return HttpResponse(status=HTMX_STOP_POLLING)
    context = {"versions": versions, "recording": versions.open.recording, "awaited": "awaited" in request.GET}
    return render(
        request, "transcripts/_version.html", context, status=200 if versions.is_coming else HTMX_STOP_POLLING
    )


@require_GET
@vary_on_headers("HX-Request")
def live(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return what is new on a recording page since it asked last: the job's standing, and the text from its last paragraph on."""
    form = LiveForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest()
    try:
        job = visible_job(request, job_id)
    except Http404:
        if "HX-Request" not in request.headers:
            raise
        return HttpResponse(status=HTMX_STOP_POLLING)  # Deleted meanwhile. A 404 would be asked for again for ever.
    if form.cleaned_data["mark"] == mark_of([Standing(job)]):
        return HttpResponse(status=UNCHANGED)
    shown = Shown.from_form(form)
    # The text of a job that waits does not change. When it has just come to wait, its place is for the next time to tell.
    waits = job.state == Job.State.QUEUED and shown.state == Job.State.QUEUED
    text, [row] = ([], standings([job])) if waits else (page_paragraphs(job, since=shown.paragraph), [Standing(job)])
    context = _page_context(row, text, shown) | _changes(job, text, shown)
    response = render(request, "transcripts/live.html", context, status=HTMX_STOP_POLLING if job.is_over else 200)
    return trigger_client_event(response, "queue-changed") if context["changed"] else response


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows already: the start of its last paragraph and its last segment, None where it has no text."""

    paragraph: Position | None = None
    after: Position | None = None
    version: str = ""

    @property
    def state(self) -> str:
        return self.version.partition("-")[0]

    @classmethod
    def from_form(cls, form: LiveForm) -> "Shown":
        paragraph, after = form.cleaned_data["paragraph"], form.cleaned_data["after"]
        return cls(
            Position.parse(paragraph) if paragraph else None,
            Position.parse(after) if after else None,
            form.cleaned_data["version"],
        )


def _changes(job: Job, text: list[PageParagraph], shown: Shown) -> dict[str, object]:
    """Return what has to be put in place of the last paragraph and after it; nothing while no segment is new."""
    is_new = bool(text) and (shown.after is None or text[-1].last > shown.after)
    known = 1 if shown.paragraph else 0
    return {
        "replaced": text[:known] if is_new else [],
        "added": text[known:] if is_new else [],
        "changed": Standing(job).version != shown.version,
        "is_new_state": job.state != shown.state,
    }


def _page_context(row: Standing, text: list[PageParagraph], shown: Shown | None = None) -> dict[str, object]:
    """Return what the page and its fragments have in common."""
    job = row.job
    return {
        "recording": job.recording,
        "row": row,
        "gaps": gaps_standing(job),
        "media_url": reverse("transcripts:media", args=[job.recording_id]),
        "live_url": "" if job.is_over else _live_url(job, text, shown or Shown()),
        "export_formats": FORMATS.values(),
        "export_form": ExportForm(auto_id="export-%s"),
    }


def _live_url(job: Job, text: list[PageParagraph], shown: Shown) -> str:
    """Return where the next changes are to be had."""
    paragraph = text[-1].first if text else shown.paragraph
    after = text[-1].last if text else shown.after
    place = {"paragraph": paragraph, "after": after} if paragraph else {}
    query = {"version": Standing(job).version, **place, **dict(_marked([Standing(job)]))}
    return f"{reverse('transcripts:live', args=[job.pk])}?{urlencode(query)}"


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def delete(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    try:
        recording = visible_recording(request, recording_id)
    except Http404:
        if "HX-Request" not in request.headers:
            raise
        return missing(request)
    if request.method == "GET":
        return ask(request, _question(recording))
    delete_recording(recording)
    messages.success(request, f"“{recording.title}” is deleted.")
    return gone_on(request, recording, address=reverse("transcripts:list"))


def _question(recording: Recording) -> Question:
    return Question(
        title=f"Delete “{recording.title}”?",
        sentences=(DELETES,),
        action=reverse("transcripts:delete", args=[recording.pk]),
        button="Delete for good",
        keep=reverse("transcripts:detail", args=[recording.pk]),
    )
