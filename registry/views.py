"""What can run here, for pages and for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from registry import availability, scan
from registry.availability import Available, Offer
from registry.models import SpeechModel

ASK = "Ask an administrator."


@require_safe
@never_cache
@vary_on_headers("Accept", "HX-Request")
def available(request: HttpRequest) -> HttpResponse:
    """Show what can run here now and may be chosen by this person: a page, a fragment of one, or JSON."""
    scan.refresh()
    is_staff = isinstance(request.user, User) and request.user.is_staff
    found = availability.current(by_staff=is_staff)
    found = found if is_staff else _for_people(found)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse(asdict(found))
    is_part = request.headers.get("HX-Request") == "true"
    template = "registry/_available.html" if is_part else "registry/available.html"
    return render(request, template, {"available": found, "sections": _sections(found)})


@dataclass(frozen=True, slots=True)
class Section:
    """Offers under a heading. What only has to be installed, and is not the default, is folded away: `more`."""

    title: str
    offers: Sequence[Offer]
    more: Sequence[Offer] = ()


def _sections(found: Available) -> list[Section]:
    absent = [
        model
        for model in found.models
        if model.status == SpeechModel.Status.ABSENT.label and not (model.available or model.is_default)
    ]
    return [
        Section("Speech models", [model for model in found.models if model not in absent], absent),
        Section("Engines", found.engines),
        Section("Telling speakers apart", found.diarizers),
        Section("Devices", found.devices),
    ]


def _for_people(found: Available) -> Available:
    """Return the same without commands: who is no administrator can run none of them."""

    def plain(offers: list[Offer]) -> list[Offer]:
        return [replace(offer, fix=ASK if offer.fix else "") for offer in offers]

    models = [replace(model, fix=ASK if model.fix else "") for model in found.models]
    return Available(plain(found.engines), models, plain(found.diarizers), plain(found.devices), found.automatic)
