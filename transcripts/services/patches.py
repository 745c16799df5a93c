"""States of a transcript's rows, as `Edit` keeps them: read, put in place of what there is, and noted."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Model

from transcripts.models import Edit, Job, Segment, Speaker
from transcripts.search import index

Columns = dict[str, Any]
Rows = dict[str, Columns | None]
"""Columns by the id of their row; None in their place where there is no such row."""
State = dict[str, Any]
"""`segments` and `speakers` are Rows, `job` is Columns. What is not named stays as it is."""

ROWS_AT_ONCE = 500
"""A statement of SQLite takes some thousand values."""
CONTENT = tuple(field.attname for field in Segment._meta.concrete_fields if field.attname not in ("id", "job_id"))
"""All that makes up a segment's row."""
PLACE = {"piece", "index", "part"}
ASIDE = 1_000_000_000
"""Added to the part of a segment that is about to move: nothing stands there."""

NOT_OVER = "The transcription is not over yet. Change the text and its speakers when it is."
NOTHING = "It is like this already, so nothing was changed."


class Of(TypedDict, total=False):
    """What an edit has to do with others, see `Edit`."""

    undoes: Edit
    point: int
    accepts: Job


class EditRefused(ValueError):
    """A transcript cannot be changed like this. The message is a sentence for the person; nothing was changed."""


@contextmanager
def editing(job_id: UUID) -> Iterator[Job]:
    """Hold the row of a job that is over, in a transaction. Raises EditRefused while a worker may write to it."""
    with transaction.atomic():
        job = Job.objects.select_for_update().defer("plan").get(pk=job_id)
        if not job.is_over:
            raise EditRefused(NOT_OVER)
        yield job


def carry_out(
    job: Job,
    wanted: State,
    *,
    kind: Edit.Kind,
    author: User | None,
    created: Sequence[Segment] = (),
    **of: Unpack[Of],
) -> Edit:
    """Put a job's rows in a state, add the segments that are `created`, and note what changed. Raises EditRefused for nothing.

    Call it in a transaction that holds the job's row.
    """
    before, after = _differences(read(job, wanted), wanted)
    if not any(after.values()) and not created:
        raise EditRefused(NOTHING)
    _put(job, after)
    for row in Segment.objects.bulk_create(created):
        before["segments"][str(row.pk)] = None
        after["segments"][str(row.pk)] = {name: getattr(row, name) for name in CONTENT}
    _have_found(job, after)
    return Edit.objects.create(job=job, author=author, kind=kind, before=before, after=after, **of)


def _have_found(job: Job, state: State) -> None:
    """Have the search find what a state put in place: texts, and who says them."""
    rows = {int(pk): row for pk, row in state["segments"].items() if row is not None}
    index.refresh(job, [pk for pk, row in rows.items() if "text" in row])
    given = {row["speaker_id"] for row in rows.values() if "speaker_id" in row and "text" not in row}
    renamed = {int(pk) for pk, row in state["speakers"].items() if row is not None and "name" in row}
    if given or renamed:
        index.attribute(job, given | renamed)


def read(job: Job, like: State) -> State:
    """Return the rows and columns that a state names, as they are now."""
    found: State = {"segments": {}, "speakers": {}, "job": {}}
    for name, rows in (("segments", job.segments.all()), ("speakers", job.speakers.all())):
        asked: Rows = like.get(name, {})
        columns = CONTENT if None in asked.values() else sorted(set(chain.from_iterable(filter(None, asked.values()))))
        there = {
            str(row.pop("pk")): row for ids in _some(asked) for row in rows.filter(pk__in=ids).values("pk", *columns)
        }
        found[name] = {pk: _only(there.get(pk), asked[pk]) for pk in asked}
    found["job"] = {name: getattr(job, name) for name in like.get("job", {})}
    return found


def _only(row: Columns | None, asked: Columns | None) -> Columns | None:
    """Return those columns of a row that were asked for: all of them where its absence was."""
    return row if row is None or asked is None else {name: row[name] for name in asked}


def _differences(before: State, after: State) -> tuple[State, State]:
    """Return both states without what is the same in them."""
    old: State = {"job": {}}
    new: State = {"job": {name: value for name, value in after.get("job", {}).items() if value != before["job"][name]}}
    old["job"] = {name: before["job"][name] for name in new["job"]}
    for name in ("segments", "speakers"):
        changed = {pk for pk, row in after.get(name, {}).items() if row != before[name][pk]}
        old[name] = {pk: _changed(before[name][pk], after[name][pk]) for pk in changed}
        new[name] = {pk: _changed(after[name][pk], before[name][pk]) for pk in changed}
    return old, new


def _changed(row: Columns | None, other: Columns | None) -> Columns | None:
    if row is None or other is None:
        return row
    return {name: value for name, value in row.items() if value != other[name]}


def _put(job: Job, state: State) -> None:
    """Put rows in a state. What goes or moves makes room first: no two segments stand in the same place."""
    segments: Rows = state["segments"]
    there = {pk for pks in _some(segments) for pk in _present(job, pks)}
    gone = [pk for pk, row in segments.items() if row is None]
    for pks in _some(gone):
        job.segments.filter(pk__in=pks).delete()
    moved = {pk: row for pk, row in segments.items() if row and pk in there and not PLACE.isdisjoint(row)}
    _move(job, moved, ASIDE)
    _update(Segment, {pk: row for pk, row in segments.items() if row is not None and pk in there})
    _move(job, [pk for pk, row in moved.items() if "part" not in row], -ASIDE)
    new = [Segment(pk=int(pk), job=job, **row) for pk, row in segments.items() if row is not None and pk not in there]
    Segment.objects.bulk_create(new)
    _update(Speaker, state["speakers"])
    if state["job"]:
        Job.objects.filter(pk=job.pk).update(**state["job"])
        for name, value in state["job"].items():
            setattr(job, name, value)


def _move(job: Job, pks: Iterable[str], parts: int) -> None:
    for some in _some(pks):
        job.segments.filter(pk__in=some).update(part=F("part") + parts)


def _present(job: Job, pks: Iterable[str]) -> set[str]:
    return {str(pk) for pk in job.segments.filter(pk__in=pks).values_list("pk", flat=True)}


def _update(model: type[Model], rows: Rows) -> None:
    """Write columns of rows: those that get the same values in one statement."""
    alike: dict[str, list[str]] = defaultdict(list)
    for pk, columns in rows.items():
        alike[json.dumps(columns, sort_keys=True)].append(pk)
    for columns_json, pks in alike.items():
        for some in _some(pks):
            model._default_manager.filter(pk__in=some).update(**json.loads(columns_json))


def _some(pks: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(pks)
    while found := list(islice(rest, ROWS_AT_ONCE)):
        yield found
