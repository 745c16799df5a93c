"""Titles, notes and comments: changed in place, or by pages of their own where there is no script."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from transcripts.models import Comment, Note, Recording
from transcripts.note_forms import CommentForm, EditedCommentForm, NoteForm, TitleForm
from transcripts.services.notes import NoteChanged, save_note
from transcripts.services.titles import rename
from transcripts.times import hundredths
from transcripts.views.access import visible_recording
from transcripts.views.answers import calm, done, show
from transcripts.views.beside import COMMENT_FIELDS, beside, read_beside

CHANGED_COMMENT = "Meanwhile it was changed to “{}”. Save again to have it as you typed it."


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@calm
def title(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Rename a recording: in its head, in the dialog of the list, or on a page."""
    recording = visible_recording(request, recording_id)
    in_place = request.headers.get("HX-Target") == "title"
    if request.method == "GET":
        if in_place and "keep" in request.GET:
            return render(request, "transcripts/_title.html", {"recording": recording, "keep": True})
        return _ask_title(request, recording, TitleForm(initial={"title": recording.title}))
    form = TitleForm(request.POST)
    if not form.is_valid():
        return _ask_title(request, recording, form)
    rename(recording, form.cleaned_data["title"])
    if in_place:
        return render(request, "transcripts/_title.html", {"recording": recording, "is_new": True})
    messages.success(request, f"The title is “{recording.title}” now.")
    return done(request, address=reverse("transcripts:detail", args=[recording.pk]))


def _ask_title(request: HttpRequest, recording: Recording, form: TitleForm) -> HttpResponse:
    context = {"recording": recording, "form": form}
    status = 422 if form.is_bound else 200
    if request.headers.get("HX-Target") == "title":
        return render(request, "transcripts/_title_form.html", context, status=status)
    return show(request, "rename", context, status=status)


@require_POST
@calm
def note(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Save a note. Where somebody else has saved it since, both texts are shown, and nothing is changed."""
    recording, form = visible_recording(request, recording_id), NoteForm(request.POST)
    assert isinstance(request.user, User)
    if not form.is_valid():
        return _note(request, recording, error=_first(form))
    text, version = form.cleaned_data["text"], form.cleaned_data["version"]
    try:
        saved = save_note(recording, text, version=version, author=request.user)
    except NoteChanged as err:
        return _note(request, recording, other=err.note)
    if "HX-Request" not in request.headers:
        return redirect(f"{reverse('transcripts:detail', args=[recording.pk])}#note")
    context = {"recording": recording, "note": saved}
    return render(request, "transcripts/_note_state.html", context)


def _note(request: HttpRequest, recording: Recording, *, error: str = "", other: Note | None = None) -> HttpResponse:
    """Answer a note that was not saved, as it was typed."""
    version = request.POST.get("version", "")
    typed = Note(
        recording=recording, text=request.POST.get("text", ""), version=int(version) if version.isdecimal() else 0
    )
    context = {"recording": recording, "note": typed, "other": other, "error": error}
    name = "_note_state.html" if "HX-Request" in request.headers else "note.html"
    return render(request, f"transcripts/{name}", context, status=422)


@require_POST
@calm
def comment(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Add a comment at a time."""
    recording = visible_recording(request, recording_id)
    form = CommentForm(request.POST, auto_id=COMMENT_FIELDS, recording=recording)
    if form.is_valid():
        assert isinstance(request.user, User)
        Comment.objects.create(recording=recording, author=request.user, **form.cleaned_data)
    return _comments(request, recording, form)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@calm
def edit_comment(request: HttpRequest, comment_id: int) -> HttpResponse:
    """Change one's own comment: in its place, or on a page."""
    assert isinstance(request.user, User)
    own = Comment.objects.visible_to(request.user).filter(author=request.user).select_related("recording")
    found = get_object_or_404(own, pk=comment_id)
    form = _comment_form(request, found)
    if "keep" in request.GET:
        return _comments(request, found.recording, None, left=found.pk)
    if request.method == "POST" and form.is_valid() and form.cleaned_data["before"] != found.text:
        form.data = typed = request.POST.copy()
        typed["before"] = found.text
        form.add_error("text", CHANGED_COMMENT.format(found.text))
    if request.method == "GET" or not form.is_valid():
        return _comments(request, found.recording, None, edited=(found.pk, form))
    if "at" in form.changed_data:  # What the field shows is rounded.
        found.at = form.cleaned_data["at"]
    found.text = form.cleaned_data["text"]
    found.save(update_fields=["at", "text"])
    return _comments(request, found.recording, None, left=found.pk)


def _comment_form(request: HttpRequest, found: Comment) -> EditedCommentForm:
    form = EditedCommentForm(
        request.POST if request.method == "POST" else None,
        auto_id="edited-comment-%s",
        initial={"at": hundredths(found.at), "text": found.text, "before": found.text},
        recording=found.recording,
    )
    form.fields["text"].widget.attrs["autofocus"] = True
    return form


@require_POST
@calm
def delete_comment(request: HttpRequest, comment_id: int) -> HttpResponse:
    """Delete a comment: one's own, or any on one's own recording; staff may delete all."""
    user = request.user
    assert isinstance(user, User)
    may = Q() if user.is_staff else Q(author=user) | Q(recording__owner=user)
    found = get_object_or_404(Comment.objects.visible_to(user).filter(may).select_related("recording"), pk=comment_id)
    found.delete()
    return _comments(request, found.recording, None)


def _comments(
    request: HttpRequest,
    recording: Recording,
    form: CommentForm | None,
    *,
    edited: tuple[int, CommentForm] | None = None,
    left: int | None = None,
) -> HttpResponse:
    """Answer with the comments anew: with the form where a new one makes no sense, with `edited` where one is being changed.

    `left` is one that was being changed: there the focus stays.
    """
    is_wrong = any(one.is_bound and not one.is_valid() for one in (form, edited and edited[1]) if one)
    is_fragment = "HX-Request" in request.headers
    if not is_fragment and not is_wrong and not edited:
        return redirect(f"{reverse('transcripts:detail', args=[recording.pk])}#comments")
    context = {"recording": recording, **beside(request, recording, read_beside(request, recording))}
    if form and is_wrong:
        context["comment_form"] = form
    context["left_pk"] = left
    if edited:
        context["edited_pk"], context["edited_form"] = edited
    name = "_comments.html" if is_fragment else "comments.html"
    return render(request, f"transcripts/{name}", context, status=422 if is_wrong else 200)


def _first(form: NoteForm) -> str:
    return str(next(error for errors in form.errors.values() for error in errors))
