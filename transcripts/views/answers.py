"""How an action asks and answers: in a dialog and in place, or by pages of its own where there is no JavaScript."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from transcripts.edit_forms import GoneForm
from transcripts.models import Job, Recording

View = Callable[..., HttpResponse]

CHANGED = ("recordings-changed", "job-changed", "queue-changed")
"""What a page is told after an action: whatever shows jobs looks again."""

ASKING = ("dialog", "who")
"""The parts of a page in which a person is asked something."""

GONE = "{} is not here any more."
LOST = (
    "{} is not here any more, so what you typed last could not be saved. "
    "It stays on this page until you leave it: copy what you want to keep."
)

SIGNED_OUT = "You are signed out, so nothing was changed. Sign in again in another tab, then repeat it."


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before something is lost. `action` is the address that does it, `keep` the way back."""

    title: str
    sentences: tuple[str, ...]
    action: str
    button: str
    keep: str
    keep_button: str = "Keep it"
    is_danger: bool = True
    fields: tuple[tuple[str, str], ...] = ()


def calm(view: View) -> View:
    """Have a page that is behind the times told that a job is gone, where its script could only drop a 404."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (Http404, Job.DoesNotExist, Recording.DoesNotExist) as err:
            if "HX-Request" in request.headers:
                return missing(request)
            raise Http404 from err

    return wrapped


def polled(view: View) -> View:
    """Have a page stop asking about what is not there any more: after a 404 it would ask again for ever."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Http404:
            if "HX-Request" not in request.headers:
                raise
            return HttpResponse(status=HTMX_STOP_POLLING)

    return wrapped


def ask(request: HttpRequest, question: Question) -> HttpResponse:
    """Return the question as a page, or for the dialog of the page that is open."""
    return show(request, "ask", {"question": question})


def show(request: HttpRequest, name: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """Return `transcripts/NAME.html`, or `_NAME.html` where the dialog of a page wants it, or the menu of a passage."""
    in_dialog = request.headers.get("HX-Target") in ASKING
    template = f"transcripts/_{name}.html" if in_dialog else f"transcripts/{name}.html"
    return render(request, template, {**context, "in_dialog": in_dialog}, status=status)


def done(request: HttpRequest, *, address: str) -> HttpResponse:
    """Answer an action that the open page can show in place; a form without JavaScript leads back, or to an address."""
    if "HX-Request" not in request.headers:
        return redirect(_page_of_form(request) or address)
    response: HttpResponse = retarget(reswap(render(request, "_messages.html"), "outerHTML"), "#messages")
    for event in CHANGED:
        trigger_client_event(response, event)
    # Not before: the dialog that closes takes the form away, from which htmx looks for the place of the answer.
    trigger_client_event(response, "action-done", after="swap")
    return response


def refuse(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    """Answer an action that somebody may not do now: the open page stays as it is, and its notice says why."""
    messages.info(request, sentence)
    answer = render(request, "_messages.html", status=status)
    refused: HttpResponse = retarget(reswap(answer, "outerHTML"), "#messages")
    return refused


def is_action(request: HttpRequest) -> bool:
    """Return whether somebody pressed something on an open page, other than a page that only looks what is new."""
    if "HX-Request" not in request.headers:
        return False
    return request.method not in ("GET", "HEAD") or request.headers.get("HX-Target") in ASKING


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script asks that reads no pages."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def gone_on(request: HttpRequest, recording: Recording, *, address: str) -> HttpResponse:
    """Answer an action after which the page of its recording cannot stay as it is, but any other page can."""
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if here == reverse("transcripts:detail", args=[recording.pk]):
        return _redirect(address)
    return done(request, address=address)


def missing(request: HttpRequest) -> HttpResponse:
    """Answer an action on something that is deleted, or never was this person's. A page on which something was typed stays."""
    form = GoneForm(request.POST)
    title = form.cleaned_data["recording"] if form.is_valid() else ""
    name = f"“{title}”" if title else "This recording"
    is_on_page = urlsplit(request.headers.get("HX-Current-URL", "")).path.startswith("/recordings/")
    if is_on_page and request.POST.get("text"):
        return refuse(request, LOST.format(name), status=410)
    messages.info(request, GONE.format(name))
    if is_on_page:
        return _redirect(reverse("transcripts:list"))
    return done(request, address=reverse("transcripts:list"))


def _redirect(address: str) -> HttpResponse:
    """Have htmx leave the page that is open."""
    response: HttpResponse = HttpResponseClientRedirect(address)
    return response


def _page_of_form(request: HttpRequest) -> str:
    """Return the page whose form was sent; nothing for one that only asked about this action."""
    address = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    path = urlsplit(address).path
    is_page = path in (reverse("transcripts:list"), reverse("transcripts:queue")) or path.startswith("/recordings/")
    return address if is_ours and is_page and path != request.path else ""
