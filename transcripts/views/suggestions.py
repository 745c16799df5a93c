"""A stretch that is transcribed again: how it is asked for, how far it is, and what it would change."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import reswap, retarget, trigger_client_event

from transcripts.compare_forms import DecideForm
from transcripts.comparing import Comparison
from transcripts.correcting import Span
from transcripts.forms import StretchForm
from transcripts.models import Job
from transcripts.services import suggestions
from transcripts.services.accept import Refused
from transcripts.services.decided import put_away
from transcripts.services.patches import EditRefused
from transcripts.services.stretches import transcribe_stretch
from transcripts.times import stretch as in_words
from transcripts.views.access import visible_job
from transcripts.views.answers import calm, polled, show
from transcripts.views.edited import Before, answer, page_of
from transcripts.views.media import player_url
from transcripts.views.standing import Standing
from transcripts.views.text import names_of
from transcripts.views.versions import with_standing

STARTED = "{} is transcribed again. What comes of it is shown as a suggestion."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """How it stands with a stretch that was, or is being, transcribed again."""

    job: Job

    @property
    def is_accepted(self) -> bool:
        return self.job.suggestion == Job.Suggestion.ACCEPTED

    @property
    def row(self) -> Standing:
        return Standing(self.job)

    @property
    def stretch(self) -> str:
        return in_words(self.job.stretch_start or 0.0, self.job.stretch_end or 0.0)

    @property
    def is_under_way(self) -> bool:
        return not self.job.is_over

    @property
    def is_open(self) -> bool:
        """Return whether a person is to decide about it: it is there, and neither in use nor put away."""
        is_there = self.job.state in (Job.State.COMPLETED, Job.State.FAILED)
        return is_there and self.job.suggestion == Job.Suggestion.OPEN


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All those of a text, the newest first."""

    source: Job
    all: tuple[Suggestion, ...] = ()

    @property
    def current(self) -> list[Suggestion]:
        """Return what is under way or to be decided."""
        return [each for each in self.all if each.is_under_way or each.is_open]

    @property
    def settled(self) -> list[Suggestion]:
        return [each for each in self.all if each.job.state == Job.State.COMPLETED and not each.is_open]

    @property
    def is_waiting(self) -> bool:
        return any(each.is_under_way and each.job.state != Job.State.PAUSED for each in self.all)


