"""Bringing recordings: one form for a browser with and without JavaScript."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from preferences.models import Settings
from transcripts.forms import OptionsForm, UploadForm
from transcripts.incoming import size_in_words
from transcripts.models import Job
from transcripts.services.accept import Refused, accept_upload

OTHER_PERSON = "Somebody else has signed in since this page was opened. Nothing was saved. Reload the page."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the files of one form. `refused` holds names and reasons."""

    accepted: list[Job] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return 200 if self.accepted else 422

    @property
    def headline(self) -> str:
        count = len(self.accepted)
        return f"{_recordings(count)} uploaded, {len(self.refused)} refused" if count else "Nothing was uploaded"


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form, or take its files: one a request from the script, which is answered in JSON, or all at once."""
    if request.method == "GET":
        return _model(request) if request.headers.get("HX-Target") == "model" else _page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid() and form.cleaned_data["person"] not in (None, request.user.pk):
        form.add_error(None, OTHER_PERSON)
    if not form.is_valid():
        return _errors(form) if wants_json(request) else _page(request, form, status=422)
    outcome = _accept(request, form)
    return _json(outcome) if wants_json(request) else _result(request, outcome)


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script asks, which cannot read a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _accept(request: HttpRequest, form: UploadForm) -> Outcome:
    assert isinstance(request.user, User)
    outcome = Outcome()
    for file in form.cleaned_data["recordings"]:
        try:
            outcome.accepted.append(accept_upload(file, owner=request.user, request=form.job_request()))
        except Refused as err:
            outcome.refused.append((file.name, str(err)))
    return outcome


def _model(request: HttpRequest) -> HttpResponse:
    """Return the choice of the model with what it means for what else is chosen, before anything is sent."""
    return render(request, "transcripts/model.html", {"form": OptionsForm(request.GET)})


def _page(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    limit = size_in_words(Settings.load().upload_limit_bytes)
    return render(request, "transcripts/upload.html", {"form": form, "limit": limit}, status=status)


def _result(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    if outcome.refused:
        return render(request, "transcripts/upload_result.html", {"outcome": outcome}, status=outcome.status)
    messages.success(request, f"{_recordings(len(outcome.accepted))} uploaded.")
    return redirect("transcripts:list")


def _recordings(count: int) -> str:
    return "1 recording" if count == 1 else f"{count} recordings"


def _json(outcome: Outcome) -> HttpResponse:
    if outcome.refused:
        return JsonResponse({"error": outcome.refused[0][1]}, status=422)
    job = outcome.accepted[0]
    url = reverse("transcripts:detail", args=[job.recording_id])
    return JsonResponse({"url": url, "title": job.recording.title})


def _errors(form: UploadForm) -> HttpResponse:
    first = next(error for errors in form.errors.values() for error in errors)
    return JsonResponse({"error": str(first)}, status=422)
