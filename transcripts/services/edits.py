"""What a person changes about who speaks, and how any change is taken back: each is one `Edit`, undone by another."""

from collections.abc import Collection, Iterable
from itertools import pairwise

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet

from transcripts.correcting import Span
from transcripts.models import Edit, Job, Segment, Speaker
from transcripts.services.corrections import cut_out
from transcripts.services.decided import decide_again
from transcripts.services.patches import Columns, EditRefused, Rows, State, carry_out, editing, read

__all__ = ["EditRefused", "assign", "merge", "rename", "restore", "undo"]

LONGEST_NAME = 100
JOINERS = "\u200c\u200d"
"""They show nothing themselves, but make Persian words and emoji of several people what they are."""

TOO_LONG = f"A name has {LONGEST_NAME} characters at most. Nothing was changed."
NAMED_TWICE = "Another speaker is called “{}”. If they are one person, merge the two."
STALE = "The text was changed since this page was opened, so nothing was changed now. Reload the page."
ITSELF = "A speaker cannot be merged with themselves."
TIMED = {"start", "end", "words"}
UNDONE = "This was undone already."
CHANGED_SINCE = (
    "What this changed was changed again later, so nothing was changed now. The history goes back to any point."
)


def rename(speaker: Speaker, name: str, *, author: User | None) -> Edit:
    """Call a speaker by a name everywhere; an empty one gives back the number. Raises EditRefused."""
    with editing(speaker.job_id) as job:
        wanted: State = {"speakers": {str(speaker.pk): {"name": _free_name(job, name, speaker)}}}
        return carry_out(job, wanted, kind=Edit.Kind.RENAME, author=author)


def merge(speaker: Speaker, into: Speaker, *, author: User | None) -> Edit:
    """Give all that one speaker says to another, who takes over the name where they have none. Raises EditRefused."""
    if speaker.pk == into.pk:
        raise EditRefused(ITSELF)
    with editing(speaker.job_id) as job:
        found = {row.pk: row for row in job.speakers.filter(pk__in=(speaker.pk, into.pk), merged_into=None)}
        if len(found) < 2:
            raise EditRefused(STALE)
        speakers: Rows = {str(speaker.pk): {"merged_into_id": into.pk}}
        if not found[into.pk].name:
            speakers[str(into.pk)] = {"name": found[speaker.pk].name}
        wanted: State = {"segments": _merged(job, speaker.pk, into.pk), "speakers": speakers}
        return carry_out(job, wanted, kind=Edit.Kind.MERGE, author=author)


def assign(
    job: Job,
    segment_ids: Collection[int],
    speaker: Speaker | None,
    *,
    author: User | None,
    name: str = "",
    words: Span | None = None,
) -> Edit:
    """Give segments to a speaker of the same job, or to a new one, called by `name`, where it is None. Raises EditRefused.

    With `words` only those are given that begin in this span, both ends included: the segments are cut there.
    """
    with editing(job.pk) as locked:
        rows = locked.segments.words().filter(pk__in=segment_ids)
        if not segment_ids or rows.count() < len(set(segment_ids)):
            raise EditRefused(STALE)
        if speaker is None:
            speaker = _new_speaker(locked, _free_name(locked, name))
        elif not locked.speakers.filter(pk=speaker.pk, merged_into=None).exists():
            raise EditRefused(STALE)
        segments, created = _given_words(locked, rows, words, speaker) if words else (_given_all(rows, speaker), [])
        return carry_out(locked, {"segments": segments}, kind=Edit.Kind.ASSIGN, author=author, created=created)


def undo(edit: Edit, *, author: User | None) -> Edit:
    """Put back what an edit changed; undoing that again does it once more. What was changed later elsewhere stays.

    Raises EditRefused where it was changed since, or where something else is said at that time now.
    """
    with editing(edit.job_id) as job:
        if Edit.objects.filter(undoes=edit).exists():
            raise EditRefused(UNDONE)
        if read(job, edit.after) != edit.after:
            raise EditRefused(CHANGED_SINCE)
        try:
            with transaction.atomic():
                undone = carry_out(job, edit.before, kind=Edit.Kind.UNDO, author=author, undoes=edit)
                if job.edits.filter(pk__gt=edit.pk).exclude(author=author).exists() and _overlaps(job, undone):
                    raise EditRefused(CHANGED_SINCE)
                decide_again(job)
                return undone
        except IntegrityError as err:  # Something else stands in the place of a segment that it took away.
            raise EditRefused(CHANGED_SINCE) from err


