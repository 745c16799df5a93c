"""Bring a transcript: onto a recording that is here, or together with one."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from transcripts.import_forms import ImportForm, ImportNewForm
from transcripts.imports import BadTranscript, Imported
from transcripts.models import Recording
from transcripts.services.accept import JobRequest, Refused, accept_upload
from transcripts.services.duplicates import AlreadyHere
from transcripts.services.importing import import_transcript, start_with
from transcripts.views.access import visible_recording

DONE = "The transcript is imported and shown. Earlier ones are kept as versions."
TAKEN = "Speakers by the names before what they say: {}."
NOT_SPEAKERS = "If these are no speakers, import the file again with names before a colon as text."
HERE = "You have this recording already: the transcript is a new version of it."


@require_http_methods(["GET", "POST"])
def onto(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Import a transcript as a new version of a recording."""
    recording = visible_recording(request, recording_id)
    if request.method == "GET":
        return _page(request, ImportForm(), recording)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, recording)
    return _import(request, recording, form, DONE)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Bring a recording with its transcript: nothing is transcribed."""
    if request.method == "GET":
        return _page(request, ImportNewForm())
    form = ImportNewForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    assert isinstance(request.user, User)
    name, imported = form.cleaned_data["transcript"]
    then = partial(start_with, imported=imported, file_name=name)
    try:
        job = accept_upload(form.cleaned_data["recording"], owner=request.user, request=JobRequest(), then=then)
    except Refused as err:
        form.add_error("recording", str(err))
        return _page(request, form)
    except BadTranscript as err:
        form.add_error("transcript", str(err))
        return _page(request, form)
    except AlreadyHere as err:
        return _import(request, err.recording, form, HERE)
    if imported.labels:
        messages.info(request, _taken(imported))
    return redirect("transcripts:detail", job.recording_id)


def _import(request: HttpRequest, recording: Recording, form: ImportForm, sentence: str) -> HttpResponse:
    """Put what was read on a recording and lead to it, with a sentence; back to the form where it does not fit."""
    assert isinstance(request.user, User)
    name, imported = form.cleaned_data["transcript"]
    try:
        import_transcript(recording, imported, author=request.user, file_name=name)
    except BadTranscript as err:
        form.add_error("transcript", str(err))
        return _page(request, form, recording)
    messages.success(request, f"{sentence} {_taken(imported)}".strip())
    return redirect("transcripts:detail", recording.pk)


def _taken(imported: Imported) -> str:
    """Return a sentence that names who speaks by names that stood in the text; and what to do where it was only likely."""
    if not imported.labels:
        return ""
    sentence = TAKEN.format(", ".join(imported.labels))
    return sentence if imported.is_ours else f"{sentence} {NOT_SPEAKERS}"


def _page(request: HttpRequest, form: ImportForm, recording: Recording | None = None) -> HttpResponse:
    context = {"form": form, "recording": recording}
    return render(request, "transcripts/import.html", context, status=422 if form.errors else 200)
