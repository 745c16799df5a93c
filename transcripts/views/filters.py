"""Filters of the list that a person keeps by name."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from tags.models import Tag
from transcripts.filters import NarrowForm
from transcripts.models import SavedFilter
from transcripts.note_forms import SaveFilterForm
from transcripts.views.answers import done, show

MOST_FILTERS = 100
KEPT = "The filter “{}” is kept: it is under “Saved filters”."
TOO_MANY = f"You keep {MOST_FILTERS} filters, which is as many as there can be. Delete some first."


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def index(request: HttpRequest) -> HttpResponse:
    """Show the filters, and keep the one of the address: by a name that is taken, in place of the one that has it."""
    assert isinstance(request.user, User)
    query = _query(request)
    if request.method == "GET":
        return _show(request, query, SaveFilterForm())
    form = SaveFilterForm(request.POST)
    if form.is_valid() and _words(request, query):
        name, own = form.cleaned_data["name"], SavedFilter.objects.filter(owner=request.user)
        if own.count() >= MOST_FILTERS and not own.filter(name=name).exists():
            form.add_error("name", TOO_MANY)
        else:
            own.update_or_create(owner=request.user, name=name, defaults={"query": query})
            messages.success(request, KEPT.format(name))
            return done(request, address=reverse("transcripts:filters"))
    return _show(request, query, form)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
def delete(request: HttpRequest, filter_id: int) -> HttpResponse:
    get_object_or_404(SavedFilter, owner=request.user.pk, pk=filter_id).delete()
    return _answer(request, _query(request))


def _query(request: HttpRequest) -> str:
    """Return what the address narrows the list down to; empty for nothing, or where it makes no sense."""
    form = NarrowForm(request.GET, user=request.user)
    return urlencode(form.query()) if form.is_valid() else ""


def _answer(request: HttpRequest, query: str) -> HttpResponse:
    if "HX-Request" in request.headers:
        return _show(request, query, SaveFilterForm())
    return redirect("transcripts:filters")


def _show(request: HttpRequest, query: str, form: SaveFilterForm) -> HttpResponse:
    own = SavedFilter.objects.filter(owner=request.user.pk)
    known = {str(pk) for pk in Tag.objects.of(request.user).values_list("pk", flat=True)}
    context: dict[str, object] = {
        "saved": own,
        "broken": {saved.pk for saved in own if not known.issuperset(saved.tags)},
        "query": query,
        "words": _words(request, query),
        "form": form,
    }
    return show(request, "filters", context, status=422 if form.errors else 200)


def _words(request: HttpRequest, query: str) -> list[str]:
    """Return what a query narrows the list down to, in words; none where it cannot be kept."""
    form = NarrowForm(QueryDict(query), user=request.user)
    return form.words() if query and form.is_valid() and not form.gone_tags else []