def _overlaps(job: Job, edit: Edit) -> bool:
    """Return whether words that an edit put in place overlap with those before or after them, or run backwards."""
    moved = {int(pk) for pk, row in edit.after["segments"].items() if row is not None and not TIMED.isdisjoint(row)}
    if not moved:
        return False
    order = list(job.segments.values_list("pk", flat=True))
    places = {place for place, pk in enumerate(order) if pk in moved}
    near = sorted({place + step for place in places for step in (-1, 0, 1)} & set(range(len(order))))
    rows = {row.pk: row for row in job.segments.filter(pk__in=[order[place] for place in near])}
    spans = {place: _spans(rows[order[place]]) for place in near}
    return any(
        one[1] > other[0]
        for place in near
        for one, other in pairwise(spans[place] + spans.get(place + 1, [])[:1])
        if not places.isdisjoint((place, place + 1))
    )


def _spans(row: Segment) -> list[tuple[float, float]]:
    """Return when each word of a segment begins and ends; the segment itself, where it has no words."""
    return [(word[0], word[1]) for word in row.words] or [(row.start, row.end)]


def restore(job: Job, point: int, *, author: User | None) -> Edit:
    """Put a text back into the state after an edit, given by its id; as it was transcribed for 0. Raises EditRefused."""
    with editing(job.pk) as locked:
        later = Edit.objects.filter(job=locked, pk__gt=point).order_by("-pk").values_list("before", flat=True)
        restored = carry_out(locked, composed(later), kind=Edit.Kind.RESTORE, author=author, point=point)
        decide_again(locked)
        return restored


def composed(newest_first: Iterable[State]) -> State:
    """Return the state that taking back some edits, one after the other, leads to."""
    found: State = {"segments": {}, "speakers": {}, "job": {}}
    for before in newest_first:
        found["job"] |= before["job"]
        for name in ("segments", "speakers"):
            rows = found[name]
            for pk, columns in before[name].items():
                rows[pk] = None if columns is None else (rows.get(pk) or {}) | columns
    return found


def _free_name(job: Job, name: str, speaker: Speaker | None = None) -> str:
    """Return a name without what cannot be shown. Raises EditRefused where it is too long, or another one's."""
    shown = "".join(letter if letter.isprintable() or letter in JOINERS else " " for letter in name)
    name = " ".join(shown.split()).strip(f"{JOINERS} ")
    if len(name) > LONGEST_NAME:
        raise EditRefused(TOO_LONG)
    others = [other for other in job.speakers.speaking() if other != speaker]
    if name and any(other.shown_name.casefold() == name.casefold() for other in others):
        raise EditRefused(NAMED_TWICE.format(name))
    return name


def _merged(job: Job, speaker: int, into: int) -> Rows:
    """Return the segments in which one speaker is heard, with another in their place."""
    return {
        str(pk): _given([into if who == speaker else who for who in also], into if owner == speaker else owner)
        for pk, owner, also in job.segments.values_list("pk", "speaker", "also")
        if owner == speaker or speaker in also
    }


def _given_all(rows: QuerySet[Segment], speaker: Speaker) -> Rows:
    return {str(pk): _given(also, speaker.pk) for pk, also in rows.values_list("pk", "also")}


def _given_words(job: Job, rows: QuerySet[Segment], words: Span, speaker: Speaker) -> tuple[Rows, list[Segment]]:
    others = rows.exclude(speaker=speaker).order_by("start", "piece", "index", "part")
    return cut_out(job, others, words, lambda row: _given(row.also, speaker.pk))


def _given(also: Iterable[int], speaker: int | None) -> Columns:
    """Return a segment's columns where this speaker has it; nobody talks at the same time as themselves, or twice."""
    return {"speaker_id": speaker, "also": [who for who in dict.fromkeys(also) if who != speaker]}


def _new_speaker(job: Job, name: str) -> Speaker:
    """Add a speaker whose number follows those of the labelling in use, and of whoever else says something."""
    known = job.speakers.filter(Q(labelling=None) | Q(labelling=job.labelling_id) | Q(pk__in=job.speakers.speaking()))
    last = known.aggregate(last=Max("number"))["last"] or 0
    return Speaker.objects.create(job=job, number=last + 1, name=name)
