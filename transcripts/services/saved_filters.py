"""What becomes of the filters that a person keeps when a tag that they name goes."""

from django.db import transaction
from django.db.models import QuerySet

from tags.models import Tag
from tags.services import merge
from transcripts.models import SavedFilter


def filters_with(tag: Tag) -> list[SavedFilter]:
    """Return the filters that name a tag, by their names. One query."""
    return _with(tag, SavedFilter.objects.filter(owner=tag.owner_id))


@transaction.atomic
def merge_tags(tag: Tag, into: Tag) -> list[SavedFilter]:
    """Put a tag in the place of another one of the same person, in their filters too; return those that follow.

    The other one goes.
    """
    found = _with(tag, SavedFilter.objects.select_for_update().filter(owner=tag.owner_id))
    for saved in found:
        saved.replace_tag(str(tag.pk), str(into.pk))
        saved.save(update_fields=["query"])
    merge(tag, into)
    return found


def _with(tag: Tag, own: QuerySet[SavedFilter]) -> list[SavedFilter]:
    return [saved for saved in own if str(tag.pk) in saved.tags]
