"""What a person changes about who speaks: names, two who are one, passages that somebody else says. And undoing any change."""

from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from transcripts.edit_forms import AssignForm, MergeForm, NameForm, PlaceForm, PointForm
from transcripts.models import Job, Speaker
from transcripts.services import edits
from transcripts.services.history import history, is_change, is_of_others, latest_change, latest_undone
from transcripts.services.patches import EditRefused
from transcripts.services.speakers import restore
from transcripts.views.access import visible_job
from transcripts.views.answers import calm, show
from transcripts.views.edited import Before, answer, page_of
from transcripts.views.panel import Refusal
from transcripts.views.scopes import find_scopes
from transcripts.views.text import Names, page_paragraphs

GONE = "The text was changed since this page was opened, so nothing was changed now. You see it as it is."
NOTHING_TO_UNDO = "There is nothing left to undo."
NOTHING_OF_YOURS = "There is nothing of yours left to undo. The history goes back to before what others changed."
LONGEST_IN_NOTICE = 40


@require_POST
@calm
def rename(request: HttpRequest, job_id: UUID, speaker_id: int) -> HttpResponse:
    """Call a speaker by a name everywhere; by the number where it is empty."""
    job = visible_job(request, job_id)
    name, form = request.POST.get("name", ""), NameForm(request.POST)
    before = Before.read(request, job)
    speaker = job.speakers.speaking().filter(pk=speaker_id).first()
    if speaker is None:
        return answer(request, before, sentence=GONE)
    if not form.is_valid():
        return answer(request, before, refusal=Refusal(speaker.pk, name, form.sentence()))
    try:
        edit = edits.rename(speaker, name, author=_author(request))
    except EditRefused as err:
        return answer(request, before, refusal=Refusal(speaker.pk, name, str(err)))
    speaker.refresh_from_db()
    if not speaker.name:
        return answer(request, before, edit, f"The speaker is called {speaker.shown_name} again.")
    return answer(request, before, edit, f"The name {_brief(speaker)} is saved.")


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def merge(request: HttpRequest, job_id: UUID, speaker_id: int) -> HttpResponse:
    """Ask whom a speaker is to be merged into, then do it."""
    job = visible_job(request, job_id)
    before = Before.read(request, job)
    speaker = job.speakers.speaking().filter(pk=speaker_id).first()
    if speaker is None:
        return answer(request, before, sentence=GONE)
    others = job.speakers.speaking().exclude(pk=speaker.pk)
    form = MergeForm(request.POST if request.method == "POST" else None, others=others)
    if not form.is_valid():
        context: dict[str, object] = {"form": form, "job": job, "speaker": speaker, "page_url": page_of(job)}
        return show(request, "merge", context, status=422 if form.is_bound else 200)
    into = form.cleaned_data["into"]
    called = _brief(into)
    try:
        edit = edits.merge(speaker, into, author=_author(request))
    except EditRefused as err:
        return answer(request, before, sentence=str(err))
    into.refresh_from_db()
    now = "" if _brief(into) == called else f", who is called {_brief(into)} now"
    return answer(request, before, edit, f"{_brief(speaker)} is merged into {called}{now}.")


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def assign(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask who speaks in some passages, then give these to them."""
    job = visible_job(request, job_id)
    names = {speaker.pk: speaker for speaker in job.speakers.speaking()}
    if request.method == "GET":
        return _ask_who(request, job, names, form=None)
    form = AssignForm(request.POST, names=names)
    if not form.is_valid():
        return _ask_who(request, job, names, form=form)
    before = Before.read(request, job)
    speaker, name = form.cleaned_data["speaker"], form.cleaned_data["name"]
    try:
        ids, words = form.cleaned_data["segments"], form.cleaned_data["words"]
        edit = edits.assign(job, ids, speaker, name=name, words=words, author=_author(request))
    except EditRefused as err:
        return answer(request, before, sentence=str(err))
    given = speaker or job.speakers.latest("pk")
    return answer(request, before, edit, f"{_brief(given)} says this now.")


@require_POST
@calm
def undo(request: HttpRequest, job_id: UUID, edit_id: int) -> HttpResponse:
    """Put back what an edit changed; for the undoing of one, do it again."""
    job = visible_job(request, job_id)
    return _undo(request, job, edit_id, nothing=NOTHING_TO_UNDO)


@require_POST
@calm
def undo_last(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Put back what this person changed last: what others did meanwhile stays."""
    job = visible_job(request, job_id)
    done = history(job)
    nothing = NOTHING_OF_YOURS if is_of_others(done, _author(request).pk) else NOTHING_TO_UNDO
    return _undo(request, job, latest_change(done, _author(request).pk), nothing=nothing)


@require_POST
@calm
def redo_last(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Do again what this person undid last."""
    job = visible_job(request, job_id)
    latest = latest_undone(history(job), _author(request).pk)
    return _undo(request, job, latest, nothing="There is nothing left to redo.")


@require_POST
@calm
def restore_point(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Put the text back into the state after one of its edits, or as it was transcribed."""
    job = visible_job(request, job_id)
    form, before = PointForm(request.POST), Before.read(request, job)
    try:
        if not form.is_valid():
            raise EditRefused(GONE)
        edit = edits.restore(job, form.cleaned_data["point"], author=_author(request))
    except EditRefused as err:
        return answer(request, before, sentence=str(err))
    has_none = edit.after["job"].get("labelling_id", ...) is None
    return answer(request, before, edit, f"The text is as it was then{', without speakers' if has_none else ''}.")


@require_POST
@calm
def use(request: HttpRequest, job_id: UUID, labelling_id: int) -> HttpResponse:
    """Use the speakers again that an earlier run found."""
    job = visible_job(request, job_id)
    before = Before.read(request, job)
    labelling = job.labellings.filter(pk=labelling_id).first()
    try:
        if labelling is None:
            raise EditRefused(GONE)
        edit = restore(labelling, author=_author(request))
    except EditRefused as err:
        return answer(request, before, sentence=str(err))
    return answer(request, before, edit, "The speakers are as they were heard then.")


def _undo(request: HttpRequest, job: Job, edit_id: int | None, *, nothing: str) -> HttpResponse:
    before = Before.read(request, job)
    edit = job.edits.filter(pk=edit_id).first() if edit_id else None
    try:
        if edit is None:
            raise EditRefused(nothing)
        undone = edits.undo(edit, author=_author(request))
    except EditRefused as err:
        return answer(request, before, sentence=str(err))
    if is_change(edit.pk, history(job)):
        return answer(request, before, undone, "The change is undone.", way_back="Redo")
    return answer(request, before, undone, "The change is done again.")


def _ask_who(request: HttpRequest, job: Job, names: Names, *, form: AssignForm | None) -> HttpResponse:
    place = PlaceForm(request.GET if form is None else request.POST)
    found = None
    if place.is_valid():
        selected = place.cleaned_data["passage"]
        found = find_scopes(page_paragraphs(job), at=place.cleaned_data["at"], selected=selected, words=place.words)
    if found is None:
        return answer(request, Before.read(request, job), sentence=GONE)
    context: dict[str, object] = {
        "form": form,
        "found": found,
        "job": job,
        "page_url": page_of(job),
        "place": place.cleaned_data,
        "speakers": names.values(),
    }
    return show(request, "assign", context, status=200 if form is None else 422)


def _brief(speaker: Speaker) -> str:
    """Return a name for a notice, which has room for two lines of it."""
    return Truncator(speaker.shown_name).chars(LONGEST_IN_NOTICE)


def _author(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
