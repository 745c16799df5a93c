"""Correct the text: in place on the page of a recording, or by a page for each segment where there is no JavaScript."""

import json
import math
from collections.abc import Callable, Sequence
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from transcripts.correcting import Span
from transcripts.correction_forms import HeardForm, InsertForm, SeenForm, TimesForm, WriteForm, sentence
from transcripts.diffs import differences
from transcripts.doubts import loops, sentence_of
from transcripts.models import Edit, Job
from transcripts.services import corrections
from transcripts.services.corrections import Conflict, SentAgain
from transcripts.services.patches import NOT_OVER, NOTHING, EditRefused
from transcripts.times import hundredths
from transcripts.views.access import visible_job
from transcripts.views.answers import calm, refuse
from transcripts.views.edited import Before, answer, page_now, page_of
from transcripts.views.history import read_history
from transcripts.views.text import Line, doubts_in, read_lines

TIMED = "The segment goes from {} to {} now."
LIMITED = "The segment goes from {} to {}: there is no more time between what is said before and after it."
INSERT = "insert-segment"
SIDES = [("after", "After it"), ("before", "Before it")]
GONE = "This segment is not in the text any more."


@require_http_methods(["GET", "POST"])
@calm
def segment(request: HttpRequest, job_id: UUID, segment_id: int) -> HttpResponse:
    """Show a segment to be edited; take its text, which is split where a line ends and deleted where none is left."""
    job = visible_job(request, job_id)
    if request.method == "GET":
        return _page(request, job, segment_id)
    form = WriteForm(request.POST)
    if not form.is_valid():
        return _refuse(request, job, segment_id, sentence(form))
    text, base = form.cleaned_data["text"], form.cleaned_data["base"]
    return _change(
        request,
        job,
        segment_id,
        lambda author: corrections.write(job, segment_id, text, base=base, author=author),
        leads_on=not form.cleaned_data["chosen"],
    )


@require_POST
@calm
def join(request: HttpRequest, job_id: UUID, segment_id: int) -> HttpResponse:
    """Join a segment with the one that follows."""
    job, base = visible_job(request, job_id), _base(request)
    return _change(
        request,
        job,
        segment_id,
        lambda author: corrections.join(job, segment_id, base=base, author=author),
        notice="The two segments are joined.",
    )


@require_POST
@calm
def delete(request: HttpRequest, job_id: UUID, segment_id: int) -> HttpResponse:
    """Take a segment out of the text."""
    job, base = visible_job(request, job_id), _base(request)
    return _change(
        request,
        job,
        segment_id,
        lambda author: corrections.delete(job, segment_id, base=base, author=author),
        notice="The segment is deleted.",
    )


@require_POST
@calm
def insert(request: HttpRequest, job_id: UUID, segment_id: int) -> HttpResponse:
    """Add a segment before or after one."""
    job, form = visible_job(request, job_id), InsertForm(request.POST)
    if not form.is_valid():
        return _refuse(request, job, segment_id, sentence(form))
    text, where = form.cleaned_data["text"], form.side()
    return _change(
        request,
        job,
        segment_id,
        lambda author: corrections.insert(job, segment_id, text, where=where, author=author),
        notice="The segment is added.",
    )


@require_POST
@calm
def times(request: HttpRequest, job_id: UUID, segment_id: int) -> HttpResponse:
    """Have a segment start and end at other times."""
    job, form = visible_job(request, job_id), TimesForm(request.POST)
    if not form.is_valid():
        return _refuse(request, job, segment_id, sentence(form))
    start, end, base = (form.cleaned_data[name] for name in ("start", "end", "base"))
    return _change(
        request,
        job,
        segment_id,
        lambda author: corrections.set_times(job, segment_id, start, end, base=base, author=author),
        notice=lambda edit: _timed(edit.job, segment_id, (start, end)),
    )


@require_POST
@calm
def heard(request: HttpRequest, job_id: UUID, segment_id: int) -> HttpResponse:
    """Note that words of a segment are heard and found right."""
    job, form = visible_job(request, job_id), HeardForm(request.POST)
    if not form.is_valid():
        return _refuse(request, job, segment_id, sentence(form))
    words, base = form.cleaned_data["word"], form.cleaned_data["base"]
    return _change(
        request,
        job,
        segment_id,
        lambda author: corrections.accept(job, segment_id, words, base=base, author=author),
    )


def _base(request: HttpRequest) -> str:
    form = SeenForm(request.POST)
    return str(form.cleaned_data["base"]) if form.is_valid() else ""


