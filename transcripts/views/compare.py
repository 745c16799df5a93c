"""Two versions of a recording's transcript side by side, with what differs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from transcripts.compare_forms import CompareForm
from transcripts.comparing import LINE, Comparison, Line, Row, Run
from transcripts.models import Job, Segment, Speaker
from transcripts.services.recognised import as_recognised
from transcripts.views.media import player_url
from transcripts.views.standing import Standing
from transcripts.views.text import Names, names_of
from transcripts.views.versions import Versions, find_versions

ROWS_PER_PAGE = 50
"""So many paragraphs that differ: some screens full."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a version has in a row; `speaker` is whoever begins it, where they are known."""

    runs: list[Run]
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row as the page shows it. In one without differences `left` has what both say."""

    start: float
    left: Side
    right: Side


@dataclass(frozen=True, slots=True)
class Block:
    """A row that differs, or rows in a row that do not, which are folded."""

    rows: list[RowShown]
    is_same: bool
    end: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A version as the page names it."""

    letter: str
    row: Standing
    is_shown: bool
    names: Names

    @property
    def can_be_shown(self) -> bool:
        return not self.is_shown and self.row.job.state == Job.State.COMPLETED


@require_safe
@gzip_page
def compare(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Show two versions: those asked for, else the one that is shown and the newest other one that has words."""
    versions = find_versions(request, recording_id)
    form = CompareForm(request.GET)
    form.full_clean()
    context: dict[str, object] = {"recording": versions.open.recording, "choices": _choices(versions)}
    pair = _pair(versions, form)
    if pair is None:
        return render(request, "transcripts/compare.html", context)
    is_recognised = form.cleaned_data.get("recognised", False)
    texts = [_lines(job, is_recognised=is_recognised) for job in pair]
    found = Comparison(*texts, exact=form.cleaned_data.get("exact", False))
    sides = [_compared(job, letter, lines, versions) for job, letter, lines in zip(pair, "AB", texts, strict=True)]
    numbers = [number for number, row in enumerate(found.rows) if row.differences]
    page = Paginator(numbers, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context |= {
        "sides": sides,
        "form": form,
        "page": page,
        "blocks": list(_blocks(found, _on_page(found.rows, page), sides)),
        "comparison": found,
        "percent": _percent(found),
        "query": _query(pair, form),
        "swapped": _query(pair[::-1], form),
        "media_url": player_url(versions.open.recording),
    }
    return render(request, "transcripts/compare.html", context)


def _choices(versions: Versions) -> list[Standing]:
    return [row for row in versions.rows if row.has_words]


def _pair(versions: Versions, form: CompareForm) -> tuple[Job, Job] | None:
    """Return what is to be compared; None where there is only one version with words. Raises Http404 for one that is none."""
    jobs = [row.job for row in _choices(versions)]
    if len(jobs) < 2:
        return None
    asked = [_asked(jobs, form, name) for name in ("left", "right")]
    left = asked[0] or next((job for job in jobs if job == versions.shown and job != asked[1]), None)
    left = left or next(job for job in jobs if job != asked[1])
    return left, asked[1] or next(job for job in jobs if job != left)


def _asked(jobs: Sequence[Job], form: CompareForm, name: str) -> Job | None:
    if not form.data.get(name):
        return None
    found = next((job for job in jobs if job.pk == form.cleaned_data.get(name)), None)
    if found is None:
        raise Http404
    return found


def _lines(job: Job, *, is_recognised: bool) -> list[Line]:
    """Return a text, or what it was before its first edit."""
    if not (is_recognised and job.edits.exists()):
        rows = Segment.objects.filter(job=job).order_by("start", "piece", "index", "part")
        columns = ["written" if name == "words" else name for name in LINE]
        return [Line(*row) for row in rows.annotate(written=Cast("words", TextField())).values_list(*columns)]
    return [
        Line(row["start"], row["end"], row["text"], json.dumps(row["words"]), row["gap"], row["speaker_id"])
        for row in as_recognised(job)
    ]


def _compared(job: Job, letter: str, lines: Sequence[Line], versions: Versions) -> Compared:
    is_named = any(line.speaker is not None for line in lines)
    return Compared(letter, Standing(job), job.pk == job.recording.shown_job_id, names_of(job) if is_named else {})


def _on_page(rows: Sequence[Row], page: "Page[int]") -> Sequence[Row]:
    """Return the rows of a page: up to its last difference; the last page has the rest too."""
    numbers = list(page.object_list)
    if not numbers:
        return rows
    first = 0 if not page.has_previous() else page.paginator.page(page.previous_page_number()).object_list[-1] + 1
    return rows[first : numbers[-1] + 1 if page.has_next() else None]


def _blocks(found: Comparison, rows: Sequence[Row], sides: Sequence[Compared]) -> Iterator[Block]:
    for is_same, some in groupby(rows, key=lambda row: not row.differences):
        group = list(some)
        shown = [_row(found, row, sides) for row in group]
        if is_same:
            yield Block(shown, True, found.end(group[-1]))
        else:
            yield from (Block([each], False, found.end(row)) for row, each in zip(group, shown, strict=True))


def _row(found: Comparison, row: Row, sides: Sequence[Compared]) -> RowShown:
    left, right = (_side(found, row, number, version) for number, version in enumerate(sides))
    return RowShown(found.start(row), left, right)


def _side(found: Comparison, row: Row, number: int, version: Compared) -> Side:
    speaker = found.speaker(row, number)
    return Side(found.runs(row, number), version.names.get(speaker or 0))


def _percent(found: Comparison) -> int:
    """Return how much of both texts is the same, rounded down: 100 means that all of it is."""
    same, others = (sum(found.words(side, same=same) for side in (0, 1)) for same in (True, False))
    return 100 * same // (same + others) if same + others else 100


def _query(pair: tuple[Job, Job], form: CompareForm) -> str:
    chosen = [(name, "on") for name in ("recognised", "exact") if form.cleaned_data.get(name)]
    return urlencode([("left", pair[0].pk), ("right", pair[1].pk), *chosen])
