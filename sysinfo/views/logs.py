"""The log, for staff."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sysinfo.forms import LogForm
from sysinfo.logs import reading
from transcripts.views.system import staff_only


@require_safe
@staff_only
def logs(request: HttpRequest) -> HttpResponse:
    """Show a log file, the one written last where none is asked for."""
    files = reading.files()
    form = LogForm(request.GET.dict(), files=files)
    if not files:
        return render(request, "sysinfo/logs.html", {"file": None})
    if not form.is_valid() or (file := reading.find(form.cleaned_data["file"])) is None:
        raise Http404
    stretch = reading.read(file, level=form.cleaned_data["level"], before=form.cleaned_data["before"])
    context = {"form": form, "file": file, "level": form.cleaned_data["level"], "stretch": stretch}
    return render(request, "sysinfo/logs.html", context)


@require_safe
@staff_only
def log(request: HttpRequest) -> HttpResponse:
    """Return a log file as it is."""
    file = reading.find(request.GET.get("file", ""))
    if file is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(file.path.read_bytes(), content_type="text/plain; charset=utf-8", headers=headers)
