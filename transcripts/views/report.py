"""How good a transcript is, as far as a machine can tell: for whoever wants to know how much of it to check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from speech.doubt import LOOPS
from transcripts.makers import MADE_BY
from transcripts.models import Edit, Job
from transcripts.views.access import visible_job
from transcripts.views.edited import page_of
from transcripts.views.standing import Standing
from transcripts.views.text import Line, PageParagraph, page_paragraphs

SHORT_HASH = 12
MOST_SHOWN = 5
"""So many loops or gaps are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """`words` are those whose times are known, `loops` and `gaps` the stretches that repeat themselves, or have no text."""

    row: Standing
    words: int
    doubtful: int
    loops: tuple[Line, ...]
    gaps: tuple[Line, ...]
    rules: int
    """In how many segments replacement rules changed something."""

    @property
    def doubtful_percent(self) -> float:
        return 100 * self.doubtful / self.words if self.words else 0.0

    @property
    def gap_seconds(self) -> float:
        return sum(gap.end - gap.start for gap in self.gaps)

    @property
    def clipped_percent(self) -> float | None:
        """Return how much of the sound is cut off at the top; None where that was not looked at."""
        share = self.row.job.recording.clipped_share
        return None if share is None else 100 * share

    @property
    def seconds(self) -> float | None:
        """Return how long the work took, pauses included; None where that is not known, as of an imported text."""
        job = self.row.job
        if job.started_at is None or job.finished_at is None or not job.transcribing_seconds:
            return None
        return (job.finished_at - job.started_at).total_seconds()

    @property
    def real_time_factor(self) -> float | None:
        """Return the seconds of transcribing for each second of the recording; None where they are not known."""
        job = self.row.job
        known = job.transcribing_seconds and job.audio_seconds_done
        return job.transcribing_seconds / job.audio_seconds_done if known else None

    @property
    def made_with(self) -> str:
        """Return what computed it, in a few technical words."""
        known = self.row.job.provenance
        return ", ".join(str(known[name]) for name in ("device", "compute_type") if known.get(name))

    @property
    def engine_version(self) -> str:
        return str(self.row.job.provenance.get("engine_version") or "")

    @property
    def weights(self) -> str:
        """Return the hash of the weights; empty where it is not known."""
        return str(self.row.job.provenance.get("weights_sha256") or "")

    @property
    def short_weights(self) -> str:
        return self.weights[:SHORT_HASH]

    @property
    def made_by(self) -> list[dict[str, Any]]:
        """Return who made which stretch, where it was not one maker alone."""
        return list(self.row.job.provenance.get(MADE_BY) or ())


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def report(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show the report, as a page or for the panel beside the text."""
    job = visible_job(request, job_id)
    context = {"report": read_report(job), "job": job, "page_url": page_of(job), "most_shown": MOST_SHOWN}
    is_part = request.headers.get("HX-Target") == "report"
    return render(request, "transcripts/_report.html" if is_part else "transcripts/report.html", context)


def read_report(job: Job) -> Report:
    """Return the report of a text as it is now. Looks at each of its words."""
    text = page_paragraphs(job)
    lines = [line for paragraph in text for line in paragraph.lines]
    return Report(
        Standing(job),
        words=sum(paragraph.word_count for paragraph in text),
        doubtful=sum(paragraph.doubtful_count for paragraph in text),
        loops=tuple(_loops(text)),
        gaps=tuple(line for line in lines if line.gap),
        rules=_ruled(job),
    )


def _loops(text: Sequence[PageParagraph]) -> list[Line]:
    """Return the first segment of each stretch that repeats itself."""
    found: list[Line] = []
    before = ""
    for paragraph in text:
        for line, said in zip(paragraph.lines, paragraph.times_said, strict=True):
            is_loop = said > 1 or any(name in LOOPS for name in line.doubts)
            if is_loop and line.text != before:
                found.append(line)
            before = line.text
    return found


def _ruled(job: Job) -> int:
    applied = job.edits.filter(kind=Edit.Kind.RULES).values_list("after", flat=True)
    return sum(len(after["segments"]) for after in applied)
