"""What is done to many recordings or jobs at once: a question with the count first, then each by itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.text import Truncator, get_text_list
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from transcripts import lease
from transcripts.filters import MOST_AT_ONCE, FilterForm, ListFilterForm, SelectionForm
from transcripts.models import Job, Recording
from transcripts.models.job import JobQuerySet
from transcripts.services.accept import Refused
from transcripts.services.delete import delete_jobs, delete_recording
from transcripts.services.restart import request_of, start_over
from transcripts.views.answers import Question, ask, done
from transcripts.views.bulk_export import ask_formats, send_archive
from transcripts.views.bulk_tags import ask_tags, change_tags
from transcripts.views.recordings import DELETES

State = Job.State
ENDED = (State.FAILED, State.CANCELLED)
SHOWN = 5
"""So many titles a question shows, each of at most so many characters:"""
LONGEST_SHOWN = 60
NO_FILTER = "Name at least one filter: state, before or q. Nothing was deleted."


def _restart_one(job: Job) -> bool:
    """Transcribe a recording again as it was; return whether that is under way now."""
    try:
        return bool(start_over(job.recording, request_of(job)))
    except (Refused, Recording.DoesNotExist):
        return False


def _cancel_one(job: Job) -> bool:
    return lease.request_stop(job.pk, Job.StopRequest.CANCEL)


def _delete_one(job: Job) -> bool:
    delete_recording(job.recording)
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done to many rows. The words get the count as "12 recordings"."""

    do: Callable[[Job], bool]
    title: str
    sentences: tuple[str, ...]
    of_one: tuple[str, ...]
    """The sentences where it is one recording."""
    button: str
    done: str
    keep: tuple[str, str]
    """How the way back is called, for one and for many."""
    is_danger: bool = True


ACTIONS = {
    "restart": Action(
        do=_restart_one,
        title="Transcribe {} again?",
        sentences=(
            "Each with the options that it had. Earlier texts are kept and shown until the new ones are complete.",
        ),
        of_one=("With the options that it had. Earlier text is kept and shown until the new one is complete.",),
        button="Transcribe again",
        keep=("Keep as it is", "Keep as they are"),
        done="{} will be transcribed again.",
        is_danger=False,
    ),
    "cancel": Action(
        do=_cancel_one,
        title="Cancel the transcription of {}?",
        sentences=("The recordings and the text recognised so far are kept.", "What is done already stays as it is."),
        of_one=("The recording and the text recognised so far are kept.",),
        button="Cancel transcription",
        keep=("Let it go on", "Let them go on"),
        done="The transcription of {} is cancelled.",
    ),
    "delete": Action(
        do=_delete_one,
        title="Delete {}?",
        sentences=(
            "The recordings, their texts and everything made from them are deleted for good. This cannot be undone.",
        ),
        of_one=(DELETES,),
        button="Delete for good",
        keep=("Keep it", "Keep them"),
        done="{} deleted.",
    ),
}


FURTHER: dict[str, tuple[Callable[..., HttpResponse], Callable[..., HttpResponseBase]]] = {
    "tag": (ask_tags, change_tags),
    "export": (ask_formats, send_archive),
}
"""What asks for more than a yes, and what does it then."""


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
def selected(request: HttpRequest) -> HttpResponseBase:
    """Ask about the rows that were ticked, or all that the list shows; then do it to exactly those that were counted."""
    form = SelectionForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    if form.cleaned_data["confirmed"]:
        return _carry_out(request, form.cleaned_data["action"], form.cleaned_data["ids"])
    try:
        jobs = _meant(request, form)
    except ValidationError:
        return HttpResponseBadRequest()
    if not jobs:
        messages.info(request, "Nothing is selected. Tick the recordings first.")
        return done(request, address=reverse("transcripts:list"))
    if further := FURTHER.get(form.cleaned_data["action"]):
        ask_more, _do = further
        return ask_more(request, [job.recording_id for job in jobs])
    able = [job for job in jobs if form.cleaned_data["action"] != "cancel" or not job.is_over]
    if not able:
        messages.info(request, "Nothing that is selected waits or runs: there is nothing to cancel.")
        return done(request, address=reverse("transcripts:list"))
    return ask(request, _question(request, form.cleaned_data["action"], able, out_of=len(jobs)))


def _carry_out(request: HttpRequest, name: str, ids: list[UUID]) -> HttpResponseBase:
    """Do what was confirmed to the recordings of these ids, as far as the person may see them."""
    if further := FURTHER.get(name):
        _ask, do = further
        return do(request, ids)
    count = sum(ACTIONS[name].do(job) for job in _rows(request).filter(recording__in=ids))
    if count:
        messages.success(request, ACTIONS[name].done.format(_recordings(count)))
    else:
        messages.info(request, "There was nothing left to do.")
    return done(request, address=reverse("transcripts:list"))


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def clear(request: HttpRequest) -> HttpResponse:
    """Ask, then delete the person's jobs that failed or were cancelled, and the recordings that have no other text."""
    if request.method == "POST":
        count = _delete(_own(request).filter(state__in=ENDED), states=ENDED)
        messages.success(request, f"{_count(count, 'failed or cancelled transcription')} cleared.")
        return done(request, address=reverse("transcripts:list"))
    jobs = _own(request).filter(state__in=ENDED)
    if not jobs.exists():
        messages.info(request, "Nothing has failed or was cancelled: there is nothing to clear.")
        return done(request, address=reverse("transcripts:list"))
    others = _own(request).exclude(state__in=ENDED)
    recordings = Recording.objects.filter(jobs__in=jobs).distinct()
    return ask(request, _clear_question(jobs.count(), recordings.exclude(jobs__in=others).count()))


