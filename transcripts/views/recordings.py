"""The list of recordings and the page of one."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, trigger_client_event

from preferences.forecast import Doomed
from preferences.models import UserDefaults
from preferences.site import settings_of
from transcripts import line
from transcripts.context import queue_of
from transcripts.filters import NarrowForm
from transcripts.forms import RowsForm, StartForm
from transcripts.line import Line
from transcripts.models import Job, Recording
from transcripts.models.job import JobQuerySet
from transcripts.services.delete import delete_recording
from transcripts.services.retention import keeping, soon_of
from transcripts.views.access import BULKY, visible_recording
from transcripts.views.answers import Question, ask, calm, gone_on, polled
from transcripts.views.beside import beside, read_around
from transcripts.views.known import Known
from transcripts.views.page import page_context
from transcripts.views.standing import POLL_SECONDS, UNCHANGED, Standing, mark_of, marked, standings
from transcripts.views.suggestions import suggestions_of
from transcripts.views.text import first_part, read_lines, with_names
from transcripts.views.versions import find_versions

ROWS_PER_PAGE = 50
SOON_DAYS = 7
COLUMNS = {
    "title": ("title", "-title"),
    "duration": ("-duration", "duration"),
    "state": ("state", "state"),
    "date": ("", "date"),
}
"""What a column is sorted by when its head is pressed, and when it is pressed again."""
DIRECTIONS = {"title": "ascending", "duration": "descending", "state": "other", "date": "descending"}
OTHER_WAY = {"ascending": "descending", "descending": "ascending", "other": "other"}
DELETES = "The recording, its text and everything made from it are deleted for good. This cannot be undone."
SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "1.75", "2", "2.5", "3")


@require_safe
@gzip_page
def index(request: HttpRequest) -> HttpResponse:
    form = NarrowForm(request.GET, user=request.user)
    recordings = form.recordings(request.user).values_list("pk", flat=True)
    page = Paginator(recordings, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    newest = Job.objects.filter(recording__in=page.object_list).newest_of_recordings()
    # What is only shown is looked up for the rows of this page, not for all that have to be sorted.
    jobs = list(form.in_order(_shown(request, Job.objects.filter(pk__in=newest.told_of()))))
    now = line.read() if any(job.state == Job.State.QUEUED for job in jobs) else None
    rows = [Standing(job, now.place_of(job.pk) if now else None) for job in jobs]
    context = {"page": page, "rows": rows, **_watch(rows), **_narrowing(form), **_queue(request, now)}
    context |= {"states": Job.State.choices}
    context |= {"doomed": _doomed_soon(request), "soon_days": SOON_DAYS}
    return render(request, "transcripts/list.html", context)


def _shown(request: HttpRequest, jobs: JobQuerySet) -> JobQuerySet:
    """Return jobs with all that a row shows of them to this person."""
    jobs = jobs.select_related("recording__owner").defer(*BULKY)
    return jobs.with_last_words().with_words().with_worker().with_speakers().with_tags_of(request.user)


def _doomed_soon(request: HttpRequest) -> Doomed | None:
    """Return what this person will lose within days; None, and no query, where all is kept for ever."""
    kept = keeping(settings_of(request))
    recordings = Recording.objects.visible_to(request.user)
    return soon_of(recordings, kept, days=SOON_DAYS) if kept.is_limited else None


def _narrowing(form: NarrowForm) -> dict[str, object]:
    """Return what the list is narrowed down to, for its form and for the links and actions that keep it."""
    query, known = (form.query(), form.query_of_known()) if form.is_valid() else ([], [])
    return {
        "filter": form,
        "narrowed": known,  # Nothing else is on the page: a tag that is not there leaves out, and lets nothing in.
        "known_address": f"?{urlencode(known)}",
        "is_narrowed": not form.is_valid() or not form.is_empty,
        "query": urlencode(query),
        "columns": _columns(form.sort_key, [pair for pair in query if pair[0] != "sort"]),
    }


@dataclass(frozen=True, slots=True)
class Column:
    """How the list is sorted by a column, as `aria-sort` has it; `query` sorts it by this one, or the other way round."""

    sorted: str
    query: str


def _columns(sort: str, rest: list[tuple[str, str]]) -> dict[str, Column]:
    found = {}
    for name, (first, second) in COLUMNS.items():
        other = second if sort == first else first
        direction = {first: DIRECTIONS[name], second: OTHER_WAY[DIRECTIONS[name]]}.get(sort, "none")
        found[name] = Column(direction, urlencode([*rest, *([("sort", other)] if other else [])]))
    return found


@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Return the rows of the jobs that a list watches, as they now are."""
    form = RowsForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest()
    # By their ids first: a join would look through all recordings of the person.
    is_visible = Exists(Recording.objects.visible_to(request.user).filter(pk=OuterRef("recording")))
    rows = standings(_shown(request, Job.objects.filter(is_visible, pk__in=form.cleaned_data["job"])))
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
        "watched": urlencode([*(("job", row.job.pk) for row in watched), *marked(watched)]),
        "poll_seconds": min(running, default=POLL_SECONDS),
    }


@require_safe
@gzip_page
def detail(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    versions = find_versions(request, recording_id)
    row, (found, known) = versions.row, read_around(request, versions)
    kept, recording = keeping(settings_of(request)), row.job.recording
    recording.peaks = found.peaks
    suggestions = suggestions_of(row.job, versions.retries)
    ends = {"suggestions": suggestions, "media_ends": kept.media_ends(recording), "ends": kept.ends(recording)}
    rewind = UserDefaults.of(request.user).rewind_seconds
    plays = {"speeds": SPEEDS, "rewind_seconds": rewind}
    context = {"versions": versions, **plays, **beside(request, recording, found)} | ends
    return render(
        request, "transcripts/detail.html", _text(request, row, known) | context | _queue(request, versions.line)
    )


def _queue(request: HttpRequest, line: Line | None) -> dict[str, object]:
    """Return what each page shows of the queue, where all that runs and waits has been read already."""
    return {"queue": queue_of(request, line)} if line else {}


def _text(request: HttpRequest, row: Standing, known: Known) -> dict[str, object]:
    """Return the text, and how the page starts: what has the player start at `?t=SECONDS`, as a fragment of the media's address."""
    form = StartForm(request.GET)
    form.full_clean()
    start = form.cleaned_data.get("t")
    text = with_names(read_lines(row.job), known.names, engine=row.job.engine)
    part, rest = (text, "") if request.GET.get("text") == "all" else first_part(row.job, text, start=start)
    return page_context(row, text, viewer=request.user, known=known) | {
        "text": part,
        "rest_url": rest,
        "media_start": "" if start is None else f"#t={start:.2f}",
        "are_warnings_open": form.cleaned_data["warnings"],
    }


@require_safe
@vary_on_headers("HX-Request")
@polled
def version(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Return what a recording page says of a version that is newer than the open one, as it now is."""
    versions = find_versions(request, recording_id)
    context = {"versions": versions, "recording": versions.open.recording, "awaited": "awaited" in request.GET}
    return render(
        request, "transcripts/_version.html", context, status=200 if versions.is_coming else HTMX_STOP_POLLING
    )


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def delete(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    recording = visible_recording(request, recording_id)
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
