"""Bringing recordings: one form for a browser with and without JavaScript."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from preferences import dates
from preferences.site import settings_of
from transcripts.forms import OptionsForm
from transcripts.incoming import PASSING, size_in_words
from transcripts.models import Job
from transcripts.services.accept import Refused, accept_upload
from transcripts.services.duplicates import AlreadyHere
from transcripts.upload_forms import UploadForm
from transcripts.views.answers import wants_json

PARTS = {"model": "transcripts/model.html", "extra-options": "transcripts/extra_options.html"}
"""What is asked for by its id when something is chosen."""
OTHER_PERSON = "Somebody else has signed in since this page was opened. Nothing was saved. Reload the page."
DELETED = "It was in the library already, and was deleted just now. Nothing was saved. Upload it again."


@dataclass(frozen=True, slots=True)
class Known:
    """A recording that its owner has already, by its newest job."""

    job: Job
    was_repaired: bool

    @property
    def sentence(self) -> str:
        when = dates.short_day(self.job.recording.created_at)
        mended = " Its file was damaged or missing here and is whole again." if self.was_repaired else ""
        return f"You have this recording already: “{self.job.recording.title}”, added {when}.{mended}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the files of one form. `refused` holds names and reasons, `known` what its owner has already."""

    accepted: list[Job] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)

    @property
    def status(self) -> int:
        return 200 if self.accepted or self.known else 422

    @property
    def headline(self) -> str:
        count, refused, known = len(self.accepted), len(self.refused), len(self.known)
        uploaded = f"{_recordings(count)} uploaded" if count else "Nothing was uploaded"
        parts = [uploaded, f"{known} here already" * bool(known), f"{refused} refused" * bool(refused and count)]
        return ", ".join(part for part in parts if part)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form, or take its files: one a request from the script, which is answered in JSON, or all at once."""
    if request.method == "GET":
        part = PARTS.get(request.headers.get("HX-Target", ""))
        return _part(request, part) if part else _page(request, UploadForm(user=_user(request)))
    form = UploadForm(request.POST, request.FILES, user=_user(request))
    if form.is_valid() and form.cleaned_data["person"] not in (None, request.user.pk):
        form.add_error(None, OTHER_PERSON)
    if not form.is_valid():
        return _errors(form) if wants_json(request) else _page(request, form, status=422)
    outcome = _accept(request, form)
    return _json(outcome) if wants_json(request) else _result(request, outcome)


def _accept(request: HttpRequest, form: UploadForm) -> Outcome:
    outcome = Outcome()
    for file in form.cleaned_data["recordings"]:
        try:
            job = accept_upload(file, owner=_user(request), request=form.job_request(), then=form.put_tags)
            outcome.accepted.append(job)
        except AlreadyHere as err:
            _note_known(outcome, file.name, err)
        except Refused as err:
            outcome.refused.append((file.name, str(err)))
    return outcome


def _part(request: HttpRequest, part: str) -> HttpResponse:
    """Return a part of the options with what it means for what else is chosen, before anything is sent."""
    return render(request, part, {"form": OptionsForm(request.GET, user=request.user)})


def _note_known(outcome: Outcome, name: str, err: AlreadyHere) -> None:
    jobs = Job.objects.newest_of_recordings().filter(recording=err.recording).select_related("recording").defer("plan")
    if job := jobs.first():
        outcome.known.append(Known(job, err.was_repaired))
    else:
        outcome.refused.append((name, DELETED))


def _page(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    current = settings_of(request)
    context = {"form": form, "limit": size_in_words(current.upload_limit_bytes), "is_held": current.queue_paused}
    return render(request, "transcripts/upload.html", context, status=status)


def _result(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    if outcome.refused or outcome.known:
        asked = {name: request.POST[name] for name in OptionsForm.base_fields if name in request.POST}
        context = {"outcome": outcome, "asked": asked.items()}
        return render(request, "transcripts/upload_result.html", context, status=outcome.status)
    messages.success(request, f"{_recordings(len(outcome.accepted))} uploaded.")
    return redirect("transcripts:list")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _recordings(count: int) -> str:
    return "1 recording" if count == 1 else f"{count} recordings"


def _json(outcome: Outcome) -> HttpResponse:
    if outcome.refused:
        _, sentence = outcome.refused[0]
        return JsonResponse({"error": sentence} | ({"passes": True} if sentence in PASSING else {}), status=422)
    if outcome.known:
        return JsonResponse(_offer(outcome.known[0]))
    job = outcome.accepted[0]
    url = reverse("transcripts:detail", args=[job.recording_id])
    return JsonResponse({"url": url, "title": job.recording.title})


def _offer(known: Known) -> dict[str, str]:
    """Return what a person can do with the recording that they have already."""
    return {
        "known": known.sentence,
        "title": known.job.recording.title,
        "url": reverse("transcripts:detail", args=[known.job.recording_id]),
        "again": reverse("transcripts:restart", args=[known.job.pk]),
    }


def _errors(form: UploadForm) -> HttpResponse:
    """Return the first error. Django's own sentence about a choice that there is not does not say of what."""
    name, [error, *_] = next(iter(form.errors.as_data().items()))
    label = f"{form[name].label}: " if error.code == "invalid_choice" else ""
    return JsonResponse({"error": f"{label}{error.messages[0]}"}, status=422)
