"""Tags for many recordings at once: which ones is asked first, then they are put on all, or taken off."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tags.forms import NamesForm
from tags.models import Tag
from tags.names import BadName
from tags.services import tags_called
from transcripts.models import Recording
from transcripts.views.answers import done, show


class BulkTagsForm(NamesForm):
    way = forms.ChoiceField(
        label="What to do", widget=forms.RadioSelect, choices=[("add", "Add"), ("remove", "Take off")], initial="add"
    )


def ask_tags(request: HttpRequest, ids: Sequence[UUID], form: BulkTagsForm | None = None) -> HttpResponse:
    """Ask which tags, for the recordings of these ids."""
    form, is_asked_again = form or BulkTagsForm(auto_id="bulk-%s"), form is not None
    form.fields["names"].widget.attrs["autofocus"] = True
    context = {
        "form": form,
        "ids": " ".join(pk.hex for pk in ids),
        "count": len(ids),
        "tags": Tag.objects.of(request.user).only("name"),
    }
    return show(request, "bulk_tags", context, status=422 if is_asked_again else 200)


def change_tags(request: HttpRequest, ids: Sequence[UUID]) -> HttpResponse:
    """Put tags on recordings or take them off, as a person asked."""
    form = BulkTagsForm(request.POST, auto_id="bulk-%s")
    assert isinstance(request.user, User)
    if not form.is_valid():
        return ask_tags(request, ids, form)
    is_added = form.cleaned_data["way"] == "add"
    try:
        tags = _tags(form.cleaned_data["names"], request.user, is_added=is_added)
    except BadName as err:
        form.add_error("names", str(err))
        return ask_tags(request, ids, form)
    recordings = list(Recording.objects.visible_to(request.user).filter(pk__in=ids).only("pk"))
    _change(tags, recordings, is_added=is_added)
    messages.success(request, _sentence(tags, len(recordings), is_added=is_added))
    return done(request, address=reverse("transcripts:list"))


def _tags(names: Collection[str], owner: User, *, is_added: bool) -> list[Tag]:
    return tags_called(names, owner=owner) if is_added else list(Tag.objects.of(owner).named(names))


def _change(tags: Sequence[Tag], recordings: Sequence[Recording], *, is_added: bool) -> None:
    for tag in tags:
        change = tag.recordings.add if is_added else tag.recordings.remove
        change(*recordings)


def _sentence(tags: Sequence[Tag], count: int, *, is_added: bool) -> str:
    names = ", ".join(f"“{tag.name}”" for tag in tags)
    what = "1 recording" if count == 1 else f"{count} recordings"
    if not names:
        return "There is no such tag: nothing was changed."
    return f"{names} added to {what}." if is_added else f"{names} taken off {what}."