@require_http_methods(["DELETE"])
def jobs(request: HttpRequest) -> HttpResponse:
    """Delete the person's jobs that the filters name, running ones only where their state is named."""
    form = FilterForm(request.GET, user=request.user)
    unknown = sorted(set(request.GET) - {*form.fields, "dry_run"})
    if unknown or not form.is_valid():
        sentence = f"There is no filter {unknown[0]}. " if unknown else _sentence(form)
        return JsonResponse({"error": f"{sentence}Nothing was deleted."}, status=400)
    if form.is_empty:
        return JsonResponse({"error": NO_FILTER}, status=400)
    states = form.cleaned_data["state"] or [state for state in State if state != State.RUNNING]
    found = form.narrow(_own(request)).filter(state__in=states)
    if request.GET.get("dry_run", "0") not in ("", "0"):
        return JsonResponse({"deleted": 0, "would_delete": found.count()})
    return JsonResponse({"deleted": _delete(found, states=states)})


def _rows(request: HttpRequest) -> JobQuerySet:
    """Return the jobs that stand for the recordings in this person's list."""
    rows = Job.objects.visible_to(request.user).newest_of_recordings().select_related("recording")
    return rows.defer("plan", "recording__peaks")


def _own(request: HttpRequest) -> JobQuerySet:
    """Return the versions of a person's own recordings: nothing is deleted unseen for others, not even by staff."""
    return Job.objects.whole().filter(recording__owner=request.user.pk)


def _meant(request: HttpRequest, form: SelectionForm) -> list[Job]:
    """Return the rows that an action is about. Raises ValidationError."""
    rows = _rows(request)
    if not form.cleaned_data["everything"]:
        return list(rows.filter(recording__in=form.ticked()))
    narrowed = ListFilterForm(request.POST, user=request.user)
    if not narrowed.is_valid():
        raise ValidationError("filter")
    return list(narrowed.narrow(rows).order_by("-recording__created_at", "recording_id")[:MOST_AT_ONCE])


def _question(request: HttpRequest, name: str, jobs: list[Job], *, out_of: int) -> Question:
    action, others = ACTIONS[name], sum(job.recording.owner_id != request.user.pk for job in jobs)
    is_one = len(jobs) == 1
    sentences = list(action.of_one if is_one and out_of == 1 else action.sentences)
    what = _recordings(out_of) if out_of == len(jobs) else f"{len(jobs)} of {_recordings(out_of)}"
    if name == "delete" and (running := sum(not job.is_over for job in jobs)):
        who = "It is" if is_one else f"{running} of them {'is' if running == 1 else 'are'}"
        sentences.insert(0, f"{who} not transcribed completely yet.")
    if others:
        whose = "It belongs" if is_one else f"{others} of them {'belongs' if others == 1 else 'belong'}"
        sentences.insert(0, f"{whose} to other people.")
    sentences.insert(0, _titles([job.recording.title for job in jobs]))
    if out_of == MOST_AT_ONCE:
        sentences.append(f"One action takes at most {MOST_AT_ONCE} recordings. Repeat it for the rest.")
    return Question(
        title=action.title.format(what),
        sentences=tuple(sentences),
        action=reverse("transcripts:selected"),
        button=action.button,
        keep=reverse("transcripts:list"),
        keep_button=action.keep[0 if is_one else 1],
        is_danger=action.is_danger,
        fields=(("action", name), ("confirmed", "1"), ("ids", " ".join(job.recording_id.hex for job in jobs))),
    )


def _titles(titles: list[str]) -> str:
    """Return the first titles of many, so that who ticked a wrong one sees it."""
    shown = [f"“{Truncator(title).chars(LONGEST_SHOWN)}”" for title in titles[:SHOWN]]
    more = len(titles) - len(shown)
    if more:
        shown.append(f"{more} more")
    return f"{get_text_list(shown, 'and')}."


def _clear_question(count: int, recordings: int) -> Question:
    files = "its file" if recordings == 1 else "their files"
    lost = f"{_recordings(recordings)} without another text will be deleted with {files}." if recordings else ""
    kept = "Recordings with another text stay, and so does that text." if count > recordings else ""
    return Question(
        title=f"Clear {_count(count, 'failed or cancelled transcription')}?",
        sentences=tuple(sentence for sentence in (lost, kept, "This cannot be undone.") if sentence),
        action=reverse("transcripts:clear"),
        button="Clear",
        keep=reverse("transcripts:list"),
        keep_button="Keep them",
    )


def _delete(jobs: JobQuerySet, *, states: Iterable[str]) -> int:
    """Delete jobs as far as they are still in these states, one recording after the other; return how many."""
    theirs: dict[UUID, list[UUID]] = {}
    for job, recording in jobs.values_list("pk", "recording"):
        theirs.setdefault(recording, []).append(job)
    found = Recording.objects.defer("peaks").in_bulk(list(theirs))
    return sum(delete_jobs(found[pk], jobs, states=list(states)) for pk, jobs in theirs.items() if pk in found)


def _recordings(count: int) -> str:
    return _count(count, "recording")


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _sentence(form: FilterForm) -> str:
    name, errors = next(iter(form.errors.items()))
    return f"{name}: {errors[0]} "
