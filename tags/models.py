"""Words that a person puts on recordings, to find them again."""

from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from tags.names import LONGEST_NAME, key_of

HUES = 8
"""So many colours there are: those of the speakers."""
LONGEST_VOCABULARY = 4000
"""In characters: as long as what may be said to expect in one transcription."""


class TagQuerySet(models.QuerySet["Tag"]):
    def of(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return a person's own tags: nobody sees those of others, not even staff."""
        return self.filter(owner=user) if isinstance(user, User) else self.none()

    def named(self, names: Iterable[str]) -> Self:
        """Return those that are called so, whatever the capitals."""
        return self.filter(key__in=[key_of(name) for name in names])


class Tag(models.Model):
    """A tag of one person. `key` is what makes its name unique among theirs; it follows the name.

    A tag may carry how to transcribe what is uploaded with it: empty and None say nothing of that.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=LONGEST_NAME)
    key = models.CharField(max_length=3 * LONGEST_NAME, editable=False)
    hue = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(HUES)])
    """Which of the colours, counted from 1."""

    language = models.CharField(max_length=8, blank=True)
    model = models.CharField(max_length=100, blank=True)
    """ENGINE/MODEL."""
    vocabulary = models.TextField(blank=True, max_length=LONGEST_VOCABULARY)
    diarize = models.BooleanField(null=True, blank=True)

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="tag_name_of_owner")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = key_of(self.name)
        super().save(*args, **kwargs)

    @property
    def has_defaults(self) -> bool:
        return bool(self.language or self.model or self.vocabulary or self.diarize is not None)
