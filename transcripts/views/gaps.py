"""The stretches of a text that could not be transcribed: what the page says of them, and another try."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HTMX_STOP_POLLING, trigger_client_event

from transcripts.models import Job, Segment
from transcripts.services import gaps
from transcripts.views.access import visible_job
from transcripts.views.answers import polled
from transcripts.views.panel import read_panel
from transcripts.views.standing import Standing
from transcripts.views.text import PageParagraph, assign_url, page_paragraphs


@dataclass(frozen=True, slots=True)
class GapsStanding:
    """How many stretches are missing in a job's text, and how it stands with the last job that tried them again."""

    job: Job
    missing: int
    attempt: Job | None

    @property
    def is_trying(self) -> bool:
        return self.attempt is not None and not self.attempt.is_over and not self.is_paused

    @property
    def is_paused(self) -> bool:
        return self.attempt is not None and self.attempt.state == Job.State.PAUSED

    @property
    def error(self) -> str:
        """Return why the last try failed; empty where it did not."""
        return self.attempt.error if self.attempt and self.attempt.state == Job.State.FAILED else ""

    @property
    def blocked_reason(self) -> str:
        return Standing(self.attempt).blocked_reason if self.attempt else ""

    @property
    def is_held(self) -> bool:
        """Return whether the last try waits because the queue is held."""
        return (
            self.attempt is not None and self.attempt.state == Job.State.QUEUED and getattr(self.attempt, "held", False)
        )

    @property
    def announcement(self) -> str:
        """Return what a screen reader is told of the last try."""
        if self.is_trying:
            return "The missing stretches are being tried again."
        return self.error or ("" if self.missing else "The missing stretches are transcribed now.")


def gaps_known(job: Job, text: Iterable[PageParagraph], attempt: Job | None) -> GapsStanding | None:
    """Return how it stands with the gaps of a job of which all the text is known, and the last try."""
    missing = sum(len(paragraph.lines) for paragraph in text if paragraph.gap)
    return GapsStanding(job, missing, attempt) if job.state == Job.State.COMPLETED else None


def gaps_standing(job: Job) -> GapsStanding | None:
    """Return how it stands with a completed job's gaps, by one or two queries; None for any other job."""
    if job.state != Job.State.COMPLETED:
        return None
    count = Segment.objects.gaps().filter(job=OuterRef("source")).order_by().values("job").annotate(count=Count("pk"))
    attempts = job.retries.filter(kind=Job.Kind.GAPS).with_held().annotate(missing=Subquery(count.values("count")))
    attempt = attempts.defer("plan").order_by("-created_at").first()
    missing = getattr(attempt, "missing", None) if attempt else job.segments.gaps().count()
    return GapsStanding(job, missing or 0, attempt)


@require_POST
@vary_on_headers("HX-Request")
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Have the gaps of a job tried again, by a job of their own, and show how it stands. Changes nothing without gaps."""
    job = visible_job(request, job_id)
    gaps.retry(job.pk)
    if "HX-Request" in request.headers:
        return _fragment(request, job)
    return redirect("transcripts:detail", job.recording_id)


@require_safe
@vary_on_headers("HX-Request")
@polled
def standing(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return how it stands with the gaps of a job; after the last try, with the text as it is then."""
    job = visible_job(request, job_id)
    return _fragment(request, job)


def _fragment(request: HttpRequest, job: Job) -> HttpResponse:
    """Return the gaps' part of the page, which asks again while a try is under way; else with the text as it now is."""
    found = gaps_standing(job)
    context: dict[str, object] = {"gaps": found, "recording": job.recording}
    is_under_way = bool(found and (found.is_trying or found.is_paused))
    if not is_under_way:
        text = page_paragraphs(job)
        context |= {"row": Standing(job), "live_url": "", "text": text, "assign_url": assign_url(job)}
        assert isinstance(request.user, User)
        context["panel"] = read_panel(job, text, viewer=request.user)
    is_end = not is_under_way and request.method == "GET"
    response = render(request, "transcripts/gaps.html", context, status=HTMX_STOP_POLLING if is_end else 200)
    return trigger_client_event(response, "queue-changed") if is_end or request.method == "POST" else response
