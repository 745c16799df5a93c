"""The page that searches all transcripts."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from transcripts.search.finding import FoundRecording, Hit, Results, search
from transcripts.search_forms import SearchForm

FRAGMENT = "found"


@dataclass(frozen=True, slots=True)
class Row:
    """A recording as the page shows it: what was found in it, and where that is."""

    found: FoundRecording
    more_address: str

    @property
    def address(self) -> str:
        return _address(self.found)

    @property
    def hits(self) -> list[tuple[Hit, str]]:
        """Return the passages, each with the address that opens the recording there."""
        return [(hit, _address(self.found, hit)) for hit in self.found.hits]


def _address(found: FoundRecording, hit: Hit | None = None) -> str:
    """Return the address of a recording, at the word that was found. It plays when somebody asks for it."""
    query: dict[str, object] = {"version": found.version} if found.version else {}
    if hit is not None:
        marked = next((piece.text for piece in hit.pieces if piece.is_found), "")
        query |= {"t": f"{hit.seconds:.2f}", "find": marked}
    address = reverse("transcripts:detail", args=[found.recording.pk])
    return f"{address}?{urlencode(query)}" if query else address


@require_safe
@gzip_page
@vary_on_headers("HX-Request", "HX-Target")
def index(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = SearchForm(request.GET, user=request.user)
    is_valid = form.is_valid()
    results = Results([])
    if is_valid and not form.finds_nothing:
        results = search(request.user, form.wanted, form.filters, page=form.cleaned_data["page"] or 1)
    is_fragment = request.headers.get("HX-Target") == FRAGMENT
    template = "transcripts/_found.html" if is_fragment else "transcripts/search.html"
    context = _context(form, results) | {"is_fragment": is_fragment}
    return render(request, template, context, status=200 if is_valid else 422)


def _context(form: SearchForm, results: Results) -> dict[str, object]:
    is_valid = form.is_valid()
    return {
        "form": form,
        "is_asked": is_valid and bool(form.wanted),
        "is_unreadable": is_valid and not form.wanted and bool(form.cleaned_data["q"]),
        "only_excludes": is_valid and bool(form.wanted.excluded),
        "filters": form.count_set(),
        "within": is_valid and form.cleaned_data["recording"],
        "all_address": form.address(recording=None),
        "plain_address": form.address(**dict.fromkeys(name for name in form.fields if name != "q")),
        "known_address": form.address(tag=[str(tag.pk) for tag in form.chosen_tags]),
        "results": results,
        "rows": [Row(found, form.address(recording=found.recording.pk)) for found in results.found],
        "next": form.address(page=results.number + 1) if results.has_next else "",
        "previous": form.address(page=results.number - 1) if results.number > 1 else "",
    }
