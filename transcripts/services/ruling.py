"""Apply replacement rules to what was recognised: as an edit, so that the text as it was recognised can be had again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import F, Q

from transcripts.models import Edit, Job, Rule, Segment
from transcripts.rules import Rules
from transcripts.services.corrections import LONGEST_TEXT, corrected, shown
from transcripts.services.patches import Columns, carry_out


@dataclass(frozen=True, slots=True)
class Worked:
    """What rules make of a text: the columns of the segments that they change, by their ids, and the `texts` of all as they were."""

    texts: Mapping[int, str]
    segments: Mapping[str, Columns]


def work_out(job: Job, *, pieces: Collection[int] | None = None) -> Worked:
    """Return what the rules of a job's owner and of the installation make of its text. Writes nothing, and takes its time."""
    rules = rules_of(job.owner_id)
    rows = _rows(job, pieces) if rules else []
    segments: dict[str, Columns] = {}
    for row in rows:
        text = shown(row.text)
        new = shown(rules.apply(text)) if rules else text
        if new != text and 0 < len(new) <= LONGEST_TEXT:  # No rule takes a segment away.
            segments[str(row.pk)] = corrected(row, new)
    return Worked({row.pk: row.text for row in rows}, segments)


def apply_rules(job: Job, *, pieces: Collection[int] | None = None, ahead: Worked | None = None) -> Edit | None:
    """Apply the rules of a job's owner and of the installation, once; None where they change nothing.

    To some pieces only, where these were recognised later. Call it in a transaction that holds the job's row. `ahead` is what
    `work_out` made of the same a moment ago: without it, or where the text is another one now, the transaction takes longer.
    """
    if pieces is None and job.edits.filter(kind=Edit.Kind.RULES).exists():
        return None
    worked = ahead if ahead and _is_still(job, ahead) else work_out(job, pieces=pieces)
    if not worked.segments:
        return None
    return carry_out(job, {"segments": dict(worked.segments)}, kind=Edit.Kind.RULES, author=None)


def _is_still(job: Job, ahead: Worked) -> bool:
    """Return whether the text is as it was when this was worked out; nobody asks where nothing comes of it."""
    return not ahead.segments or dict(job.segments.words().values_list("pk", "text")) == ahead.texts


def rules_of(owner: User | int) -> Rules | None:
    """Return the rules for a person's jobs, their own before those of the installation; None where there are none."""
    found = Rule.objects.filter(Q(owner=owner) | Q(owner=None)).order_by(F("owner").asc(nulls_last=True), "pk")
    rules = list(found)
    return Rules(rules) if rules else None


def _rows(job: Job, pieces: Collection[int] | None) -> list[Segment]:
    words = job.segments.words()
    return list(words if pieces is None else words.filter(piece__in=pieces))
