"""A person's tags: the page of all of them, and those of one recording in place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from registry.resolver import available
from speech.languages import LANGUAGES
from tags.forms import MergeForm, NamesForm, TagForm
from tags.models import Tag, TagQuerySet
from tags.names import BadName
from tags.services import tags_called
from transcripts.models import Recording, SavedFilter
from transcripts.offers import model_choices
from transcripts.services.saved_filters import filters_with, merge_tags
from transcripts.views.access import visible_recording
from transcripts.views.answers import Question, ask, calm, show
from transcripts.views.beside import TAG_FIELDS

FINDS_NOTHING = "The saved {} uses it, and finds nothing by it any more."
FIND_NOTHING = "The saved {} use it, and find nothing by it any more."
STAYS = "Recordings that bear it stay as they are otherwise. This cannot be undone."


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag with what it fills in, in words."""

    tag: Tag
    carried: str


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Show a person's tags, and make new ones."""
    assert isinstance(request.user, User)
    form = NamesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        own = Tag.objects.filter(owner=request.user)
        before = own.count()
        try:
            tags = tags_called(form.cleaned_data["names"], owner=request.user)
            if own.count() == before:
                messages.info(request, f"You have {' and '.join(f'“{tag.name}”' for tag in tags)} already.")
            return redirect("transcripts:tags")
        except BadName as err:
            form.add_error("names", str(err))
    return _page(request, form)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def edit(request: HttpRequest, tag_id: int) -> HttpResponse:
    """Rename a tag, give it another colour, and say what it carries."""
    tag = _own(request, tag_id)
    name = tag.name
    form = TagForm(request.POST or None, instance=tag, languages=_languages(), models=_models(request))
    if request.method == "GET" or not (form.is_valid() and form.save_once()):
        context = {"form": form, "name": name, "tag": tag}
        return show(request, "tag", context, status=200 if request.method == "GET" else 422)
    messages.success(request, f"“{tag.name}” is saved.")
    return _to_tags(request)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def delete(request: HttpRequest, tag_id: int) -> HttpResponse:
    tag = _own(request, tag_id)
    if request.method == "GET":
        return ask(request, _question(tag))
    tag.delete()
    messages.success(request, f"The tag “{tag.name}” is deleted.")
    return _to_tags(request)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def merge_tag(request: HttpRequest, tag_id: int) -> HttpResponse:
    """Put another tag in the place of one."""
    tag = _own(request, tag_id)
    form = MergeForm(request.POST or None, tag=tag)
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        context = {"form": form, "tag": tag, "filters": _named(filters_with(tag))}
        return show(request, "merge_tag", context, status=status)
    into = form.cleaned_data["into"]
    filters = _named(merge_tags(tag, into))
    also = f", also in the saved {filters}" if filters else ""
    messages.success(request, f"“{tag.name}” is part of “{into.name}” now{also}.")
    return _to_tags(request)


@require_POST
@calm
def add(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Put tags on a recording; those that do not exist yet are made."""
    recording, form = visible_recording(request, recording_id), NamesForm(request.POST, auto_id=TAG_FIELDS)
    assert isinstance(request.user, User)
    if form.is_valid():
        try:
            recording.tags.add(*tags_called(form.cleaned_data["names"], owner=request.user))
            form = NamesForm(auto_id=TAG_FIELDS)
        except BadName as err:
            form.add_error("names", str(err))
    return _worn(request, recording, form)


@require_POST
@calm
def remove(request: HttpRequest, recording_id: UUID, tag_id: int) -> HttpResponse:
    """Take a tag off a recording. One that is off already stays so."""
    recording = visible_recording(request, recording_id)
    recording.tags.remove(*Tag.objects.of(request.user).filter(pk=tag_id))
    return _worn(request, recording, NamesForm(auto_id=TAG_FIELDS))


def _worn(request: HttpRequest, recording: Recording, form: NamesForm) -> HttpResponse:
    """Answer a change of a recording's tags: in place, or by its page; by a page of its own where something is wrong."""
    is_fragment = "HX-Request" in request.headers
    if not is_fragment and not form.errors:
        return redirect("transcripts:detail", recording.pk)
    form.fields["names"].widget.attrs["autofocus"] = True  # What was pressed may be gone.
    context = {
        "recording": recording,
        "tags": Tag.objects.of(request.user).filter(recordings=recording),
        "tag_form": form,
    }
    template = "transcripts/_tags.html" if is_fragment else "transcripts/recording_tags.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """Return the names of a person's tags, for a field that completes them."""
    return render(request, "transcripts/_tag_names.html", {"tags": Tag.objects.of(request.user).only("name")})


def _to_tags(request: HttpRequest) -> HttpResponse:
    """Lead to all tags, also out of a dialog."""
    address = reverse("transcripts:tags")
    return HttpResponseClientRedirect(address) if "HX-Request" in request.headers else redirect(address)


def _page(request: HttpRequest, form: NamesForm) -> HttpResponse:
    context = {"rows": [TagRow(tag, ", ".join(_carried(tag))) for tag in _counted(request)], "form": form}
    return render(request, "transcripts/tags.html", context, status=422 if form.errors else 200)


def _counted(request: HttpRequest) -> TagQuerySet:
    """Return a person's tags, each with `count`: how many recordings bear it; None for none."""
    worn: QuerySet[Any, Any] = Recording.tags.through.objects.filter(tag=OuterRef("pk")).order_by().values("tag")
    return Tag.objects.of(request.user).annotate(count=Subquery(worn.annotate(count=Count("pk")).values("count")))


def _carried(tag: Tag) -> Iterator[str]:
    """Yield in words what a tag fills in."""
    if tag.language:
        yield LANGUAGES.get(tag.language, tag.language)
    if tag.model:
        yield tag.model.partition("/")[2]
    if tag.diarize is not None:
        yield "speakers" if tag.diarize else "no speakers"
    if tag.vocabulary:
        yield "words to expect"


def _own(request: HttpRequest, tag_id: int) -> Tag:
    """Return a tag, or raise Http404 where it is not this person's."""
    return get_object_or_404(Tag.objects.of(request.user), pk=tag_id)


def _named(filters: Sequence[SavedFilter]) -> str:
    """Return filters by their names; nothing where there are none."""
    names = get_text_list([f"“{saved.name}”" for saved in filters], "and")
    return names and f"{'filter' if len(filters) == 1 else 'filters'} {names}"


def _question(tag: Tag) -> Question:
    filters = filters_with(tag)
    breaks = FINDS_NOTHING if len(filters) == 1 else FIND_NOTHING
    return Question(
        title=f"Delete the tag “{tag.name}”?",
        sentences=(STAYS, *([breaks.format(_named(filters))] if filters else [])),
        action=reverse("transcripts:delete-tag", args=[tag.pk]),
        button="Delete the tag",
        keep=reverse("transcripts:tags"),
    )


def _languages() -> list[tuple[str, str]]:
    return sorted(LANGUAGES.items(), key=lambda item: item[1])


def _models(request: HttpRequest) -> list[tuple[str, object]]:
    assert isinstance(request.user, User)
    return model_choices([model for model in available(by_staff=request.user.is_staff) if model.available])
