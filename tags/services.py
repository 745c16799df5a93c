"""Changes that span several tags, or the recordings that bear them."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db import transaction

from tags.models import HUES, LONGEST_VOCABULARY, Tag
from tags.names import BadName, clean_name, key_of, unique

MOST_TAGS = 1000
"""How many tags one person can have: forms list all of them."""
TOO_MANY = f"You have {MOST_TAGS} tags, which is as many as there can be. Merge or delete some first."


@transaction.atomic
def tags_called(names: Iterable[str], *, owner: User) -> list[Tag]:
    """Return a person's tags of these names, in their order; those that do not exist yet are made. Raises BadName."""
    cleaned = unique(clean_name(name) for name in names)
    found = _by_key(cleaned, owner)
    if missing := [name for name in cleaned if key_of(name) not in found]:
        _make(missing, owner)
        found = _by_key(cleaned, owner)
    return [found[key_of(name)] for name in cleaned]


def _by_key(names: Iterable[str], owner: User) -> dict[str, Tag]:
    return {tag.key: tag for tag in Tag.objects.of(owner).named(names)}


def _make(names: Iterable[str], owner: User) -> None:
    """Make tags, each in the next colour. One that somebody makes at the same time is theirs."""
    count = Tag.objects.of(owner).count()
    made = [
        Tag(owner=owner, name=name, key=key_of(name), hue=(count + number) % HUES + 1)
        for number, name in enumerate(names)
    ]
    if count + len(made) > MOST_TAGS:
        raise BadName(TOO_MANY)
    Tag.objects.bulk_create(made, ignore_conflicts=True)


@transaction.atomic
def merge(tag: Tag, into: Tag) -> None:
    """Put a tag in the place of another one of the same person, which goes with what it carries."""
    if tag.pk == into.pk or tag.owner_id != into.owner_id:
        raise ValueError("Only two different tags of one person can be merged.")
    into.recordings.add(*tag.recordings.only("pk"))
    tag.delete()


def carried(tags: Sequence[Tag]) -> dict[str, str | bool]:
    """Return what tags fill in together, by the names of the form's fields: of each the first that one of them carries.

    Words to expect are those of all of them.
    """
    found: dict[str, str | bool] = {}
    for tag in tags:
        own = {"language": tag.language, "model": tag.model, "diarize": tag.diarize}
        found = {name: value for name, value in own.items() if value not in ("", None)} | found
    prompt = "\n".join(dict.fromkeys(tag.vocabulary for tag in tags if tag.vocabulary))
    return found | ({"prompt": prompt[:LONGEST_VOCABULARY]} if prompt else {})
