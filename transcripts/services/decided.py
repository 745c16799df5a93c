"""What became of suggestions for a text: put away, or in it as its edits left it."""

from bisect import bisect_left, bisect_right
from uuid import UUID

from transcripts.models import Edit, Job


def put_away(job: Job) -> None:
    """Note that a person does not want a suggestion. It can be looked at again, and accepted then.

    Changes nothing where it is in the text, or not there yet.
    """
    over = Job.objects.filter(pk=job.pk, kind=Job.Kind.STRETCH, state__in=(Job.State.COMPLETED, Job.State.FAILED))
    over.exclude(suggestion=Job.Suggestion.ACCEPTED).update(suggestion=Job.Suggestion.REFUSED)


def decide_again(source: Job) -> None:
    """Note of each suggestion for a text whether it is in it now: an edit was undone, or an earlier state restored.

    One that is put away stays so while it is not. Call it in a transaction that holds the source's row.
    """
    once = source.retries.filter(kind=Job.Kind.STRETCH).exclude(accepted_as=None)
    if not once.exists():
        return
    there = _in_text(source)
    once.filter(pk__in=there).update(suggestion=Job.Suggestion.ACCEPTED)
    once.accepted().exclude(pk__in=there).update(suggestion=Job.Suggestion.OPEN)


def _in_text(source: Job) -> set[UUID]:
    """Return the jobs whose suggestions a text has, as its edits put them there and took them away one after the other."""
    edits = list(Edit.objects.filter(job=source).order_by("pk").values_list("pk", "undoes_id", "point", "accepts_id"))
    pks = [pk for pk, *_ in edits]
    then: list[frozenset[int]] = [frozenset()]
    """The acceptances in effect: at first, and after each edit."""
    for pk, undoes, point, accepts in edits:
        now = then[-1]
        if accepts is not None:
            now |= {pk}
        elif point is not None:
            now = then[bisect_right(pks, point)]
        elif undoes is not None:
            at = bisect_left(pks, undoes)
            now = now - (then[at + 1] - then[at]) | (then[at] - then[at + 1])
        then.append(now)
    return {accepts for pk, _, _, accepts in edits if accepts is not None and pk in then[-1]}