def suggestions_of(source: Job, retries: Iterable[Job]) -> Suggestions:
    """Return the suggestions for a text, out of what was tried on it."""
    mine = [job for job in retries if job.kind == Job.Kind.STRETCH and job.source_id == source.pk]
    return Suggestions(source, tuple(map(Suggestion, mine)))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def transcribe(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask which stretch of a text is to be transcribed again, and how; then have it done by a job of its own."""
    job = visible_job(request, job_id)
    assert isinstance(request.user, User)
    data = request.POST if request.method == "POST" else None
    form = StretchForm(data, job=job, span=_span(request, job), user=request.user)
    if not form.is_valid():
        return _ask(request, job, form)
    times = form.cleaned_data["start"], form.cleaned_data["end"]
    try:
        made = transcribe_stretch(job, *times, form.job_request())
    except Refused as err:
        form.add_error(None, str(err))
        return _ask(request, job, form)
    messages.success(request, STARTED.format(Suggestion(made).stretch))
    if "HX-Request" not in request.headers:
        return redirect(page_of(job))
    return _started(request, job)


@require_safe
@vary_on_headers("HX-Request")
@polled
def index(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return how it stands with the suggestions for a text, as a part of its page; that page where it is no part."""
    job = visible_job(request, job_id)
    if "HX-Request" not in request.headers:
        return redirect(page_of(job))
    found = read_suggestions(job)
    context = {"suggestions": found, "recording": job.recording}
    is_end = "waiting" in request.GET and not found.is_waiting
    response = render(request, "transcripts/suggestions.html", context)
    return trigger_client_event(response, "queue-changed") if is_end else response


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def suggestion(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show what a suggestion would change; accept it, or put it away."""
    job, source = _stretch(request, job_id)
    if request.method == "GET":
        return _show(request, job, source)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _show(request, job, source, error="Choose what is to become of it.")
    if form.cleaned_data["decision"] == "refuse":
        return _put_away(request, job, source)
    return _accept(request, job, source, mark=form.cleaned_data["mark"])


@require_POST
@calm
def dismiss(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Put a suggestion away without looking at it, or one that came to nothing."""
    job, source = _stretch(request, job_id)
    put_away(job)
    if "HX-Request" not in request.headers:
        return redirect(page_of(source))
    return render(
        request,
        "transcripts/suggestions.html",
        {"suggestions": read_suggestions(source), "recording": source.recording},
    )


def read_suggestions(source: Job) -> Suggestions:
    """Return the suggestions for a text, by one query."""
    retries = with_standing(source.retries.filter(kind=Job.Kind.STRETCH)).order_by("-created_at", "id")
    found = list(retries)
    for job in found:
        job.recording = source.recording
    return suggestions_of(source, found)


def _span(request: HttpRequest, job: Job) -> Span | None:
    """Return the stretch that is asked about: of the segments or the times in the address; None where there are none."""
    chosen = [int(pk) for pk in request.GET.getlist("passage")[:1000] if pk.isascii() and pk.isdigit() and len(pk) < 19]
    spans = list(job.segments.filter(pk__in=chosen).values_list("start", "end")) if chosen else []
    if spans:
        return min(start for start, _ in spans), max(end for _, end in spans)
    return None


def _ask(request: HttpRequest, job: Job, form: StretchForm) -> HttpResponse:
    context: dict[str, object] = {"form": form, "job": job, "page_url": page_of(job)}
    return show(request, "stretch", context, status=422 if form.is_bound else 200)


def _started(request: HttpRequest, job: Job) -> HttpResponse:
    """Tell the open page that a stretch is transcribed again."""
    context = {"suggestions": read_suggestions(job), "recording": job.recording}
    response = retarget(reswap(render(request, "transcripts/stretch_started.html", context), "outerHTML"), "#messages")
    trigger_client_event(response, "queue-changed")
    started: HttpResponse = trigger_client_event(response, "action-done", after="swap")
    return started


def _stretch(request: HttpRequest, job_id: UUID) -> tuple[Job, Job]:
    """Return a job that transcribes a stretch, and its source. Raises Http404 where it is another one."""
    job = visible_job(request, job_id)
    if job.kind != Job.Kind.STRETCH or job.source_id is None:
        raise Http404
    return job, visible_job(request, job.source_id)


def _show(request: HttpRequest, job: Job, source: Job, *, error: str = "") -> HttpResponse:
    """Return what a suggestion would change now."""
    found = suggestions.present(job)
    compared = Comparison(found.lines, suggestions.suggested(job), exact=True)
    names, has_gaps = names_of(source), suggestions.has_gaps(job, found)
    context: dict[str, object] = {
        "job": job,
        "source": source,
        "suggestion": Suggestion(job),
        "comparison": compared,
        "rows": [
            (compared.runs(row, 0), compared.runs(row, 1), names.get(compared.speaker(row, 0) or 0))
            for row in compared.rows
        ],
        "mark": found.mark,
        "error": error or (suggestions.GAPS if has_gaps else ""),
        "can_accept": job.state == Job.State.COMPLETED and compared.differences and not has_gaps,
        "page_url": page_of(source),
        "media_url": player_url(job.recording) if job.recording.has_media else "",
    }
    return show(request, "suggestion", context, status=422 if error else 200)


def _put_away(request: HttpRequest, job: Job, source: Job) -> HttpResponse:
    put_away(job)
    return _told(
        answer(request, Before.read(request, source), sentence="The suggestion is put away. The text is as it was.")
    )


def _accept(request: HttpRequest, job: Job, source: Job, *, mark: str) -> HttpResponse:
    assert isinstance(request.user, User)
    before = Before.read(request, source)
    try:
        edit = suggestions.accept(job, mark=mark, author=request.user)
    except EditRefused as err:
        return _show(request, job, source, error=str(err))
    return _told(answer(request, before, edit, "The suggestion is in the text now."))


def _told(response: HttpResponse) -> HttpResponse:
    """Have the open page look at its suggestions again."""
    told: HttpResponse = trigger_client_event(response, "suggestions-changed", after="swap")
    return told
