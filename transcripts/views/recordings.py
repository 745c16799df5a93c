"""The list of recordings and the page of one."""

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

from transcripts.filters import FilterForm, NarrowForm
from transcripts.forms import RowsForm, StartForm
from transcripts.models import Job, Recording
from transcripts.services.delete import delete_recording
from transcripts.views.access import BULKY, visible_recording
from transcripts.views.answers import Question, ask, gone_on, missing
from transcripts.views.page import page_context
from transcripts.views.standing import POLL_SECONDS, UNCHANGED, Standing, mark_of, marked, standings, with_speakers
from transcripts.views.text import page_paragraphs
from transcripts.views.versions import find_versions

ROWS_PER_PAGE = 50
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
    rows = with_speakers(standings(page))
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
    rows = with_speakers(rows)
    context = {"rows": rows, "over": [row for row in rows if row.job.is_over]} | _watch(rows)
    status = 200 if context["watched"] else HTMX_STOP_POLLING
    response = render(request, "transcripts/rows.html", context, status=status)
    return trigger_client_event(response, "queue-changed") if context["over"] else response


def _watch(rows: list[Standing]) -> dict[str, object]:
    """Return the query string that asks for the rows that can still change, and how often to ask: as the running ones want."""
    watched = [row for row in rows if not row.job.is_over]
    running = [row.poll_seconds for row in rows if row.is_running]
    return {
        "watched": urlencode([*(("job", row.job.pk) for row in watched), *marked(watched)]),
        "poll_seconds": min(running, default=POLL_SECONDS),
    }


@require_GET
def detail(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    versions = find_versions(request, recording_id)
    [row] = standings([versions.open])
    context = {"speeds": SPEEDS, "versions": versions} | _start(request)
    return render(request, "transcripts/detail.html", page_context(row, page_paragraphs(row.job)) | context)


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
