"""What was changed in a text, by whom and when, and the way back to any point of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from transcripts.diffs import Run, differences
from transcripts.models import Edit, Job
from transcripts.services.corrections import shown
from transcripts.services.history import begins_without_speakers, is_going_on, origin, typed_in
from transcripts.views.access import visible_job
from transcripts.views.edited import page_of
from transcripts.views.places import Place, count_of_segments, places, times_of

EDITS_PER_PAGE = 50
MOST_TEXTS = 3
"""So many changed texts of an edit are shown."""
OF_ONE_PLACE = (
    Edit.Kind.CORRECT,
    Edit.Kind.SPLIT,
    Edit.Kind.JOIN,
    Edit.Kind.DELETE,
    Edit.Kind.INSERT,
    Edit.Kind.SUGGESTION,
)
SHOWN = (*OF_ONE_PLACE, Edit.Kind.REPLACE, Edit.Kind.RULES)
"""Kinds whose texts are shown. The others change who speaks, or much at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An edit as a person reads it. `more` is how many further texts it changed; `text` what a segment had before it.

    `saves` are those that it stands for, the newest first, where somebody typed in one segment; `edit` is the newest of them.
    `place` is the segment that it was about, as far as that is there; `times` tells how those of it changed, and `segments` how
    many there were, where no text is shown and there is no such place.
    """

    edit: Edit
    title: str
    texts: tuple[tuple[Run, ...], ...]
    more: int = 0
    text: str | None = None
    saves: tuple["Entry", ...] = ()
    place: Place | None = None
    times: str = ""
    segments: int = 0


class _Titles:
    """What the edits of a text did, in a word or two each. Costs one query."""

    def __init__(self, job: Job) -> None:
        rows = list(job.edits.values_list("pk", "undoes_id", "kind"))
        self._undoes = {pk: undoes for pk, undoes, _kind in rows}
        self._kinds = {pk: Edit.Kind(kind) for pk, _undoes, kind in rows}

    def of(self, edit: Edit) -> str:
        kind, is_done = self.kind_of(edit), origin(edit.pk, self._undoes)[1]
        if edit.undoes_id is None:
            return str(kind.label)
        return "Redone" if is_done else f"Undone: {kind.label.lower()}"

    def kind_of(self, edit: Edit) -> Edit.Kind:
        """Return what kind of change an edit is, takes back or does again."""
        return self._kinds[origin(edit.pk, self._undoes)[0]]


@require_safe
def index(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show what was changed, the newest first."""
    job = visible_job(request, job_id)
    page = Paginator(_edits(job), EDITS_PER_PAGE).get_page(request.GET.get("page"))
    entries = _gathered(_placed(job, _entries(job, page)))
    context = {"job": job, "page": page, "entries": entries, "page_url": page_of(job)}
    context["loses_speakers"] = not page.has_next() and begins_without_speakers(job)
    return render(request, "transcripts/history.html", context)


def read_history(job: Job, segment_id: int) -> list[Entry]:
    """Return the newest edits that changed the text of a segment."""
    key = str(segment_id)
    edits = _edits(job).filter(Q(before__segments__has_key=key) | Q(after__segments__has_key=key))
    return _gathered([entry for entry in _entries(job, edits[:EDITS_PER_PAGE], segment_id) if entry.text is not None])


def _edits(job: Job) -> QuerySet[Edit]:
    return job.edits.select_related("author").order_by("-pk")


def _entries(job: Job, edits: Iterable[Edit], segment_id: int | None = None) -> list[Entry]:
    titles = _Titles(job)
    return [_entry(edit, titles.of(edit), titles.kind_of(edit), segment_id) for edit in edits]


def _placed(job: Job, entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield entries with where they took place. Costs a query."""
    found = places(job, [entry.edit for entry in entries])
    for entry in entries:
        place = found.get(entry.edit.pk)
        segments = 0 if place or entry.texts or entry.times else count_of_segments(entry.edit)
        yield replace(entry, place=place, segments=segments)


def _entry(edit: Edit, title: str, kind: Edit.Kind, segment_id: int | None) -> Entry:
    if segment_id is not None:
        before, after = (
            _text((state["segments"].get(str(segment_id)) or {}).get("text")) for state in (edit.before, edit.after)
        )
        return Entry(edit, title, (tuple(differences(before or "", after or "")),), text=before)
    if kind == Edit.Kind.RETIME:
        return Entry(edit, title, (), times=times_of(edit))
    if kind == Edit.Kind.HEARD:
        return Entry(edit, title, ((Run("same", "", _heard(edit)),),))
    if kind not in SHOWN:
        return Entry(edit, title, ())
    pairs = _pairs(edit, kind)
    return Entry(
        edit, title, tuple(tuple(differences(*pair)) for pair in pairs[:MOST_TEXTS]), max(0, len(pairs) - MOST_TEXTS)
    )


def _gathered(newest_first: Iterable[Entry]) -> list[Entry]:
    """Return entries with those as one that were saved while somebody typed in one segment."""
    groups: list[list[Entry]] = []
    for entry in newest_first:
        if groups and is_going_on(groups[-1][-1].edit, entry.edit):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return [group[0] if len(group) == 1 else _as_one(group) for group in groups]


def _as_one(saves: Sequence[Entry]) -> Entry:
    newest, oldest = saves[0], saves[-1]
    segment = typed_in(newest.edit)
    texts = [shown(edit[segment]["text"]) for edit in (oldest.edit.before["segments"], newest.edit.after["segments"])]
    return replace(newest, texts=(tuple(differences(*texts)),), text=oldest.text, saves=tuple(saves))


def _heard(edit: Edit) -> str:
    """Return the words that somebody found right, one after the other."""
    before, after = edit.before["segments"], edit.after["segments"]
    pairs = [pair for pk in after for pair in zip(before[pk]["words"], after[pk]["words"], strict=True)]
    return ", ".join(new[2].strip() for old, new in pairs if old != new)


def _text(text: str | None) -> str | None:
    return None if text is None else shown(text)


def _pairs(edit: Edit, kind: Edit.Kind) -> list[tuple[str, str]]:
    """Return the texts that an edit changed, before and after it."""
    before, after = edit.before["segments"], edit.after["segments"]
    if kind in OF_ONE_PLACE:
        pairs = [(_joined(before.values()), _joined(after.values()))]
    else:
        pairs = [((before[pk] or {}).get("text", ""), (after[pk] or {}).get("text", "")) for pk in before]
    found = [(shown(old), shown(new)) for old, new in pairs]
    return [pair for pair in found if any(pair)]


def _joined(rows: Iterable[dict[str, Any] | None]) -> str:
    """Return the texts of rows that stand together, the one first that was there before and after."""
    there = sorted(
        (row for row in rows if row and "text" in row), key=lambda row: ("piece" in row, row.get("start", 0.0))
    )
    return " ".join(row["text"] for row in there)
