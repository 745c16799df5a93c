"""The transcripts of many recordings as one archive: in which formats, and whether with times, is asked first."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from transcripts.exports import FORMATS, content_disposition
from transcripts.exports.archive import archive
from transcripts.exports.forms import choice_of, times_field
from transcripts.exports.options import ExportOptions
from transcripts.models import Recording
from transcripts.services.defaults import export_options_of
from transcripts.views.answers import show

FIRST = ("txt", "docx")
"""What is ticked at first: to paste, and to work with."""
AT_ONCE = 20
"""So many recordings are read at once."""


class BulkExportForm(forms.Form):
    formats = forms.MultipleChoiceField(
        label="Formats",
        choices=[(each.name, f"{each.label} (.{each.extension})") for each in FORMATS.values()],
        initial=FIRST,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one format."},
    )
    times = times_field()


def ask_formats(request: HttpRequest, ids: Sequence[UUID], form: BulkExportForm | None = None) -> HttpResponse:
    """Ask in which formats the recordings of these ids shall be exported."""
    assert isinstance(request.user, User)
    usual = {"times": choice_of(export_options_of(request.user).times)}
    context = {"form": form or BulkExportForm(initial=usual), "ids": " ".join(pk.hex for pk in ids), "count": len(ids)}
    return show(request, "bulk_export", context, status=422 if form else 200)


def send_archive(request: HttpRequest, ids: Sequence[UUID]) -> HttpResponseBase:
    """Send the archive while it is written."""
    form = BulkExportForm(request.POST)
    if not form.is_valid():
        return ask_formats(request, ids, form)
    found = Recording.objects.visible_to(request.user).filter(pk__in=ids).select_related("shown_job__labelling")
    recordings = found.defer("peaks", "shown_job__plan").iterator(chunk_size=AT_ONCE)
    name = f"Transcripts {timezone.localtime():%Y-%m-%d %H.%M}.zip"
    return StreamingHttpResponse(
        archive(recordings, form.cleaned_data["formats"], options=ExportOptions(times=form.cleaned_data["times"])),
        content_type="application/zip",
        headers={"Content-Disposition": content_disposition(name), "Cache-Control": "private, no-store"},
    )