def _change(
    request: HttpRequest,
    job: Job,
    segment_id: int,
    act: Callable[[User], Edit],
    *,
    notice: str | Callable[[Edit], str] = "",
    leads_on: bool = True,
) -> HttpResponse:
    """Change a text and answer with what differs on the page. What is saved while somebody writes needs no notice."""
    assert isinstance(request.user, User)
    before = Before.read(request, job)
    is_page = "HX-Request" not in request.headers
    try:
        edit = act(request.user)
    except Conflict as err:
        return _conflict(request, before, segment_id, err)
    except EditRefused as err:
        if str(err) != NOTHING:
            return _refuse(request, job, segment_id, str(err))
        created = err.created if isinstance(err, SentAgain) else []
        return _saved(request, answer(request, before, sentence=NOTHING if is_page else ""), segment_id, created)
    words = notice if isinstance(notice, str) else notice(edit)
    saved = answer(request, before, edit, words or ("The text is saved." if is_page else ""), leads_on=leads_on)
    created = [int(pk) for pk, columns in edit.before["segments"].items() if columns is None]
    return _saved(request, saved, segment_id, created)


def _timed(job: Job, segment_id: int, asked: Span) -> str:
    """Say which times a segment has now, and why they are not those that were asked for."""
    rows = job.segments.filter(pk=segment_id).values_list("start", "end")
    now = [hundredths(at) for row in rows for at in row]
    if not now:
        return ""
    return (TIMED if now == [*map(hundredths, asked)] else LIMITED).format(*now)


def _saved(request: HttpRequest, response: HttpResponse, segment_id: int, created: Sequence[int]) -> HttpResponse:
    """Tell the open page which segment is saved, and which ones are new."""
    if "HX-Request" in request.headers:
        trigger_client_event(response, "text-saved", {"segment": segment_id, "created": created}, after="swap")
    return response


def _refuse(request: HttpRequest, job: Job, segment_id: int, sentence: str) -> HttpResponse:
    """Say why the text stays as it is."""
    if "HX-Request" in request.headers:
        return refuse(request, sentence, status=422)
    part = request.resolver_match.url_name if request.resolver_match else ""
    return _page(request, job, segment_id, error=sentence, part=str(part))


def _conflict(request: HttpRequest, before: Before, segment_id: int, conflict: Conflict) -> HttpResponse:
    """Show both texts, and have the person choose."""
    job, theirs = before.job, conflict.theirs
    runs = differences(theirs, conflict.mine) if theirs is not None and conflict.mine else []
    context: dict[str, object] = {
        "job": job,
        "segment_id": segment_id,
        "conflict": conflict,
        "yours": [run for run in runs if run.kind != "gone"],
        "now": [run for run in runs if run.kind != "new"],
        "both": "".join(run.space + run.text for run in runs).strip(),
        "page_url": page_of(job),
    }
    if "HX-Request" not in request.headers:
        return render(request, "transcripts/conflict.html", context, status=409)
    context |= page_now(request, before, is_understood=False) | {"in_dialog": True}
    response = render(request, "transcripts/conflicting.html", context, status=409)
    shown: HttpResponse = retarget(reswap(response, "innerHTML"), "#dialog")
    return shown


def _page(request: HttpRequest, job: Job, segment_id: int, *, error: str = "", part: str = "segment") -> HttpResponse:
    """Return the page of a segment, between those around it; with what was typed in the part of it that was refused."""
    every = read_lines(job)
    lines = [line for line in every if not line.gap]
    place = next((number for number, line in enumerate(lines) if line.pk == segment_id), None)
    if place is None or not job.is_over:
        messages.info(request, GONE if place is None else NOT_OVER)
        return redirect(page_of(job))
    line, shown = lines[place], corrections.shown(lines[place].text)
    part = part if error else ""
    context = {
        "job": job,
        "line": line,
        "shown": shown,
        "typed": {name: request.POST.get(name, "") for name in ("text", "start", "end", "where")},
        "error": error,
        "part": part,
        "sides": SIDES if part == INSERT else _free_sides(job, every, line),
        "before": lines[place - 1] if place else None,
        "after": lines[place + 1] if place + 1 < len(lines) else None,
        "entries": read_history(job, segment_id),
        "doubts": _doubts(job, lines, line),
        "page_url": page_of(job),
    }
    return render(request, "transcripts/segment.html", context, status=422 if error else 200)


def _free_sides(job: Job, every: Sequence[Line], line: Line) -> list[tuple[str, str]]:
    """Return on which sides of a line there is time to add something, as the form names them."""
    place = every.index(line)
    before, after = every[place - 1] if place else None, every[place + 1] if place + 1 < len(every) else None
    end = after.start if after else job.recording.duration_seconds or math.inf
    free = {
        "after": corrections.is_room(line.end, end),
        "before": corrections.is_room(before.end if before else 0.0, line.start),
    }
    return [side for side in SIDES if free[side[0]]]


def _doubts(job: Job, lines: Sequence[Line], line: Line) -> list[tuple[int, str, str]]:
    """Return the doubtful words of a segment: the place of each, the word, and what is told of it."""
    words = json.loads(line.words)
    found = doubts_in(line, engine=job.engine, times_said=loops(lines).get(line.pk, 1))
    return [(doubt.place, words[doubt.place][2].strip(), sentence_of(doubt)) for doubt in found]
